//! Orders.

mod details;
mod export;
mod idempotency;
mod limits;
mod lists;
mod place;
mod read;
mod search;
