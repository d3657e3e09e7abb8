//! How many requests of a connection have been answered.

use std::{
    cell::Cell,
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// Requests of a connection that may have been sent and not answered. Beyond that the rest is not read: the HTTP library
/// keeps asking for the processor while it has more than it can hold.
const BACKLOG_MAX: u64 = 8;

/// Shared by a connection and the frame around its requests.
#[derive(Default, Clone)]
pub(crate) struct ResponseCounter(Rc<CounterState>);

#[derive(Default)]
struct CounterState {
    answered: Cell<u64>,
    reader: Cell<Option<Waker>>,
}

impl ResponseCounter {
    /// One more request is answered, or given up.
    pub(crate) fn count_response(&self) {
        self.0.answered.set(self.0.answered.get() + 1);
        if let Some(reader) = self.0.reader.take() {
            reader.wake();
        }
    }

    /// Ready when more may be read of a connection that has sent this number of requests.
    pub(super) fn poll_room(&self, sent: u64, context: &mut Context<'_>) -> Poll<()> {
        if sent.saturating_sub(self.0.answered.get()) < BACKLOG_MAX {
            return Poll::Ready(());
        }
        self.0.reader.set(Some(context.waker().clone()));
        Poll::Pending
    }
}

/// Notes the answer when it goes.
pub(crate) struct ResponseGuard(pub(crate) ResponseCounter);

impl Drop for ResponseGuard {
    fn drop(&mut self) {
        self.0.count_response();
    }
}
