//! What MySQL has of its own kind.

mod decimal;
mod failure;
mod moment;

pub(crate) use self::decimal::exactly;
pub(crate) use self::failure::{is_contention, is_fault_of_the_program, is_out_of_time};

/// What makes a statement read a table along that index; it follows the table's name.
pub(crate) fn index_hint(index: &str) -> String {
    format!("FORCE INDEX ({index})")
}

/// An amount: a decimal with four places, exact from end to end.
pub(crate) type Amount = diesel::sql_types::Numeric;

/// A moment, in UTC, to the millisecond.
pub(crate) type Moment = diesel::sql_types::Timestamp;
