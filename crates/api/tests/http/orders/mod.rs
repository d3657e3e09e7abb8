//! Orders.

mod details;
mod idempotency;
mod limits;
mod lists;
mod place;
mod read;
