//! The server's errors by their texts, as far as this service treats them differently.
//!
//! Diesel's error has no number, only a kind and the text. Every connection asks for English texts.

use diesel::result::{DatabaseErrorKind, Error};

/// The beginnings of two errors: two units waited for each other (1213), or one waited too long for a lock
/// (1205).
const CONTENTION: &[&str] = &["Deadlock found when trying to get lock", "Lock wait timeout exceeded"];

/// The beginnings of the error for a statement that took too long: MariaDB (1969), MySQL (3024).
const STATEMENT_TIMEOUT: &[&str] =
    &["Query execution was interrupted (max_statement_time", "Query execution was interrupted, maximum"];

/// Whether the server ended the statement because it took too long. The connection stays usable.
pub(crate) fn is_statement_timeout(error: &Error) -> bool {
    message_starts_with(error, STATEMENT_TIMEOUT)
}

/// Whether the work may succeed when it is repeated, because it only lost against other units.
pub(crate) fn is_contention(error: &Error) -> bool {
    message_starts_with(error, CONTENTION)
}

fn message_starts_with(error: &Error, texts: &[&str]) -> bool {
    let Error::DatabaseError(DatabaseErrorKind::Unknown, told) = error else { return false };
    texts.iter().any(|text| told.message().starts_with(text))
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
