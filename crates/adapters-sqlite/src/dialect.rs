//! What SQLite has of its own kind.

use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::BigInt;

/// An amount: whole ten-thousandths of the major unit, which SQLite's own decimals (they are doubles) could not hold.
pub(crate) type Amount = BigInt;

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
pub(crate) type Moment = BigInt;

/// What SQLite says when another connection, perhaps another process, holds the lock for longer than
/// [`BUSY_TIMEOUT_MS`](crate::connection::BUSY_TIMEOUT_MS). The driver tells it by its text only.
const BUSY: &str = "database is locked";

/// Whether the same may succeed a moment later.
pub(crate) fn is_busy(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::Unknown, told) if told.message() == BUSY)
}
