//! Connections, and how work reaches them.

mod attempt;
mod crew;
mod pool;
mod writable;

use std::time::Duration;

use diesel_async::AsyncMysqlConnection;
use mysql_async::{Opts, OptsBuilder};
use tokio::time::timeout;

pub(crate) use self::attempt::Kind;
pub(crate) use self::crew::Crew;
pub(crate) use self::pool::{Limits, Place, Pool};
pub(crate) use self::writable::is_writable;
pub(crate) use crate::MySql as Database;

/// A connection, for queries that are written once for all databases.
pub(crate) type Conn = AsyncMysqlConnection;

/// How long the server itself waits for the lock of a row or a table, in seconds; its least.
const LOCK_WAIT_S: u32 = 1;
/// How long the server works on one statement before it ends it, in milliseconds. With the longest wait for a connection
/// it is less than [a piece of work](Pool::run) has in all, so that a statement which is given up has ended.
pub(crate) const STATEMENT_MS: u32 = 2_500;
/// How long the server waits for a word before it closes the connection and rolls back, in seconds: whoever hangs in the
/// middle of a commit does not keep rows from others for longer.
const SILENCE_S: u32 = 60;
/// How long it may take until a new connection can be used.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// After how much silence the system asks whether the other side is still there, in milliseconds.
const KEEPALIVE_MS: u32 = 10_000;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What every connection is set to, whatever the server's own settings are.
///
/// Whoever writes sees what is committed at each statement: guards are in the statements, and gaps between rows are
/// not locked. A value that does not fit is an error, never shortened. `LC_MESSAGES` is for
/// [`is_contention`](crate::dialect::is_contention). MariaDB limits every statement, MySQL those that read; each takes
/// the other's words for a comment.
fn settings() -> Vec<String> {
    vec![
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED".to_owned(),
        format!(
            "SET autocommit = 1, time_zone = '+00:00', lc_messages = 'en_US', \
             innodb_lock_wait_timeout = {LOCK_WAIT_S}, lock_wait_timeout = {LOCK_WAIT_S}, \
             wait_timeout = {SILENCE_S} {}, sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,\
             ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
            statement_limit(STATEMENT_MS),
        ),
        "SET NAMES utf8mb4".to_owned(),
    ]
}

/// What limits the time of a statement, as a part of a `SET`; 0 is for ever. MariaDB counts seconds.
pub(crate) fn statement_limit(millis: u32) -> String {
    let (seconds, rest) = (millis / 1_000, millis % 1_000);
    format!("/*M!, max_statement_time = {seconds}.{rest:03} */ /*!50708 , max_execution_time = {millis} */")
}

/// How to connect, from what the URL says.
///
/// Rows that an `UPDATE` matches are counted, also those that it leaves as they are: guards count them. Prepared
/// statements are kept by the query builder, so the driver keeps none.
pub(crate) fn options(url: Opts) -> Opts {
    OptsBuilder::from_opts(url)
        .init(settings())
        .client_found_rows(true)
        .stmt_cache_size(0)
        .prefer_socket(false)
        .tcp_keepalive(Some(KEEPALIVE_MS))
        .into()
}

/// A new connection.
pub(crate) async fn connect(options: &Opts) -> Result<Conn, Failure> {
    let connecting = async {
        let conn = mysql_async::Conn::new(options.clone()).await?;
        Ok::<_, Failure>(Conn::try_from(conn).await?)
    };
    timeout(CONNECT_TIMEOUT, connecting).await?
}

#[cfg(test)]
mod tests;
