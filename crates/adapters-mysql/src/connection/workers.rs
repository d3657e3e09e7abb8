//! The threads on which all connections to the server live.

use std::sync::Arc;

use ports::PortError;
use tokio_util::task::LocalPoolHandle;

use super::{Limits, Pool, Servers, WorkKind};
use crate::sql::work::{Ending, Work};

/// Threads that each have a pool of connections.
///
/// A connection is driven by the runtime of the thread that opened it. On the threads here it outlives the
/// thread that asked, for example one of the web server, and work of many round trips changes threads twice
/// rather than with every answer. The work is a separate task, so it runs to its end even if the caller is
/// dropped.
pub(crate) struct Workers {
    threads: LocalPoolHandle,
    pools: Vec<Arc<Pool>>,
}

impl Workers {
    /// Starts at least one thread, each with a pool of those limits.
    pub(crate) fn new(servers: &Servers, threads: usize, limits: Limits) -> Self {
        let threads = threads.max(1);
        Self {
            threads: LocalPoolHandle::new(threads),
            pools: (0..threads).map(|_| Arc::new(Pool::new(servers.clone(), limits))).collect(),
        }
    }

    /// How many connections work uses now, and how many there may be, on all threads.
    pub(crate) fn connections_in_use(&self) -> (usize, usize) {
        let each = self.pools.iter().map(|it| it.connections_in_use());
        each.fold((0, 0), |all, it| (all.0.saturating_add(it.0), all.1.saturating_add(it.1)))
    }

    /// Does `work` as [`Pool::run`] does, on one of the threads.
    pub(crate) async fn run_work(&self, kind: WorkKind, work: Box<dyn Work>) -> Result<Ending, PortError> {
        self.run(async move |pool| pool.run(kind, &*work).await).await
    }

    /// Does `work` on the thread with the most free connections, and with the shortest queue if there are
    /// none.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl AsyncFnOnce(&Pool) -> Result<T, PortError> + Send + 'static,
    ) -> Result<T, PortError> {
        let freest = self.pools.iter().enumerate().max_by_key(|(_, pool)| pool.available_capacity());
        let Some((thread, pool)) = freest else {
            return Err(PortError::unavailable("there is no thread for MySQL"));
        };
        let pool = Arc::clone(pool);
        // Pinned, and never moved to another thread: the pool's connections belong to this one. If the
        // caller is dropped while it waits, the task goes on, so a commit cannot stop halfway for that
        // reason.
        let piece = self.threads.spawn_pinned_by_idx(move || async move { work(&pool).await }, thread);
        piece.await.map_err(PortError::bug)?
    }
}
