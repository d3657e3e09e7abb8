//! What MySQL has of its own kind.

mod decimal;
mod errors;
mod timestamp;
mod writable;

pub(crate) use self::decimal::exact_amount;
pub(crate) use self::errors::{is_contention, is_program_error, is_statement_timeout};
pub(crate) use self::writable::is_writable;

/// What makes a statement read a table along that index; it follows the table's name.
pub(crate) fn index_hint_sql(index: &str) -> String {
    format!("FORCE INDEX ({index})")
}

/// An amount: a decimal with four places, exact from end to end.
pub(crate) type AmountType = diesel::sql_types::Numeric;

/// A moment, in UTC, to the millisecond.
pub(crate) type TimestampType = diesel::sql_types::Timestamp;
