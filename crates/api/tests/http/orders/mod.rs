//! Orders.

mod idempotency;
mod limits;
mod lists;
mod place;
mod read;
