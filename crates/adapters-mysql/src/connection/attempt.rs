//! Runs a piece of work on a connection, and repeats it where that is safe.
//!
//! | what happened | what is done |
//! | --- | --- |
//! | deadlock, lock wait or conflict with another server | rolled back, then repeated on the same connection after a pause |
//! | unique key violated at `COMMIT` | rolled back, then repeated: the key is checked again, and now by its own statement |
//! | server read-only or out of its group, before `COMMIT` | rolled back, repeated on a new connection, perhaps to another server |
//! | connection dead at `BEGIN` | repeated on a new connection, as nothing was done |
//! | connection silent at `BEGIN` | its server is left for another one, then the same |
//! | connection lost during a read | repeated on a new connection |
//! | connection lost during a commit | reported as unavailable: the commit may have happened |
//! | time is over | connection thrown away, its server left for another one, reported as unavailable |
//!
//! Only a client with an idempotency key can repeat a commit whose outcome is unknown, so it is never
//! repeated here.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::SimpleAsyncConnection;
use ports::{ErrorChain, PortError};
use tokio::time::{error::Elapsed, sleep, timeout};

use super::{Conn, Permit, Pool};
use crate::dialect::{Failure, read_failure};
use crate::sql::fault::classify_error;
use crate::sql::work::{Ending, Work, WorkKind};
use crate::stopwatch::start_stopwatch;

/// The longest that a piece of work takes in all: waiting, connecting, and every attempt. Slower work is
/// reported as unavailable, so that a server that hangs holds no request for longer.
const TIMEOUT: Duration = Duration::from_secs(4);
/// The longest wait for the answer to `BEGIN`, which is one round trip, while there may be a second connection. On that one it
/// may take all the time that is left: a Galera server answers once it has applied what others committed before.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(1);
/// How long work that loses against other units is repeated. An attempt that begins at its end may still wait for a
/// lock for a second, and then it ends with an answer and keeps its connection, rather than by [`TIMEOUT`].
const RETRY_PERIOD: Duration = Duration::from_secs(3);
/// Most connections that one piece of work is tried on. After a restart of the server all idle ones are
/// dead, and the second one is always new.
const CONNECTIONS_MAX: u32 = 2;
/// Half of the longest pause before the second attempt, in milliseconds; each further attempt doubles it.
const PAUSE_MS: u64 = 4;
/// How often the pause is doubled: the longest is 128 ms.
const DOUBLINGS_MAX: u32 = 5;

/// Why a server is left that gives no answer, for the log.
const SILENCE: &str = "does not answer in time";

impl WorkKind {
    /// The statement that begins the transaction, as one round trip; none for a single query.
    const fn begin_sql(self) -> Option<&'static str> {
        match self {
            Self::Query => None,
            // Not also `READ ONLY`: in the grammar of TiDB a transaction has one characteristic. The server needs no such
            // promise, because a transaction without a write costs the same, and repositories only read.
            Self::Snapshot => Some(
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION WITH CONSISTENT SNAPSHOT",
            ),
            Self::Commit => Some("BEGIN"),
        }
    }

    /// What ends its transaction when it succeeds; `None` without a transaction.
    const fn end_sql(self) -> Option<&'static str> {
        match self {
            Self::Query => None,
            // A read that writes by mistake changes nothing.
            Self::Snapshot => Some("ROLLBACK"),
            Self::Commit => Some("COMMIT"),
        }
    }
}

/// The state of a connection after an attempt, which decides who may use it next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ConnectionState {
    /// No transaction is open and nothing is under way: the next work may have it.
    Clean,
    /// `BEGIN` failed, so nothing was done on it. It may be dead and is not used again.
    Unused,
    /// `BEGIN` was not answered in time. Nothing else was done on it, and it is not used again.
    Silent,
    /// It cannot be rolled back. What was done on it is unknown, and the server ends it.
    Lost,
}

