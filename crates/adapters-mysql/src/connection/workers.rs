//! The threads that talk to the server.

use std::sync::Arc;

use mysql_async::Opts;
use ports::PortError;
use tokio_util::task::LocalPoolHandle;

use super::{Limits, Pool};

/// Threads, each with connections of its own.
///
/// A connection is served by the thread that opened it. Here it outlives the thread that asked, a web server's for
/// instance, and a piece of work of many round trips changes threads twice, not with every answer. It is a task of its
/// own besides: it runs to its end, whether or not anybody still waits for that.
pub(crate) struct Workers {
    threads: LocalPoolHandle,
    pools: Vec<Arc<Pool>>,
}

impl Workers {
    /// So many threads, at least one, each with a pool of those limits.
    pub(crate) fn new(options: &Opts, threads: usize, limits: Limits) -> Self {
        let threads = threads.max(1);
        Self {
            threads: LocalPoolHandle::new(threads),
            pools: (0..threads).map(|_| Arc::new(Pool::new(options.clone(), limits))).collect(),
        }
    }

    /// Does `work` on the thread that has most to spare.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl AsyncFnOnce(&Pool) -> Result<T, PortError> + Send + 'static,
    ) -> Result<T, PortError> {
        let freest = self.pools.iter().enumerate().max_by_key(|(_, pool)| pool.available_capacity());
        let Some((thread, pool)) = freest else {
            return Err(PortError::unavailable("there is no thread for MySQL"));
        };
        let pool = Arc::clone(pool);
        let piece = self.threads.spawn_pinned_by_idx(move || async move { work(&pool).await }, thread);
        piece.await.map_err(PortError::bug)?
    }
}
