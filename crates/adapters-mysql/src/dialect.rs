//! How MySQL and MariaDB differ from other databases: types, errors, hints.

mod decimal;
mod errors;
mod timestamp;

pub(crate) use self::decimal::exact_amount;
pub(crate) use self::errors::{Failure, is_blocked, is_program_error, read_failure};

/// The hint that makes a statement use that index; it stands behind the table's name.
pub(crate) fn index_hint_sql(index: &str) -> String {
    // Not `USE INDEX`, which still lets the planner read the whole table.
    format!("FORCE INDEX ({index})")
}

/// The column type of amounts: `DECIMAL(19,4)`. It is never converted to a floating-point number on the way.
pub(crate) type AmountType = diesel::sql_types::Numeric;

/// The column type of timestamps: `TIMESTAMP(3)`, in UTC, to the millisecond.
pub(crate) type TimestampType = diesel::sql_types::Timestamp;
