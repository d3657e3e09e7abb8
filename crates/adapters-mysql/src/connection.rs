//! Connections to the server, and how a piece of work gets one.
//!
//! ```text
//! run_query / run_snapshot / run_commit
//!   -> Workers    picks the thread with most room, where the work runs to its end
//!     -> Pool     waits in a bounded queue for a permit, takes a connection or opens one
//!       -> run    BEGIN, the work, COMMIT; repeated after a deadlock or on a dead connection
//!         -> Servers    the first server of the URL that takes writes
//! ```
//!
//! A piece of work has 4 s in all. When they are over its connection is thrown away, so that no other work
//! ever gets a connection with something left open on it (ADR 0008). Where the URL names several servers, the one of this
//! connection is left with all others to it, because a server that answers logins may still hang at COMMIT.

mod attempt;
mod pool;
mod server;
mod server_state;
mod server_time;
mod servers;
mod workers;
mod writable;

use diesel_async::AsyncMysqlConnection;
use mysql_async::{Opts, OptsBuilder};

pub(crate) use self::pool::{Limits, Permit, Pool};
pub(crate) use self::server::ServedConn;
pub(crate) use self::server_state::{counts_as_one_server, counts_as_one_writer};
pub(crate) use self::server_time::read_server_time;
pub use self::servers::Consistency;
pub(crate) use self::servers::Servers;
pub(crate) use self::workers::Workers;
pub(crate) use self::writable::is_writable;
pub(crate) use crate::MySql as Database;
pub(crate) use crate::sql::work::WorkKind;

/// A connection as the queries of `crate::sql` see it, which are written once for all databases.
pub(crate) type Conn = AsyncMysqlConnection;

/// How long the server waits for the lock of a row or a table, in seconds. 1 is the least that it takes;
/// the work is then rolled back and done again, so a longer wait would only use up its time.
const LOCK_WAIT_S: u32 = 1;
/// How long the server works on one statement before it ends it, in milliseconds. Together with the longest
/// wait for a connection it is less than [a piece of work](Pool::run) has in all, so the work learns that
/// its statement has ended.
pub(crate) const STATEMENT_TIMEOUT_MS: u32 = 2_500;
/// How long the server waits for the next statement before it closes the connection and rolls back, in
/// seconds. It bounds how long a process that hangs in the middle of a commit keeps its row locks.
const WAIT_TIMEOUT_S: u32 = 60;
/// After how much silence the operating system probes the other side of a connection, in milliseconds.
const KEEPALIVE_MS: u32 = 10_000;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The settings of every connection, whatever the server's own settings are.
///
/// `READ COMMITTED`: guards are in the statements, so each statement must see what is committed, and no
/// commit relies on reading the same twice, which gap locks would pay for. Strict modes: a value that does
/// not fit is an error and never shortened. `lc_messages`: [`read_failure`](crate::dialect::read_failure) knows some
/// errors by their English texts only.
fn session_settings() -> Vec<String> {
    vec![
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED".to_owned(),
        format!(
            "SET autocommit = 1, time_zone = '+00:00', lc_messages = 'en_US', \
             innodb_lock_wait_timeout = {LOCK_WAIT_S}, lock_wait_timeout = {LOCK_WAIT_S}, \
             wait_timeout = {WAIT_TIMEOUT_S} {}, sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,\
             ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
            statement_limit(STATEMENT_TIMEOUT_MS),
        ),
        "SET NAMES utf8mb4".to_owned(),
    ]
}

/// The part of a `SET` that limits the time of a statement, in milliseconds; 0 is no limit. MariaDB limits
/// every statement and counts in seconds, MySQL only those that read. Each takes the other's setting for a
/// comment.
pub(crate) fn statement_limit(millis: u32) -> String {
    let (seconds, rest) = (millis / 1_000, millis % 1_000);
    format!("/*M!, max_statement_time = {seconds}.{rest:03} */ /*!50708 , max_execution_time = {millis} */")
}

/// The options of every connection to that URL.
pub(crate) fn connect_options(url: Opts) -> Opts {
    // Found rows: a guard counts the rows that it matches, and MySQL by default only those that it changes.
    // No cache of statements in the driver: diesel has one, and two would each hold a prepared statement at
    // the server.
    OptsBuilder::from_opts(url)
        .init(session_settings())
        .client_found_rows(true)
        .stmt_cache_size(0)
        .prefer_socket(false)
        .tcp_keepalive(Some(KEEPALIVE_MS))
        .into()
}

#[cfg(test)]
mod tests;
