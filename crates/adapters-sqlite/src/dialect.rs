//! What SQLite has of its own kind.

use diesel::QueryResult;
use diesel::deserialize::{self, FromSql};
use diesel::expression::AsExpression;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::BigInt;
use diesel::sqlite::{Sqlite, SqliteValue};

use crate::connection::Conn;
use crate::sql::value::{SqlAmount, SqlTimestamp};

/// What makes a statement read a table along that index; it follows the table's name.
pub(crate) fn index_hint_sql(index: &str) -> String {
    format!("INDEXED BY {index}")
}

/// An amount: whole ten-thousandths of the major unit, which SQLite's own decimals (they are doubles) could not hold.
pub(crate) type AmountType = BigInt;

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
pub(crate) type TimestampType = BigInt;

/// An amount, to compare a column with.
pub(crate) type ExactAmount = <SqlAmount as AsExpression<AmountType>>::Expression;

/// The amount, to compare a column with: a number, as the column holds it.
pub(crate) fn exact_amount(amount: SqlAmount) -> ExactAmount {
    AsExpression::<AmountType>::as_expression(amount)
}

impl ToSql<TimestampType, Sqlite> for SqlTimestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0);
        Ok(IsNull::No)
    }
}

impl FromSql<TimestampType, Sqlite> for SqlTimestamp {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        <i64 as FromSql<BigInt, Sqlite>>::from_sql(value).map(Self)
    }
}

impl ToSql<AmountType, Sqlite> for SqlAmount {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0);
        Ok(IsNull::No)
    }
}

impl FromSql<AmountType, Sqlite> for SqlAmount {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        <i64 as FromSql<BigInt, Sqlite>>::from_sql(value).map(Self)
    }
}

/// What SQLite says when another connection, perhaps another process, holds the lock for longer than
/// [`BUSY_TIMEOUT_MS`](crate::connection::BUSY_TIMEOUT_MS). The driver tells it by its text only.
const BUSY: &str = "database is locked";

/// Whether the same may succeed a moment later.
pub(crate) fn is_busy(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::Unknown, told) if told.message() == BUSY)
}

/// What SQLite says when something outside fails it: the disk, the file, the memory, another process, or a limit of time.
const OUTSIDE_ERRORS: &[&str] = &[
    BUSY,
    "database table is locked",
    "database or disk is full",
    "disk I/O error",
    "attempt to write a readonly database",
    "unable to open database file",
    "database disk image is malformed",
    "file is not a database",
    "out of memory",
    "access permission denied",
    "large file support is disabled",
    "locking protocol",
    "interrupted",
    "database schema has changed",
    "database schema is locked",
];

/// Whether that text is about what was asked, and not about anything outside.
pub(crate) fn is_program_error(text: &str) -> bool {
    !OUTSIDE_ERRORS.iter().any(|it| text.starts_with(it))
}

/// Whether it may be written to: the file was opened for that.
pub(crate) async fn is_writable(_: &mut Conn) -> QueryResult<bool> {
    Ok(true)
}
