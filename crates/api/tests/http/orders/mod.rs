//! Orders.

mod idempotency;
mod lists;
mod place;
mod read;
