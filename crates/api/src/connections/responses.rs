//! How many requests of a connection are answered, shared between its stream and the middleware.

use std::{
    cell::Cell,
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// Most requests of a connection that are sent and not answered. Beyond that nothing more is read: while the
/// HTTP library holds more than it can parse, it asks for the processor without a pause.
const BACKLOG_MAX: u64 = 8;

/// Counts the answers of one connection. The stream and the middleware of its requests share it; both run on
/// the same worker thread.
#[derive(Default, Clone)]
pub(crate) struct ResponseCounter(Rc<CounterState>);

#[derive(Default)]
struct CounterState {
    answered: Cell<u64>,
    reader: Cell<Option<Waker>>,
}

impl ResponseCounter {
    /// Counts a request that is answered, or dropped without an answer.
    pub(crate) fn count_response(&self) {
        self.0.answered.set(self.0.answered.get() + 1);
        if let Some(reader) = self.0.reader.take() {
            reader.wake();
        }
    }

    /// Ready when more may be read from a connection that has sent this number of requests.
    pub(super) fn poll_room(&self, sent: u64, context: &mut Context<'_>) -> Poll<()> {
        if sent.saturating_sub(self.0.answered.get()) < BACKLOG_MAX {
            return Poll::Ready(());
        }
        // One waker is enough: only the connection's own task reads, and each poll replaces the waker before.
        self.0.reader.set(Some(context.waker().clone()));
        Poll::Pending
    }
}

/// Counts the answer when it is dropped, so that a request which is cancelled or panics counts too.
pub(crate) struct ResponseGuard(pub(crate) ResponseCounter);

impl Drop for ResponseGuard {
    fn drop(&mut self) {
        self.0.count_response();
    }
}
