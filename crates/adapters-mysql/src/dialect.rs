//! What MySQL has of its own kind.

mod decimal;
mod failure;
mod moment;

pub(crate) use self::decimal::exactly;
pub(crate) use self::failure::is_contention;

/// An amount: a decimal with four places, exact from end to end.
pub(crate) type Amount = diesel::sql_types::Numeric;

/// A moment, in UTC, to the millisecond.
pub(crate) type Moment = diesel::sql_types::Timestamp;
