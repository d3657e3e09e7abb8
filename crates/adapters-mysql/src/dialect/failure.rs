//! What the server says, as far as something can be done about it.

use diesel::result::{DatabaseErrorKind, Error};

/// How the two begin: two units waited for each other (1213), or one for too long (1205). The driver tells them by
/// their text only, which every connection asks for in English.
const CONTENTION: &[&str] = &["Deadlock found when trying to get lock", "Lock wait timeout exceeded"];

/// How the two begin when the server ends a statement that took too long: MariaDB (1969), MySQL (3024).
const OUT_OF_TIME: &[&str] =
    &["Query execution was interrupted (max_statement_time", "Query execution was interrupted, maximum"];

/// Whether the server ended the statement because it took too long. The connection is as good as before.
pub(crate) fn is_out_of_time(error: &Error) -> bool {
    begins_with(error, OUT_OF_TIME)
}

/// Whether the same may succeed a moment later, because others were in its way.
pub(crate) fn is_contention(error: &Error) -> bool {
    begins_with(error, CONTENTION)
}

fn begins_with(error: &Error, texts: &[&str]) -> bool {
    let Error::DatabaseError(DatabaseErrorKind::Unknown, told) = error else { return false };
    texts.iter().any(|text| told.message().starts_with(text))
}
