//! Doing a piece of work on a connection, and doing it again where that is safe.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::SimpleAsyncConnection;
use ports::{ErrorChain, PortError};
use tokio::time::{error::Elapsed, sleep, timeout};

use super::{Conn, Permit, Pool};
use crate::dialect::{is_contention, is_statement_timeout};
use crate::sql::fault::classify_error;

/// How long a piece of work may take in all: waiting, connecting, and every attempt.
const TIMEOUT: Duration = Duration::from_secs(4);
/// How long it may take to begin, which is one round trip.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(1);
/// Most attempts at something that others are in the way of.
const ATTEMPTS_MAX: u32 = 8;
/// Most connections that a piece of work is tried on.
const CONNECTIONS_MAX: u32 = 2;
/// Half of the longest pause before the second attempt, in milliseconds. It doubles with every further one.
const PAUSE_MS: u64 = 4;

/// What a piece of work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WorkKind {
    /// One query.
    Query,
    /// Queries that see one moment of the record.
    Snapshot,
    /// Everything that is written becomes true, or nothing.
    Commit,
}

impl WorkKind {
    /// What begins it: one round trip.
    const fn begin_sql(self) -> Option<&'static str> {
        match self {
            Self::Query => None,
            Self::Snapshot => Some(
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; \
                 START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
            ),
            Self::Commit => Some("BEGIN"),
        }
    }
}

/// What is left of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ConnectionState {
    /// As good as new.
    Clean,
    /// Nothing was done on it, and nothing will be: it may be lost.
    Unused,
    /// Lost.
    Lost,
}

impl Pool {
    /// Does `work` within [`TIMEOUT`]. When it is given up, its connection goes with it.
    ///
    /// It is done again from its beginning when others were in its way, and on another connection when the first was
    /// dead before anything was done on it; what only reads, whenever. A commit whose connection is lost later is not:
    /// whether it happened is not known.
    pub(crate) async fn run<T, R>(
        &self,
        kind: WorkKind,
        work: impl AsyncFn(&mut Conn) -> QueryResult<Result<T, R>>,
    ) -> Result<Result<T, R>, PortError> {
        let mut place = None;
        let outcome = timeout(TIMEOUT, self.run_attempts(kind, &work, &mut place)).await;
        outcome.unwrap_or_else(|silence| {
            if let Some(place) = place {
                place.release_after_timeout();
            }
            // Whatever keeps this one silent keeps those that lie idle silent too.
            self.close_idle();
            Err(PortError::unavailable(silence))
        })
    }

    async fn run_attempts<'a, T, R>(
        &'a self,
        kind: WorkKind,
        work: &impl AsyncFn(&mut Conn) -> QueryResult<Result<T, R>>,
        place: &mut Option<Permit<'a>>,
    ) -> Result<Result<T, R>, PortError> {
        let place = place.insert(self.acquire_permit().await?);
        let mut conn = place.take_or_open().await?;
        let (mut attempts, mut connections) = (1, 1);
        loop {
            let (outcome, left) = run_attempt(&mut conn, kind, work).await;
            match outcome {
                Err(error)
                    if left == ConnectionState::Clean && attempts < ATTEMPTS_MAX && is_contention(&error) =>
                {
                    sleep_before_retry(attempts).await;
                    attempts += 1;
                }
                Err(error) if connections < CONNECTIONS_MAX && left.can_retry(kind) => {
                    tracing::debug!(error = %ErrorChain(&error), "a connection to MySQL was dead");
                    conn = place.open_connection().await?;
                    connections += 1;
                }
                outcome => {
                    // What failed for a reason that is not known may be the connection's: its server could have
                    // become one that only reads.
                    let unread = |it: &Error| matches!(it, Error::DeserializationError(_));
                    let known =
                        outcome.as_ref().err().is_none_or(|it| is_statement_timeout(it) || unread(it));
                    if known && left == ConnectionState::Clean {
                        place.return_connection(conn);
                    }
                    return outcome.map_err(classify_error);
                }
            }
        }
    }
}

impl ConnectionState {
    /// Whether the same may be done on another connection.
    fn can_retry(self, kind: WorkKind) -> bool {
        self == Self::Unused || self == Self::Lost && kind != WorkKind::Commit
    }
}

/// A connection that does not answer.
fn timeout_error(silence: &Elapsed) -> Error {
    Error::DatabaseError(DatabaseErrorKind::ClosedConnection, Box::new(silence.to_string()))
}

/// Does `work` once. Unless it succeeds, everything is rolled back: a connection that does so is as good as new, and
/// one that cannot say so is lost.
async fn run_attempt<T, R>(
    conn: &mut Conn,
    kind: WorkKind,
    work: &impl AsyncFn(&mut Conn) -> QueryResult<Result<T, R>>,
) -> (QueryResult<Result<T, R>>, ConnectionState) {
    if let Some(begin) = kind.begin_sql() {
        let begun = timeout(BEGIN_TIMEOUT, conn.batch_execute(begin)).await;
        // Silence is that of a server that is gone without a word: another connection may find its successor.
        if let Err(error) = begun.unwrap_or_else(|silence| Err(timeout_error(&silence))) {
            return (Err(error), ConnectionState::Unused);
        }
    }
    let mut outcome = work(conn).await;
    if kind != WorkKind::Query && matches!(outcome, Ok(Ok(_))) {
        outcome = conn.batch_execute("COMMIT").await.and(outcome);
    }
    let clean = matches!(outcome, Ok(Ok(_))) || conn.batch_execute("ROLLBACK").await.is_ok();
    (outcome, if clean { ConnectionState::Clean } else { ConnectionState::Lost })
}

/// Lets others go first, for up to twice as long each time. Two that were in each other's way shall not come back at the
/// same moment; no more is asked of this randomness.
async fn sleep_before_retry(attempts: u32) {
    let longest = PAUSE_MS << attempts.min(ATTEMPTS_MAX);
    let millis = RandomState::new().hash_one(attempts).checked_rem(longest).unwrap_or_default();
    sleep(Duration::from_millis(millis)).await;
}
