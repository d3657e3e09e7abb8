//! Runs the calls of a connection on the thread that makes them.

use std::error::Error;
use std::pin::Pin;

use diesel_async::sync_connection_wrapper::SpawnBlocking;

/// Runs each call of a connection at once on the current thread, instead of sending it to another one.
///
/// A [`Pool`](super::Pool) has moved the whole piece of work to a thread that may block. So a transaction
/// changes threads once and not with every statement, and cannot be cancelled between two of them.
pub(crate) struct InlineExecutor;

/// The future that the wrapper expects of a call; here it is always ready.
type CallFuture<'a, R> = Pin<Box<dyn Future<Output = Result<R, Box<dyn Error + Send + Sync>>> + Send + 'a>>;

impl SpawnBlocking for InlineExecutor {
    fn spawn_blocking<'a, R: Send + 'static>(
        &mut self,
        task: impl FnOnce() -> R + Send + 'static,
    ) -> CallFuture<'a, R> {
        Box::pin(std::future::ready(Ok(task())))
    }

    fn get_runtime() -> Self {
        Self
    }
}
