//! The use cases of Idem: load, decide, commit.
//!
//! Every one is a free async function over ports. It reads what it needs, lets `domain` decide, and makes the decision
//! true with one [`ports::Store::commit`]; a commit that came too late is decided anew. Nothing here knows HTTP, SQL or
//! a token's form.

mod app;
pub mod auth;
pub mod caching;
pub mod callbacks;
mod caller;
pub mod catalogue;
pub mod findings;
pub mod gateways;
mod idempotent;
mod limits;
pub mod metered_store;
pub mod orders;
pub mod payments;
pub mod recent_commits;
mod retry;
pub mod security;
pub mod shared_throttle;
pub mod sweeps;
pub mod unreadable;

#[cfg(test)]
mod testing;

pub use app::{App, Policy};
pub use caller::{Caller, Conditions, IfMatch, IfNoneMatch, Operator};
pub use idempotent::{Answered, KeyError, Request};
pub use limits::Throttled;
