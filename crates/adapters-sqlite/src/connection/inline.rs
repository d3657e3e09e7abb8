//! Running SQLite's calls where they are made.

use std::error::Error;
use std::pin::Pin;

use diesel_async::sync_connection_wrapper::SpawnBlocking;

/// Runs each call of a connection at once, on the thread that makes it, instead of sending it to another one.
///
/// A [`Pool`](super::Pool) has moved the whole piece of work to a thread that may block, so a transaction costs one
/// change of thread and not one a statement, and cannot be interrupted between two of them.
pub(crate) struct InlineExecutor;

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
