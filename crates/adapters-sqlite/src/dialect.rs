//! What SQLite has of its own kind.

use diesel::deserialize::{self, FromSql};
use diesel::expression::AsExpression;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::BigInt;
use diesel::sqlite::{Sqlite, SqliteValue};

use crate::sql::value::{Parts, Stamp};

/// What makes a statement read a table along that index; it follows the table's name.
pub(crate) fn index_hint(index: &str) -> String {
    format!("INDEXED BY {index}")
}

/// An amount: whole ten-thousandths of the major unit, which SQLite's own decimals (they are doubles) could not hold.
pub(crate) type Amount = BigInt;

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
pub(crate) type Moment = BigInt;

/// An amount, to compare a column with.
pub(crate) type Exactly = <Parts as AsExpression<Amount>>::Expression;

/// The amount, to compare a column with: a number, as the column holds it.
pub(crate) fn exactly(amount: Parts) -> Exactly {
    AsExpression::<Amount>::as_expression(amount)
}

impl ToSql<Moment, Sqlite> for Stamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0);
        Ok(IsNull::No)
    }
}

impl FromSql<Moment, Sqlite> for Stamp {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        <i64 as FromSql<BigInt, Sqlite>>::from_sql(value).map(Self)
    }
}

impl ToSql<Amount, Sqlite> for Parts {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0);
        Ok(IsNull::No)
    }
}

impl FromSql<Amount, Sqlite> for Parts {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        <i64 as FromSql<BigInt, Sqlite>>::from_sql(value).map(Self)
    }
}

/// What SQLite says when another connection, perhaps another process, holds the lock for longer than the
/// connection waits. The driver gives no code, only this text.
const BUSY: &str = "database is locked";

/// Whether the same may succeed a moment later.
pub(crate) fn is_busy(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::Unknown, told) if told.message() == BUSY)
}

/// What SQLite says when something outside fails it: the disk, the file, the memory, another process, or a limit of time.
const OUTSIDE: &[&str] = &[
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
pub(crate) fn is_fault_of_the_program(text: &str) -> bool {
    !OUTSIDE.iter().any(|it| text.starts_with(it))
}
