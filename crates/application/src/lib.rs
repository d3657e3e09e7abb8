//! The use cases of Idem: load, decide, commit.
//!
//! Every one is a free async function over ports. It reads what it needs, lets `domain` decide, and makes the decision
//! true with one [`ports::Store::commit`]; a commit that came too late is decided anew. Nothing here knows HTTP, SQL or
//! a token's form.

mod app;
pub mod auth;
pub mod cached_orders;
pub mod cached_sessions;
pub mod cached_users;
pub mod callbacks;
mod caller;
pub mod catalogue;
mod copies;
pub mod findings;
mod flights;
mod idempotent;
pub mod metered_store;
pub mod orders;
pub mod payments;
pub mod publishing_store;
mod retry;
pub mod shared_throttle;
pub mod sweeps;
pub mod tiered_cache;

#[cfg(test)]
mod testing;

pub use app::{App, Policy};
pub use caller::{Caller, IfMatch, Operator};
pub use idempotent::{Answered, KeyError, Request};
