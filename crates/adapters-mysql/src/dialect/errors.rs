//! The server's errors by their numbers, as far as this service treats them differently.
//!
//! Diesel's error has no number, only a kind and the text. Every connection asks for English texts. Where a text is not
//! known, the server is asked for the number, on the connection where the statement failed.

use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{BigInt, Nullable};
use diesel::{OptionalExtension, QueryResult, QueryableByName, sql_query};
use diesel_async::{AsyncMysqlConnection, RunQueryDsl, SimpleAsyncConnection};

use crate::sql::fault::Contention;

/// What a failed statement says about the work and about the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The transaction lost against another one that goes on or has committed, and is rolled back: the same work may succeed
    /// when it is repeated.
    Conflict,
    /// A lock was not free in time: another transaction still has it.
    LockTimeout,
    /// The server ended the statement because it took too long. The connection stays usable.
    StatementTimeout,
    /// The server takes no such work at present: it is read-only, or not in its group. Another server may take it.
    ServerUnavailable,
    /// Anything else, also a connection that was lost.
    Other,
}

/// The errors that are treated differently: number, meaning, and the beginning of the text in English.
const KNOWN: &[(i64, Failure, &str)] = &[
    // InnoDB: two units waited for each other, or one waited too long for a lock. Galera reports a transaction that
    // another server's certification has undone as a deadlock, too.
    (1213, Failure::Conflict, "Deadlock found when trying to get lock"),
    (1205, Failure::LockTimeout, "Lock wait timeout exceeded"),
    // Group Replication: the certification refused the transaction, or undid it before COMMIT.
    (3101, Failure::Conflict, "Plugin instructed the server to rollback"),
    (ERROR_DURING_COMMIT, Failure::Conflict, LOCK_DEADLOCK_AT_COMMIT),
    // TiDB: a write conflict, one that is safe to retry, and a unique key that is checked only at COMMIT.
    (9007, Failure::Conflict, "Write conflict"),
    (8022, Failure::Conflict, "Error: KV error safe to retry"),
    (8147, Failure::Conflict, "LazyUniquenessCheckFailure"),
    // MariaDB and MySQL.
    (1969, Failure::StatementTimeout, "Query execution was interrupted (max_statement_time"),
    (3024, Failure::StatementTimeout, "Query execution was interrupted, maximum"),
    // Galera: the server has left the primary component, or has not caught up yet.
    (1047, Failure::ServerUnavailable, "WSREP has not yet prepared node"),
    // The server runs with `read_only` or `super_read_only`: MariaDB and MySQL, and InnoDB's own mode.
    (1290, Failure::ServerUnavailable, "The MySQL server is running with the --"),
    (1290, Failure::ServerUnavailable, "The MariaDB server is running with the --"),
    (1836, Failure::ServerUnavailable, "Running in read-only mode"),
];

/// An error during COMMIT, of any cause.
const ERROR_DURING_COMMIT: i64 = 1180;
/// The one cause of [`ERROR_DURING_COMMIT`] after which the transaction is known to be rolled back. After others, such
/// as a full disk, it is not known.
const LOCK_DEADLOCK_AT_COMMIT: &str = "Got error 149";

#[derive(QueryableByName)]
struct ErrorNumber {
    #[diesel(sql_type = Nullable<BigInt>)]
    number: Option<i64>,
}

/// What the error means that a statement on this connection has just ended with. It costs three round trips if its text
/// is not known.
pub(crate) async fn read_failure(conn: &mut AsyncMysqlConnection, error: &Error) -> Failure {
    // What the health check makes of a server that answers and takes no writes.
    if matches!(error, Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _)) {
        return Failure::ServerUnavailable;
    }
    let Error::DatabaseError(DatabaseErrorKind::Unknown, text) = error else { return Failure::Other };
    if let Some(failure) = find_by_text(text.message()) {
        return failure;
    }
    let number = read_error_number(conn).await.ok().flatten();
    number.and_then(find_by_number).unwrap_or(Failure::Other)
}

/// The contention that the error reports; `None` if it is about something else.
pub(crate) async fn classify_contention(
    conn: &mut AsyncMysqlConnection,
    error: &Error,
) -> Option<Contention> {
    match read_failure(conn, error).await {
        Failure::Conflict => Some(Contention { is_over: true }),
        Failure::LockTimeout | Failure::StatementTimeout => Some(Contention { is_over: false }),
        Failure::ServerUnavailable | Failure::Other => None,
    }
}

/// The number of the last statement's error. Not `SHOW ERRORS`, which cannot be prepared everywhere.
async fn read_error_number(conn: &mut AsyncMysqlConnection) -> QueryResult<Option<i64>> {
    let ask = "GET DIAGNOSTICS CONDITION 1 @idem_error = MYSQL_ERRNO";
    conn.batch_execute(ask).await?;
    let row = sql_query("SELECT CAST(@idem_error AS SIGNED) AS number").get_result::<ErrorNumber>(conn).await;
    // Reset, so that the next error whose diagnostics are empty finds no number of this one.
    conn.batch_execute("SET @idem_error = NULL").await?;
    Ok(row.optional()?.and_then(|it| it.number))
}

