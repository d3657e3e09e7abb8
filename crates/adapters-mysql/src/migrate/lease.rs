//! One process at a time migrates a database: the one that holds a row.
//!
//! ```text
//! INSERT the row            of two processes, at whatever servers, one gets it: its key is unique and certified
//!   each transaction        changes the row, with the holder as the guard: a process that lost it commits nothing
//!   every few seconds       changes the row, on a connection of its own, while a long statement runs
//! DELETE the row
//! ```
//!
//! A process that dies leaves its row, and one that waits takes it once it has not changed for a while. No clock of a
//! server is compared: the waiting process measures that time itself. A named lock (`GET_LOCK`) only shortens that
//! wait. It is local to one server and not everywhere allowed, so nothing is decided by it alone.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error};
use tokio::time::sleep;

use super::{BoxError, CONNECT_TIMEOUT, MigrationRefusal, Work, express};
use crate::connection::{Servers, counts_as_one_server};
use crate::dialect::{Failure, find_failure};
use crate::stopwatch::start_stopwatch;

/// The table of the lease. Its only row exists while a process migrates.
pub(super) const CREATE_LEASE_TABLE: &str = "CREATE TABLE IF NOT EXISTS __idem_migration_lease (
    id BIGINT NOT NULL PRIMARY KEY,
    holder VARCHAR(64) NOT NULL,
    origin VARCHAR(600) NOT NULL,
    beats BIGINT NOT NULL
) ENGINE = InnoDB";
/// The SQL for the named lock's name. Named locks belong to the whole server, so it is made of the database's name,
/// hashed to stay within 64 characters.
const LOCK_NAME: &str = "CONCAT('idem.', LEFT(SHA2(DATABASE(), 256), 32))";
/// What names one server among those that a waiting process may be connected to.
const ORIGIN: &str = "SELECT LEFT(CONCAT_WS(' ', @@hostname, @@port, @@datadir), 600)";

/// Most attempts at one transaction that loses against others, and at a migration.
pub(super) const ATTEMPTS_MAX: u32 = 8;
/// The pause after a transaction that lost.
pub(super) const PAUSE: Duration = Duration::from_millis(100);
/// The error of a key that is there already.
const DUPLICATE: u16 = 1062;

/// The periods of a lease.
#[derive(Debug, Clone, Copy)]
pub(super) struct LeasePeriods {
    /// How long the row of a holder stays unchanged before another process takes it.
    pub(super) takeover_after: Duration,
    /// The time between two changes of the row while work runs. Several fit into `takeover_after`.
    pub(super) heartbeat: Duration,
    /// How long to wait for another process that migrates.
    pub(super) wait: Duration,
    /// The time between two reads of the row of another process.
    pub(super) poll_interval: Duration,
}

/// The right to migrate the database, as long as nothing else has taken the row.
pub(super) struct Lease {
    holder: String,
    periods: LeasePeriods,
}

/// The row of a holder.
#[derive(Debug, Clone, PartialEq, Eq)]
struct LeaseRow {
    holder: String,
    origin: String,
    beats: i64,
}

impl Lease {
    /// Waits until this process has the row.
    pub(super) async fn acquire(conn: &mut Conn, periods: LeasePeriods) -> Result<Self, BoxError> {
        // Only if it is missing: in a cluster a change of the schema ends the transactions of others on the table.
        if express::list_columns(conn, "__idem_migration_lease").await?.is_empty() {
            conn.query_drop(CREATE_LEASE_TABLE).await?;
        }
        let lease = Self { holder: random_name(), periods };
        let server = if counts_as_one_server(conn).await? { conn.query_first(ORIGIN).await? } else { None };
        let server: String = server.unwrap_or_default();
        let began = start_stopwatch();
        let (mut seen, mut seen_at) = (None, began);
        while began.elapsed() < periods.wait {
            // The lock before the row. A holder that names this server has the lock as long as its connection is open, so
            // with the lock the row of a dead holder is recognised.
            let locked = !server.is_empty() && take_named_lock(conn).await;
            let origin = if locked { server.as_str() } else { "" };
            if lease.insert_row(conn, origin).await? {
                return Ok(lease);
            }
            let Some(row) = read_row(conn).await? else { continue };
            let is_silent = seen.as_ref() == Some(&row) && seen_at.elapsed() >= periods.takeover_after;
            let is_closed = locked && row.origin == server;
            if (is_silent || is_closed) && lease.replace_row(conn, &row, origin).await? {
                return Ok(lease);
            }
            if seen.as_ref() != Some(&row) {
                (seen, seen_at) = (Some(row), start_stopwatch());
            }
            sleep(periods.poll_interval).await;
        }
        Err(MigrationRefusal::Busy(periods.wait.as_secs()).into())
    }

