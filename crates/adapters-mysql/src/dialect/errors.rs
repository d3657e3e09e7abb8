//! What the server says, as far as something can be done about it.

use diesel::result::{DatabaseErrorKind, Error};

/// How the two begin: two units waited for each other (1213), or one for too long (1205). The driver tells them by
/// their text only, which every connection asks for in English.
const CONTENTION: &[&str] = &["Deadlock found when trying to get lock", "Lock wait timeout exceeded"];

/// How the two begin when the server ends a statement that took too long: MariaDB (1969), MySQL (3024).
const STATEMENT_TIMEOUT: &[&str] =
    &["Query execution was interrupted (max_statement_time", "Query execution was interrupted, maximum"];

/// Whether the server ended the statement because it took too long. The connection is as good as before.
pub(crate) fn is_statement_timeout(error: &Error) -> bool {
    message_starts_with(error, STATEMENT_TIMEOUT)
}

/// Whether the same may succeed a moment later, because others were in its way.
pub(crate) fn is_contention(error: &Error) -> bool {
    message_starts_with(error, CONTENTION)
}

fn message_starts_with(error: &Error, texts: &[&str]) -> bool {
    let Error::DatabaseError(DatabaseErrorKind::Unknown, told) = error else { return false };
    texts.iter().any(|text| told.message().starts_with(text))
}

/// How the server begins when it refuses what was asked, whatever its own state is: syntax (1064), a column (1054) or table
/// (1146, 1051) or function (1305, 1630) that there is not, a rule that is violated (4025, 3819), a value that does not fit
/// (1264, 1265, 1292, 1366, 1406, 1690), the wrong number or kind of arguments (1136, 1210), more rows than one (1242), a
/// type that is not the column's (1267, 4078), a statement or row that is too large (1153, 1118), too many values (1390).
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
/// What may stand behind such a beginning and is the server's state all the same: its table is damaged or was dropped while
/// another one took its place, or is locked.
const STATE: &[&str] = &[
    "is marked as crashed",
    "was not locked",
    "is read only",
    "Incorrect key file",
    "doesn't exist in engine",
    "Incorrect information in file",
];

/// Whether that text is about what was asked, and not about the server or the way to it. Everything that is not known is
/// the world's: there is more of that.
pub(crate) fn is_program_error(text: &str) -> bool {
    REFUSED.iter().any(|it| text.starts_with(it)) && !STATE.iter().any(|it| text.contains(it))
}
