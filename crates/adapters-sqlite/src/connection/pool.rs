//! A bounded set of connections, and a bounded queue of work that waits for one.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diesel::{ConnectionResult, QueryResult};
use ports::PortError;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::attempt::{is_idle, run_attempt};
use super::{Conn, open_with_retry};
use crate::dialect::is_contention;
use crate::sql::fault::classify_error;
use crate::sql::work::{Ending, Work, WorkKind, erase_types};

/// Most attempts at work while another process holds the lock. Each waits for
/// [`BUSY_TIMEOUT_MS`](super::BUSY_TIMEOUT_MS).
const ATTEMPTS_MAX: u32 = 3;

/// The purpose of a pool's connections.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Access {
    Write,
    Read,
}

/// The limits of one pool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The number of connections; each serves one piece of work at a time.
    pub(crate) connections: usize,
    /// Most pieces of work that wait for a connection; the next one is refused at once.
    pub(crate) waiting: usize,
    /// The longest time that a piece of work waits for a connection.
    pub(crate) wait: Duration,
}

/// Connections for one purpose. They go to the work that has waited longest. All are opened at the start,
/// so that work never fails because file descriptors have run out; one that is lost is opened again when it
/// is needed.
pub(crate) struct Pool {
    path: PathBuf,
    access: Access,
    wait: Duration,
    waiting: Semaphore,
    permits: Arc<Semaphore>,
    /// How many permits there are.
    connections: usize,
    idle: Mutex<Vec<Conn>>,
}

impl Pool {
    /// Opens all connections, so that a file that cannot be opened is reported at the start.
    ///
    /// # Errors
    /// When one cannot be opened.
    pub(crate) fn open(path: PathBuf, access: Access, limits: Limits) -> ConnectionResult<Self> {
        let connect = |_| open_with_retry(&path, access).map(Conn::new);
        let idle = (0..limits.connections).map(connect).collect::<ConnectionResult<Vec<_>>>()?;
        Ok(Self {
            path,
            access,
            wait: limits.wait,
            waiting: Semaphore::new(limits.waiting),
            permits: Arc::new(Semaphore::new(limits.connections)),
            connections: limits.connections,
            idle: Mutex::new(idle),
        })
    }

    /// How many connections work uses now, and how many there are.
    pub(crate) fn connections_in_use(&self) -> (usize, usize) {
        (self.connections.saturating_sub(self.permits.available_permits()), self.connections)
    }

    /// Runs one query, without a transaction around it.
    pub(crate) async fn run_query<T: Send + 'static>(
        self: &Arc<Self>,
        query: impl AsyncFn(&mut Conn) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, PortError> {
        self.run_read(WorkKind::Query, query).await
    }

    /// Runs several queries in one transaction, so that they see the same state of the database.
    pub(crate) async fn run_snapshot<T: Send + 'static>(
        self: &Arc<Self>,
        queries: impl AsyncFn(&mut Conn) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, PortError> {
        self.run_read(WorkKind::Snapshot, queries).await
    }

    async fn run_read<T: Send + 'static>(
        self: &Arc<Self>,
        kind: WorkKind,
        queries: impl AsyncFn(&mut Conn) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, PortError> {
        // A read has no guard that could refuse, so it runs like a commit with an impossible refusal.
        let all = async move |conn: &mut Conn| queries(conn).await.map(Ok::<T, Infallible>);
        let (work, outcome) = erase_types(all);
        self.run_work(kind, work).await?;
        outcome.take().map(|Ok(read)| read)
    }

    /// Runs `work` in one transaction that writes.
    pub(crate) async fn run_commit<T: Send + 'static, R: Send + 'static>(
        self: &Arc<Self>,
        work: impl AsyncFn(&mut Conn) -> QueryResult<Result<T, R>> + Send + 'static,
    ) -> Result<Result<T, R>, PortError> {
        let (work, outcome) = erase_types(work);
        self.run_work(WorkKind::Commit, work).await?;
        outcome.take()
    }

    /// Waits for a connection, and runs `work` with it on a thread that may block.
    ///
    /// Once begun, the work runs to its end, even if the caller is dropped. After a panic, or with a
    /// transaction still open, the connection is closed, which rolls back.
    async fn run_work(self: &Arc<Self>, kind: WorkKind, work: Box<dyn Work>) -> Result<(), PortError> {
        let place = self.acquire_permit().await?;
        let lane = Arc::clone(self);
        // A blocking task cannot be aborted once it runs. That is wanted: a commit must not end between two
        // statements because a client hangs up.
        let piece = tokio::task::spawn_blocking(move || {
            // Taken out of the pool for the time of the work. If the work panics, the connection is dropped
            // with the stack, which rolls back, and it never returns to the pool.
            let mut conn = lane.take_connection().map_err(PortError::unavailable)?;
            let (outcome, idle) = Handle::current().block_on(async {
                let outcome = run_when_free(&mut conn, kind, &*work).await;
                (outcome, is_idle(&mut conn).await)
            });
            if idle {
                lane.idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
            } else {
                tracing::warn!(
                    access = ?lane.access,
                    "closing a connection to SQLite that could not be rolled back, a new one will be opened"
                );
            }
            // After the connection is back, so that the next work finds it and opens no further one.
            drop(place);
            outcome.map(|_| ()).map_err(classify_error)
        });
        piece.await.map_err(PortError::bug)?
    }

    async fn acquire_permit(&self) -> Result<OwnedSemaphorePermit, PortError> {
        let places = Arc::clone(&self.permits);
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            return Ok(place);
        }
        // The queue is bounded as well: work that cannot be served in time must be refused at once, not
        // after its wait.
        let waiting = self.waiting.try_acquire();
        let _waiting =
            waiting.map_err(|_| PortError::unavailable("too much waits for a connection to SQLite"))?;
        let place = tokio::time::timeout(self.wait, places.acquire_owned()).await;
        place
            .map_err(|_| PortError::unavailable("no connection to SQLite became free in time"))?
            .map_err(PortError::unavailable)
    }

    fn take_connection(&self) -> ConnectionResult<Conn> {
        // The lock covers one call on a vector and is never held across an await, so a poisoned one is safe
        // to use.
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| open_with_retry(&self.path, self.access).map(Conn::new), Ok)
    }
}

/// Does the work, and repeats it while another process holds the lock. The attempt before has been rolled back.
async fn run_when_free(conn: &mut Conn, kind: WorkKind, work: &dyn Work) -> QueryResult<Ending> {
    let mut attempts = 1;
    loop {
        match run_attempt(conn, kind, work).await {
            // No pause: SQLite has waited in the statement already. A connection that still has a
            // transaction open is not used for another attempt, as `BEGIN` would fail on it.
            Err(error) if attempts < ATTEMPTS_MAX && is_contention(&error) && is_idle(conn).await => {
                attempts += 1
            }
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests;