    /// Runs `work` in a transaction that commits only if this process still has the row. It is repeated from its
    /// beginning if it loses against another transaction.
    pub(super) async fn transact(&self, conn: &mut Conn, work: &Work<'_>) -> Result<(), BoxError> {
        let mut attempts = 1;
        loop {
            match self.transact_once(conn, work).await {
                Err(error) if attempts < ATTEMPTS_MAX && is_contention(&*error) => {
                    attempts += 1;
                    sleep(PAUSE).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn transact_once(&self, conn: &mut Conn, work: &Work<'_>) -> Result<(), BoxError> {
        conn.query_drop("BEGIN").await?;
        let mut outcome = work.run(conn).await;
        if outcome.is_ok() {
            // Last, so that the row is locked for a moment only: heartbeats go on while the work lasts.
            outcome = self.heartbeat(conn).await;
        }
        match outcome {
            Ok(()) => Ok(conn.query_drop("COMMIT").await?),
            Err(error) => {
                // May be dropped: without an answer the connection is gone, which rolls back as well.
                let _ = conn.query_drop("ROLLBACK").await;
                Err(error)
            }
        }
    }

    /// Changes the row; an error if another process has it.
    pub(super) async fn heartbeat(&self, conn: &mut Conn) -> Result<(), BoxError> {
        let update = "UPDATE __idem_migration_lease SET beats = beats + 1 WHERE id = 1 AND holder = ?";
        conn.exec_drop(update, (&self.holder,)).await?;
        if conn.affected_rows() == 1 { Ok(()) } else { Err(MigrationRefusal::LeaseLost.into()) }
    }

    /// Changes the row every few seconds, on a connection of its own. It ends only when another process has the row.
    pub(super) async fn keep(&self, servers: &Servers) -> BoxError {
        let mut conn = None;
        loop {
            sleep(self.periods.heartbeat).await;
            let mut open = match conn.take() {
                Some(open) => open,
                // Tried again at the next heartbeat. If that lasts, another process takes the row, and each transaction
                // notices.
                None => match servers.connect(CONNECT_TIMEOUT).await {
                    Ok(open) => open,
                    Err(_) => continue,
                },
            };
            match self.heartbeat(&mut open).await {
                Ok(()) => conn = Some(open),
                Err(error) if error.is::<MigrationRefusal>() => return error,
                // A lock that is not free, or a connection that is dead: the next heartbeat has another one.
                Err(_) => {}
            }
        }
    }

    /// Deletes the row, so that the next process does not wait.
    pub(super) async fn release(self, conn: &mut Conn) {
        let delete = "DELETE FROM __idem_migration_lease WHERE id = 1 AND holder = ?";
        // Both may be dropped: a row that stays is taken after a while, and the lock ends with the connection.
        let _ = conn.exec_drop(delete, (&self.holder,)).await;
        let _ = conn.query_drop(format!("SELECT RELEASE_LOCK({LOCK_NAME})")).await;
    }

    /// Whether the row was inserted; false if there is one.
    async fn insert_row(&self, conn: &mut Conn, origin: &str) -> Result<bool, BoxError> {
        let insert = "INSERT INTO __idem_migration_lease (id, holder, origin, beats) VALUES (1, ?, ?, 0)";
        is_done(conn.exec_drop(insert, (&self.holder, origin)).await)
    }

    /// Whether the row of another holder was taken, exactly as it was seen.
    async fn replace_row(&self, conn: &mut Conn, seen: &LeaseRow, origin: &str) -> Result<bool, BoxError> {
        let update = "UPDATE __idem_migration_lease SET holder = ?, origin = ?, beats = beats + 1
            WHERE id = 1 AND holder = ? AND beats = ?";
        let values = (&self.holder, origin, &seen.holder, seen.beats);
        Ok(is_done(conn.exec_drop(update, values).await)? && conn.affected_rows() == 1)
    }
}

/// False if another process was faster.
fn is_done(outcome: Result<(), Error>) -> Result<bool, BoxError> {
    match outcome {
        Ok(()) => Ok(true),
        Err(error) if is_duplicate(&error) || is_contention(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn read_row(conn: &mut Conn) -> Result<Option<LeaseRow>, BoxError> {
    let query = "SELECT holder, origin, beats FROM __idem_migration_lease WHERE id = 1";
    let row: Option<(String, String, i64)> = conn.query_first(query).await?;
    Ok(row.map(|(holder, origin, beats)| LeaseRow { holder, origin, beats }))
}

/// Whether this connection has the named lock. A server that refuses named locks is one without.
async fn take_named_lock(conn: &mut Conn) -> bool {
    let asked = format!("SELECT COALESCE(GET_LOCK({LOCK_NAME}, 0), 0)");
    matches!(conn.query_first::<i64, _>(asked).await, Ok(Some(1)))
}

/// Whether the error is that of a statement which lost against another server or a lock, and is rolled back.
pub(super) fn is_contention(error: &(dyn std::error::Error + 'static)) -> bool {
    let Some(Error::Server(error)) = error.downcast_ref() else { return false };
    matches!(find_failure(error.code, &error.message), Some(Failure::Conflict | Failure::LockTimeout))
}

fn is_duplicate(error: &Error) -> bool {
    matches!(error, Error::Server(it) if it.code == DUPLICATE)
}

/// A name that no other holder has. The keys of a `HashMap` are random enough for that.
fn random_name() -> String {
    let number = || RandomState::new().hash_one(0_u8);
    format!("{:016x}{:016x}", number(), number())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::tests::ground;

    const SHORT: LeasePeriods = LeasePeriods {
        takeover_after: Duration::from_millis(300),
        heartbeat: Duration::from_millis(50),
        wait: Duration::from_secs(60),
        poll_interval: Duration::from_millis(10),
    };

    /// The lease of a process at another server, where no named lock of this one counts.
    async fn hold_elsewhere(conn: &mut Conn) -> Lease {
        let lease = Lease::acquire(conn, SHORT).await.unwrap();
        conn.query_drop("UPDATE __idem_migration_lease SET origin = 'elsewhere'").await.unwrap();
        conn.query_drop(format!("SELECT RELEASE_LOCK({LOCK_NAME})")).await.unwrap();
        lease
    }

    #[tokio::test]
    async fn a_lease_whose_holder_is_silent_is_taken_and_then_commits_nothing() {
        let url = ground::database("lease");
        let (mut first, mut second) = (ground::connect(&url).await, ground::connect(&url).await);
        let dead = hold_elsewhere(&mut first).await;
        first.query_drop("CREATE TABLE work (id INT PRIMARY KEY)").await.unwrap();
        let taken = Lease::acquire(&mut second, SHORT).await.unwrap();
        let write = Work::Statement("INSERT INTO work VALUES (1)");
        let late = dead.transact(&mut first, &write).await.unwrap_err();
        assert!(matches!(late.downcast_ref(), Some(MigrationRefusal::LeaseLost)), "{late}");
        assert_eq!(second.query_first::<i64, _>("SELECT COUNT(*) FROM work").await.unwrap(), Some(0));
        taken.transact(&mut second, &write).await.unwrap();
        assert_eq!(second.query_first::<i64, _>("SELECT COUNT(*) FROM work").await.unwrap(), Some(1));
        // The late one must not end the lease of its successor.
        dead.release(&mut first).await;
        taken.heartbeat(&mut second).await.unwrap();
    }

    #[tokio::test]
    async fn a_lease_whose_holder_works_for_long_is_not_taken() {
        let url = ground::database("lease");
        let servers = Servers::parse(&url, crate::Consistency::Strict).unwrap();
        let (mut first, mut second) = (ground::connect(&url).await, ground::connect(&url).await);
        let working = hold_elsewhere(&mut first).await;
        let waiting = Lease::acquire(&mut second, LeasePeriods { wait: SHORT.takeover_after * 4, ..SHORT });
        let refused = tokio::select! {
            refused = waiting => refused.err().unwrap(),
            lost = working.keep(&servers) => panic!("{lost}"),
        };
        assert!(matches!(refused.downcast_ref(), Some(MigrationRefusal::Busy(_))), "{refused}");
        working.release(&mut first).await;
        Lease::acquire(&mut second, SHORT).await.unwrap();
    }

    #[tokio::test]
    async fn a_connection_that_is_closed_gives_its_lease_up_at_once() {
        const NEVER: LeasePeriods = LeasePeriods { takeover_after: Duration::from_secs(3_600), ..SHORT };
        let url = ground::database("lease");
        let mut first = ground::connect(&url).await;
        Lease::acquire(&mut first, NEVER).await.unwrap();
        first.disconnect().await.unwrap();
        Lease::acquire(&mut ground::connect(&url).await, NEVER).await.unwrap();
    }
}
