//! What the server says, as far as something can be done about it.

use diesel::result::{DatabaseErrorKind, Error};

/// How the two begin: two units waited for each other (1213), or one for too long (1205). The driver tells them by
/// their text only, which every connection asks for in English.
const CONTENTION: &[&str] = &["Deadlock found when trying to get lock", "Lock wait timeout exceeded"];

/// Whether the same may succeed a moment later, because others were in its way.
pub(crate) fn is_contention(error: &Error) -> bool {
    let Error::DatabaseError(DatabaseErrorKind::Unknown, told) = error else { return false };
    CONTENTION.iter().any(|text| told.message().starts_with(text))
}