impl Pool {
    /// Does `work` within [`TIMEOUT`]. When the time is over, the connection is thrown away with whatever
    /// is open on it.
    ///
    /// The work is repeated from its beginning after contention, and on another connection when its own was
    /// dead before anything was done on it; a read also when the connection is lost later. A commit is not:
    /// its outcome is unknown.
    pub(crate) async fn run(&self, kind: WorkKind, work: &dyn Work) -> Result<Ending, PortError> {
        // Outside the future that the timeout drops, so that the permit outlives it: the server may still
        // be working on the statement that was given up.
        let mut place = None;
        let outcome = timeout(TIMEOUT, self.run_attempts(kind, work, &mut place)).await;
        outcome.unwrap_or_else(|silence| {
            if let Some(place) = place {
                place.leave_server(SILENCE);
                place.release_after_timeout();
            }
            // The server or the way to it is silent, so the idle connections are likely dead too. Each of
            // them would cost the next work a second before it gets a new one.
            self.close_idle();
            Err(PortError::unavailable(silence))
        })
    }

    async fn run_attempts<'a>(
        &'a self,
        kind: WorkKind,
        work: &dyn Work,
        place: &mut Option<Permit<'a>>,
    ) -> Result<Ending, PortError> {
        // Before the queue, which is part of the time that the work has: an attempt that begins late would be cut off by its
        // end, and that costs every idle connection.
        let began = start_stopwatch();
        let place = place.insert(self.acquire_permit().await?);
        let mut conn = place.take_or_open(kind).await?;
        let (mut attempts, mut connections) = (1, 1);
        loop {
            let begin_timeout = if connections < CONNECTIONS_MAX { BEGIN_TIMEOUT } else { TIMEOUT };
            let (outcome, left) = run_attempt(&mut conn.conn, (kind, begin_timeout), work).await;
            if let Err(failed) = &outcome {
                if failed.why == Failure::ServerUnavailable {
                    // The idle connections lead to the same server, where the next work would fail as well.
                    self.close_idle();
                    place.leave_server("takes no writes");
                }
                if left == ConnectionState::Silent {
                    place.leave_server(SILENCE);
                }
                if failed.is_contention() && left == ConnectionState::Clean && began.elapsed() < RETRY_PERIOD
                {
                    // The permit and the connection are kept during the pause. Giving them up would put the
                    // work at the end of the queue, with part of its time used.
                    sleep_before_retry(attempts).await;
                    attempts = attempts.saturating_add(1);
                    continue;
                }
                if connections < CONNECTIONS_MAX && failed.can_move(left, kind) {
                    tracing::debug!(
                        ?kind,
                        error = %ErrorChain(&failed.error),
                        "connection to MySQL cannot be used, trying another one"
                    );
                    conn = place.open_connection().await?;
                    connections += 1;
                    continue;
                }
            }
            if left == ConnectionState::Clean
                && outcome.as_ref().err().is_none_or(FailedAttempt::keeps_connection)
            {
                place.return_connection(kind, conn);
            }
            return outcome.map_err(|it| classify_error(it.error));
        }
    }
}

/// An attempt that ended with an error of the database.
struct FailedAttempt {
    error: Error,
    /// What the error says.
    why: Failure,
    /// Whether it was the answer to `COMMIT`.
    at_commit: bool,
}

impl FailedAttempt {
    /// Whether the work may be repeated on another connection without the risk of doing it twice.
    fn can_move(&self, left: ConnectionState, kind: WorkKind) -> bool {
        // A server that refuses a statement has done nothing, and the rollback is confirmed. Of one that leaves its
        // group at COMMIT it is not known whether the others have the transaction.
        let refused =
            self.why == Failure::ServerUnavailable && left == ConnectionState::Clean && !self.at_commit;
        refused || left.can_retry(kind)
    }

    /// Whether it lost against other work, so that the same work may succeed when it is repeated.
    fn is_contention(&self) -> bool {
        match self.why {
            Failure::Conflict | Failure::LockTimeout => true,
            Failure::StatementTimeout | Failure::ServerUnavailable | Failure::Other => false,
        }
    }

    /// Whether the next work may have the connection. An error of unknown cause may be the connection's, and one of a
    /// server that is away is; only errors that say nothing about it leave it in use.
    fn keeps_connection(&self) -> bool {
        match self.why {
            Failure::Conflict | Failure::LockTimeout | Failure::StatementTimeout => true,
            Failure::ServerUnavailable => false,
            Failure::Other => matches!(self.error, Error::DeserializationError(_)),
        }
    }
}

impl ConnectionState {
    /// Whether the work may be repeated on another connection without the risk of doing it twice.
    fn can_retry(self, kind: WorkKind) -> bool {
        match self {
            Self::Unused | Self::Silent => true,
            Self::Lost => kind != WorkKind::Commit,
            Self::Clean => false,
        }
    }
}

