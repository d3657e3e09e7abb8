//! How SQLite differs from other databases: types, errors, hints.

use diesel::deserialize::{self, FromSql};
use diesel::expression::AsExpression;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::BigInt;
use diesel::sqlite::{Sqlite, SqliteValue};

use crate::sql::fault::Contention;
use crate::sql::value::{SqlAmount, SqlTimestamp};

/// The hint that makes a statement use that index; it stands behind the table's name. Without the index the
/// statement fails.
pub(crate) fn index_hint_sql(index: &str) -> String {
    format!("INDEXED BY {index}")
}

/// The hint that makes a statement read a table in the order of its primary key.
pub(crate) const fn row_order_hint_sql() -> &'static str {
    // The key of a row is its place in the table, and a plan depends on the statement alone, so none is needed.
    ""
}

/// The column type of amounts: whole ten-thousandths of the major unit. SQLite's decimals are doubles and
/// not exact.
pub(crate) type AmountType = BigInt;

/// The column type of timestamps: milliseconds since 1970-01-01T00:00:00Z.
pub(crate) type TimestampType = BigInt;

/// The expression of the bucket of a time: `(time + ?) / ?`, both in [`bucket_units`].
pub(crate) fn bucket_sql(column: &str) -> String {
    format!("({column} + ?) / ?")
}

/// A length of time as [`bucket_sql`] takes it: here in milliseconds.
pub(crate) const fn bucket_units(seconds: i64) -> i64 {
    seconds.saturating_mul(1_000)
}

/// The sum of a column of amounts as two columns: `hundreds` of the major unit, and the `rest` in ten-thousandths.
pub(crate) fn amount_sum_sql(column: &str) -> String {
    // A sum of whole numbers that does not fit into 64 bits would end the statement with an error.
    format!("SUM({column} / 1000000) AS hundreds, SUM({column} % 1000000) AS rest")
}

/// The expression of an amount that a column is compared with.
pub(crate) type ExactAmount = <SqlAmount as AsExpression<AmountType>>::Expression;

/// An amount to compare a column with: a whole number, as the column holds it.
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

/// SQLite's text when another connection, perhaps of another process, holds the lock for longer than the
/// connection waits. Diesel's error has no number for it.
const BUSY: &str = "database is locked";

/// Whether the work may succeed when it is repeated, because a lock wait timed out.
pub(crate) fn is_contention(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::Unknown, info) if info.message() == BUSY)
}

/// The contention that the error reports. There is one writer, so no work conflicts with another, and SQLite limits the time
/// of no statement.
pub(crate) async fn classify_contention<C>(_: &mut C, error: &Error) -> Option<Contention> {
    std::future::ready(is_contention(error).then_some(Contention { is_over: false })).await
}

/// SQLite's texts for failures that come from outside this program: the disk, the file, the memory, another
/// process, or a limit of time.
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

/// Whether that text is about the statement, and not about anything outside this program.
pub(crate) fn is_program_error(text: &str) -> bool {
    // The reverse of what the MySQL adapter does: SQLite's own failures are few and listed above, while the
    // texts about a statement name its tables and columns and cannot be listed.
    !OUTSIDE_ERRORS.iter().any(|it| text.starts_with(it))
}
