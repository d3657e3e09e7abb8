//! A bounded set of connections, and the bounded queue before it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mysql_async::Opts;
use ports::PortError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use super::{Conn, STATEMENT_TIMEOUT_MS, open_connection};

/// How much a pool takes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Most connections, each with a piece of work.
    pub(crate) connections: usize,
    /// Most pieces of work that wait for one.
    pub(crate) waiting: usize,
    /// The longest that one waits.
    pub(crate) wait: Duration,
}

/// Connections to one database. They are opened when first needed and serve whoever has waited longest.
pub(crate) struct Pool {
    options: Opts,
    wait: Duration,
    waiting: Semaphore,
    permits: Arc<Semaphore>,
    /// What was used last is used next, so that those which are not needed fall silent.
    idle: Mutex<Vec<Conn>>,
}

/// The right to one connection.
pub(crate) struct Permit<'a> {
    pool: &'a Pool,
    permit: OwnedSemaphorePermit,
}

impl Pool {
    pub(crate) fn new(options: Opts, limits: Limits) -> Self {
        Self {
            options,
            wait: limits.wait,
            waiting: Semaphore::new(limits.waiting),
            permits: Arc::new(Semaphore::new(limits.connections)),
            idle: Mutex::new(Vec::with_capacity(limits.connections)),
        }
    }

    /// How much more it can take on: how many connections, and how many that wait.
    pub(super) fn available_capacity(&self) -> (usize, usize) {
        (self.permits.available_permits(), self.waiting.available_permits())
    }

    /// Closes the connections that nobody uses.
    pub(super) fn close_idle(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Opens the first connection.
    pub(crate) async fn check_connection(&self) -> Result<(), PortError> {
        let place = self.acquire_permit().await?;
        let conn = place.open_connection().await?;
        place.return_connection(conn);
        Ok(())
    }

    /// Waits for the right to a connection.
    pub(super) async fn acquire_permit(&self) -> Result<Permit<'_>, PortError> {
        let places = Arc::clone(&self.permits);
        if let Ok(permit) = Arc::clone(&places).try_acquire_owned() {
            return Ok(Permit { pool: self, permit });
        }
        let waiting = self.waiting.try_acquire();
        let _waiting =
            waiting.map_err(|_| PortError::unavailable("too much waits for a connection to MySQL"))?;
        let permit = timeout(self.wait, places.acquire_owned()).await;
        let permit = permit
            .map_err(|_| PortError::unavailable("no connection to MySQL became free in time"))?
            .map_err(PortError::unavailable)?;
        Ok(Permit { pool: self, permit })
    }
}

impl Permit<'_> {
    /// A connection that was used before and may be dead by now, or else a new one.
    pub(super) async fn take_or_open(&self) -> Result<Conn, PortError> {
        let idle = self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(conn) => Ok(conn),
            None => self.open_connection().await,
        }
    }

    /// A new connection.
    pub(super) async fn open_connection(&self) -> Result<Conn, PortError> {
        open_connection(&self.pool.options).await.map_err(PortError::unavailable)
    }

    /// Gives the place up while something may be under way on its connection: it stays taken until the server has ended
    /// that, so that the server never serves more than there are places.
    #[expect(clippy::disallowed_methods, reason = "it ends within a named limit, and nothing waits for it")]
    pub(super) fn release_after_timeout(self) {
        let permit = self.permit;
        drop(tokio::spawn(async move {
            sleep(Duration::from_millis(STATEMENT_TIMEOUT_MS.into())).await;
            drop(permit);
        }));
    }

    /// Leaves the connection to the next one. It must have nothing open and nothing under way: one of which that is
    /// not known is dropped instead, and the server rolls back.
    pub(super) fn return_connection(&self, conn: Conn) {
        self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
    }
}
