//! A bounded set of connections, and a bounded queue of work that waits for one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ports::PortError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use super::server::Origin;
use super::{STATEMENT_TIMEOUT_MS, ServedConn, Servers, WorkKind};

/// The limits of one pool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Most connections at a time; each serves one piece of work.
    pub(crate) connections: usize,
    /// Most pieces of work that wait for a connection; the next one is refused at once.
    pub(crate) waiting: usize,
    /// The longest time that a piece of work waits for a connection.
    pub(crate) wait: Duration,
}

/// Connections to one database. They are opened when first needed, and go to the work that has waited
/// longest.
pub(crate) struct Pool {
    servers: Servers,
    wait: Duration,
    waiting: Semaphore,
    permits: Arc<Semaphore>,
    /// How many permits there are.
    connections: usize,
    /// With the kind of work that each was used for. Used as a stack: what was used last is used next, so that surplus
    /// connections stay idle and the server's `wait_timeout` closes them.
    idle: Mutex<Vec<(WorkKind, ServedConn)>>,
}

/// The right to one connection; dropping it lets the next work in.
pub(crate) struct Permit<'a> {
    pool: &'a Pool,
    permit: OwnedSemaphorePermit,
    /// The server of the connection that it was last used for; none before the first one.
    origin: Option<Origin>,
}

impl Pool {
    pub(crate) fn new(servers: Servers, limits: Limits) -> Self {
        Self {
            servers,
            wait: limits.wait,
            waiting: Semaphore::new(limits.waiting),
            permits: Arc::new(Semaphore::new(limits.connections)),
            connections: limits.connections,
            idle: Mutex::new(Vec::with_capacity(limits.connections)),
        }
    }

    /// How many more connections and how many more waiting pieces of work it takes, in this order of
    /// importance.
    pub(super) fn available_capacity(&self) -> (usize, usize) {
        (self.permits.available_permits(), self.waiting.available_permits())
    }

    /// How many connections work uses now, and how many there may be.
    pub(super) fn connections_in_use(&self) -> (usize, usize) {
        (self.connections.saturating_sub(self.permits.available_permits()), self.connections)
    }

    /// Closes the connections that no work uses at present.
    pub(super) fn close_idle(&self) {
        // Poisoned locks are used as they are: each critical section is one call on the vector, which
        // cannot leave it half changed. The lock is never held across an await.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn take_idle(&self, kind: WorkKind) -> Option<ServedConn> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have found out that their server hangs or only reads.
        idle.retain(|(_, conn)| !conn.origin.is_left());
        let place = idle.iter().rposition(|(used_for, _)| *used_for == kind);
        let taken = match place {
            Some(place) => Some(idle.remove(place)),
            None => idle.pop(),
        };
        taken.map(|(_, conn)| conn)
    }

    /// Opens a connection and keeps it for the first piece of work.
    pub(crate) async fn check_connection(&self) -> Result<(), PortError> {
        let mut place = self.acquire_permit().await?;
        let conn = place.open_connection().await?;
        place.return_connection(WorkKind::Query, conn);
        Ok(())
    }

    /// Waits for the right to a connection, at most [`Limits::wait`].
    pub(super) async fn acquire_permit(&self) -> Result<Permit<'_>, PortError> {
        let places = Arc::clone(&self.permits);
        if let Ok(permit) = Arc::clone(&places).try_acquire_owned() {
            return Ok(Permit { pool: self, permit, origin: None });
        }
        // The queue is bounded as well: work that cannot be served within its time must be refused at once,
        // not after it has waited. The first permit is tried without the queue, so that a calm pool never
        // counts anything as waiting.
        let waiting = self.waiting.try_acquire();
        let _waiting =
            waiting.map_err(|_| PortError::unavailable("too much waits for a connection to MySQL"))?;
        let permit = timeout(self.wait, places.acquire_owned()).await;
        let permit = permit
            .map_err(|_| PortError::unavailable("no connection to MySQL became free in time"))?
            .map_err(PortError::unavailable)?;
        Ok(Permit { pool: self, permit, origin: None })
    }
}

impl Permit<'_> {
    /// Takes an idle connection, which may be dead by now, or opens one. One that was used for the same kind of work comes
    /// first: it has prepared most statements of that kind.
    pub(super) async fn take_or_open(&mut self, kind: WorkKind) -> Result<ServedConn, PortError> {
        let idle = self.pool.take_idle(kind);
        // No test query first: it would cost every work a round trip. A dead connection shows at `BEGIN`
        // and is replaced.
        match idle {
            Some(conn) => {
                self.origin = Some(conn.origin.clone());
                Ok(conn)
            }
            None => self.open_connection().await,
        }
    }

    /// Opens a new connection, whether or not idle ones are left.
    pub(super) async fn open_connection(&mut self) -> Result<ServedConn, PortError> {
        // Until the new one is there, no connection is in use whose silence would be its server's.
        self.origin = None;
        let conn = self.pool.servers.open_connection().await.map_err(PortError::unavailable)?;
        self.origin = Some(conn.origin.clone());
        Ok(conn)
    }

    /// Leaves the server of the connection in use.
    pub(super) fn leave_server(&self, reason: &'static str) {
        if let Some(origin) = &self.origin {
            self.pool.servers.leave_server(origin, reason);
        }
    }

    /// Gives the permit up while a statement may still run on its connection. The permit stays taken until
    /// the server has ended that statement, so that the server never has more of them than there are
    /// connections.
    #[expect(clippy::disallowed_methods, reason = "it ends within a named limit, and nothing waits for it")]
    pub(super) fn release_after_timeout(self) {
        let permit = self.permit;
        drop(tokio::spawn(async move {
            sleep(Duration::from_millis(STATEMENT_TIMEOUT_MS.into())).await;
            drop(permit);
        }));
    }

    /// Returns a connection for the next work. No transaction may be open on it and no statement under way;
    /// a connection of which that is not known is dropped instead, and the server rolls back.
    pub(super) fn return_connection(&self, kind: WorkKind, conn: ServedConn) {
        self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push((kind, conn));
    }
}
