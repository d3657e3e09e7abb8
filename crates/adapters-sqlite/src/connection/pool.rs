//! A bounded set of connections, and the bounded queue before it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diesel::{ConnectionResult, QueryResult};
use ports::PortError;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::transaction::{COMMIT, SNAPSHOT, is_idle, run_transaction};
use super::{Conn, open_with_retry};
use crate::dialect::is_busy;
use crate::sql::fault::classify_error;

/// Most attempts at something that another process keeps SQLite from doing.
const ATTEMPTS_MAX: u32 = 3;

/// What the connections of a lane are for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Access {
    Write,
    Read,
}

/// How much a lane takes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Most connections, each with a piece of work.
    pub(crate) connections: usize,
    /// Most pieces of work that wait for one.
    pub(crate) waiting: usize,
    /// The longest that one waits.
    pub(crate) wait: Duration,
}

/// Connections for one purpose. They serve what has waited longest. All are opened at the start and kept, so that work
/// needs no descriptor that may be lacking then; one that is lost is opened again when it is needed.
pub(crate) struct Pool {
    path: PathBuf,
    access: Access,
    wait: Duration,
    waiting: Semaphore,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Conn>>,
}

impl Pool {
    /// Opens all its connections.
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
            idle: Mutex::new(idle),
        })
    }

    /// Runs one query.
    pub(crate) async fn run_query<T: Send + 'static>(
        self: &Arc<Self>,
        query: impl AsyncFn(&mut Conn) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, PortError> {
        self.run(async move |conn: &mut Conn| retry_when_busy(conn, &query).await).await
    }

    /// Runs several queries in one transaction.
    pub(crate) async fn run_snapshot<T: Send + 'static>(
        self: &Arc<Self>,
        queries: impl AsyncFn(&mut Conn) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, PortError> {
        self.run(async move |conn: &mut Conn| {
            let all = async |conn: &mut Conn| queries(conn).await.map(Ok::<T, std::convert::Infallible>);
            let outcome =
                retry_when_busy(conn, &async |conn: &mut Conn| run_transaction(conn, SNAPSHOT, &all).await)
                    .await;
            outcome.map(|Ok(read)| read)
        })
        .await
    }

    /// Does `work` in one transaction that writes.
    pub(crate) async fn run_commit<T: Send + 'static, R: Send + 'static>(
        self: &Arc<Self>,
        work: impl AsyncFn(&mut Conn) -> QueryResult<Result<T, R>> + Send + 'static,
    ) -> Result<Result<T, R>, PortError> {
        self.run(async move |conn: &mut Conn| {
            retry_when_busy(conn, &async |conn: &mut Conn| run_transaction(conn, COMMIT, &work).await).await
        })
        .await
    }

    /// Waits for a connection, and lends it to `work` on a thread that may block.
    ///
    /// Once it has begun it runs to its end, also when nobody waits for that any more. After a panic, or with a
    /// transaction still open, the connection is closed, which rolls back.
    async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl AsyncFnOnce(&mut Conn) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, PortError> {
        let place = self.acquire_permit().await?;
        let lane = Arc::clone(self);
        let piece = tokio::task::spawn_blocking(move || {
            let mut conn = lane.take_connection().map_err(PortError::unavailable)?;
            let (outcome, idle) = Handle::current().block_on(async {
                let outcome = work(&mut conn).await;
                (outcome, is_idle(&mut conn).await)
            });
            if idle {
                lane.idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
            } else {
                tracing::warn!("a connection to SQLite was closed because it could not be rolled back");
            }
            drop(place);
            outcome.map_err(classify_error)
        });
        piece.await.map_err(PortError::bug)?
    }

    async fn acquire_permit(&self) -> Result<OwnedSemaphorePermit, PortError> {
        let places = Arc::clone(&self.permits);
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            return Ok(place);
        }
        let waiting = self.waiting.try_acquire();
        let _waiting =
            waiting.map_err(|_| PortError::unavailable("too much waits for a connection to SQLite"))?;
        let place = tokio::time::timeout(self.wait, places.acquire_owned()).await;
        place
            .map_err(|_| PortError::unavailable("no connection to SQLite became free in time"))?
            .map_err(PortError::unavailable)
    }

    fn take_connection(&self) -> ConnectionResult<Conn> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| open_with_retry(&self.path, self.access).map(Conn::new), Ok)
    }
}

/// Tries again while another process holds the lock. Whatever was begun has been rolled back by then.
async fn retry_when_busy<T>(
    conn: &mut Conn,
    work: &impl AsyncFn(&mut Conn) -> QueryResult<T>,
) -> QueryResult<T> {
    let mut attempts = 1;
    loop {
        match work(conn).await {
            Err(error) if attempts < ATTEMPTS_MAX && is_busy(&error) && is_idle(conn).await => attempts += 1,
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests;
