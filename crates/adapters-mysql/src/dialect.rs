//! How MySQL and MariaDB differ from other databases: types, errors, hints.

mod decimal;
mod errors;
mod timestamp;

pub(crate) use self::decimal::exact_amount;
pub(crate) use self::errors::{Failure, classify_contention, find_failure, is_program_error, read_failure};

/// The hint that makes a statement use that index; it stands behind the table's name.
pub(crate) fn index_hint_sql(index: &str) -> String {
    // Not `USE INDEX`, which still lets the planner read the whole table.
    format!("FORCE INDEX ({index})")
}

/// The hint that makes a statement read a table in the order of its primary key.
pub(crate) const fn row_order_hint_sql() -> &'static str {
    "FORCE INDEX (PRIMARY)"
}

/// The expression of the bucket of a time: `(time + ?) / ?`, both in [`bucket_units`].
pub(crate) fn bucket_sql(column: &str) -> String {
    format!("CAST((UNIX_TIMESTAMP({column}) + ?) DIV ? AS SIGNED)")
}

/// A length of time as [`bucket_sql`] takes it: here in seconds.
pub(crate) const fn bucket_units(seconds: i64) -> i64 {
    seconds
}

/// The sum of a column of amounts as two columns: `hundreds` of the major unit, and the `rest` in ten-thousandths.
pub(crate) fn amount_sum_sql(column: &str) -> String {
    format!(
        "CAST(SUM({column} DIV 100) AS SIGNED) AS hundreds, CAST(SUM(MOD({column}, 100)) * 10000 AS SIGNED) AS rest"
    )
}

/// The column type of amounts: `DECIMAL(19,4)`. It is never converted to a floating-point number on the way.
pub(crate) type AmountType = diesel::sql_types::Numeric;

/// The column type of timestamps: `TIMESTAMP(3)`, in UTC, to the millisecond.
pub(crate) type TimestampType = diesel::sql_types::Timestamp;