/// The error of a connection that does not answer in time.
fn timeout_error(silence: &Elapsed) -> Error {
    Error::DatabaseError(DatabaseErrorKind::ClosedConnection, Box::new(silence.to_string()))
}

/// Does `work` once. Unless it succeeds, everything is rolled back: a connection that confirms the rollback
/// is clean, and one that does not is lost.
async fn run_attempt(
    conn: &mut Conn,
    (kind, begin_timeout): (WorkKind, Duration),
    work: &dyn Work,
) -> (Result<Ending, FailedAttempt>, ConnectionState) {
    if let Some(begin) = kind.begin_sql() {
        let begun = timeout(begin_timeout, conn.batch_execute(begin)).await;
        // A server that is gone without closing its connections is silent. A new connection may reach its
        // successor, so silence here is treated like a dead connection.
        match begun {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                let why = read_failure(conn, &error).await;
                return (Err(FailedAttempt { error, why, at_commit: false }), ConnectionState::Unused);
            }
            Err(silence) => {
                let (error, why) = (timeout_error(&silence), Failure::Other);
                return (Err(FailedAttempt { error, why, at_commit: false }), ConnectionState::Silent);
            }
        }
    }
    let mut outcome = work.attempt(conn).await;
    let (end, has_succeeded) = (kind.end_sql(), matches!(outcome, Ok(Ending::Commit)));
    let at_commit = kind == WorkKind::Commit && has_succeeded;
    if let (Some(end), true) = (end, has_succeeded) {
        outcome = conn.batch_execute(end).await.and(outcome);
    }
    // Before the rollback, which ends what the server knows about the error.
    let outcome = match outcome {
        Ok(done) => Ok(done),
        Err(error) if at_commit && is_late_duplicate(&error) => {
            Err(FailedAttempt { why: Failure::Conflict, error: conflict_error(), at_commit })
        }
        Err(error) => Err(FailedAttempt { why: read_failure(conn, &error).await, error, at_commit }),
    };
    // `ROLLBACK` also after a single query that failed: its answer shows that the connection is in step
    // with the server. A commit that reports an error is rolled back too, which tells a refused commit from
    // a lost connection.
    let clean = matches!(outcome, Ok(Ending::Commit)) || conn.batch_execute("ROLLBACK").await.is_ok();
    (outcome, if clean { ConnectionState::Clean } else { ConnectionState::Lost })
}

/// Whether the server found at `COMMIT` that a unique key is taken. TiDB may check keys that late, and a group with several
/// primaries may, too; then no statement says which write has lost.
fn is_late_duplicate(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _))
}

/// Such an error as one that time helps against: the transaction is undone, and nothing is known to be wrong with it. The
/// server's own text names the key, which can be an address of a person.
fn conflict_error() -> Error {
    let text = "a unique key was found taken at COMMIT".to_owned();
    Error::DatabaseError(DatabaseErrorKind::SerializationFailure, Box::new(text))
}

/// Pauses before the next attempt, for up to twice as long each time, so that the units in the way can
/// finish.
async fn sleep_before_retry(attempts: u32) {
    // Random, so that two units that collided do not collide again at the same time. The keys of a
    // `HashMap` are random enough for that and need no further crate.
    let longest = PAUSE_MS << attempts.min(DOUBLINGS_MAX);
    let millis = RandomState::new().hash_one(attempts).checked_rem(longest).unwrap_or_default();
    sleep(Duration::from_millis(millis)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_begins_with_what_every_server_understands() {
        for kind in [WorkKind::Query, WorkKind::Snapshot, WorkKind::Commit] {
            let begin = kind.begin_sql().unwrap_or_default();
            // TiDB has no list of characteristics, and refuses `READ ONLY` unless it may ignore it.
            assert!(!begin.contains(',') && !begin.contains("READ ONLY"), "{begin}");
        }
    }

    #[test]
    fn a_key_that_is_found_taken_at_commit_is_a_conflict_and_no_fault() {
        let text = "Duplicate entry '1' for key 'orders.PRIMARY'";
        let late = Error::DatabaseError(DatabaseErrorKind::UniqueViolation, Box::new(text.to_owned()));
        assert!(is_late_duplicate(&late) && !is_late_duplicate(&Error::NotFound));
        assert!(matches!(classify_error(conflict_error()), PortError::Unavailable(_)));
    }
}