/// What an error of the server means whose number is known; `None` if it is treated as all others.
pub(crate) fn find_failure(number: u16, text: &str) -> Option<Failure> {
    find_by_text(text).or_else(|| find_by_number(number.into()))
}

/// What an error means, by its text.
fn find_by_text(text: &str) -> Option<Failure> {
    KNOWN.iter().find(|it| text.starts_with(it.2)).map(|it| it.1)
}

/// What an error with an unknown text means. The number is that of the first condition of the statement, which need not be
/// the error: Galera notes an interrupted statement (1317) before the deadlock by which it reports what it has undone.
fn find_by_number(number: i64) -> Option<Failure> {
    let is_meant = |known: i64| known == number && known != ERROR_DURING_COMMIT;
    KNOWN.iter().find(|it| is_meant(it.0)).map(|it| it.1)
}

/// The beginnings of errors for a statement that the server refuses whatever its own state is: syntax
/// (1064), an unknown column (1054), table (1146, 1051) or function (1305, 1630), a violated rule (4025,
/// 3819), a value that does not fit (1264, 1265, 1292, 1366, 1406, 1690), the wrong number or kind of
/// arguments (1136, 1210), more rows than one (1242), a type that is not the column's (1267, 4078), a
/// statement or row that is too large (1153, 1118), too many values (1390).
const REFUSED: &[&str] = &[
    "You have an error in your SQL syntax",
    "Unknown column ",
    "Table '",
    "Unknown table ",
    "FUNCTION ",
    "CONSTRAINT `",
    "Check constraint ",
    "Out of range value",
    "Data truncated",
    "Data too long",
    "Incorrect ",
    "Truncated incorrect",
    "Column count doesn't match",
    "Subquery returns more than 1 row",
    "Illegal mix of collations",
    "Illegal parameter data type",
    "Field '",
    "Got a packet bigger than ",
    "Row size too large",
    "Prepared statement contains too many placeholders",
];
/// Parts of texts that begin like those of [`REFUSED`] and yet report the state of the server: a table that
/// is damaged, locked or read-only, or whose files are gone.
const STATE: &[&str] = &[
    "is marked as crashed",
    "was not locked",
    "is read only",
    "Incorrect key file",
    "doesn't exist in engine",
    "Incorrect information in file",
];

/// Whether that text is about the statement, and not about the server or the way to it.
pub(crate) fn is_program_error(text: &str) -> bool {
    // An unknown text counts as the server's state: there are more of these, and a 503 that is wrong asks
    // the client to try again, whereas a 500 that is wrong gives a passing fault out as a defect.
    REFUSED.iter().any(|it| text.starts_with(it)) && !STATE.iter().any(|it| text.contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_decides_if_the_text_is_not_known() {
        for (number, failure) in [
            (1213, Some(Failure::Conflict)),
            (3101, Some(Failure::Conflict)),
            (9007, Some(Failure::Conflict)),
            (8022, Some(Failure::Conflict)),
            (8147, Some(Failure::Conflict)),
            (1205, Some(Failure::LockTimeout)),
            (1969, Some(Failure::StatementTimeout)),
            (3024, Some(Failure::StatementTimeout)),
            (1047, Some(Failure::ServerUnavailable)),
            (1290, Some(Failure::ServerUnavailable)),
            (1836, Some(Failure::ServerUnavailable)),
            (1062, None),
            (1064, None),
            (1105, None),
            (1146, None),
            (4025, None),
        ] {
            assert_eq!(find_by_number(number), failure, "{number}");
        }
    }

    #[test]
    fn an_error_during_commit_is_contention_only_if_the_transaction_is_known_to_be_undone() {
        let undone = "Got error 149 - 'Lock deadlock; Retry transaction' during COMMIT";
        let unknown = "Got error 28 - 'No space left on device' during COMMIT";
        assert_eq!(find_by_text(undone), Some(Failure::Conflict));
        assert_eq!(find_by_text(unknown), None);
        assert_eq!(find_by_number(ERROR_DURING_COMMIT), None);
    }

    #[test]
    fn a_known_text_needs_no_number() {
        for (text, failure) in [
            ("Deadlock found when trying to get lock; try restarting transaction", Some(Failure::Conflict)),
            ("Write conflict, txnStartTS=1 [try again later]", Some(Failure::Conflict)),
            ("WSREP has not yet prepared node for application use", Some(Failure::ServerUnavailable)),
            ("Table 'idem.orders' doesn't exist", None),
        ] {
            assert_eq!(find_by_text(text), failure, "{text}");
        }
    }
}
