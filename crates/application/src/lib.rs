//! The use cases of Idem: load, decide, commit.
//!
//! Each use case is a free async function over ports. It reads what it needs, lets `domain` decide, and
//! writes the decision with one [`ports::Store::commit`]. When a row that was read has changed before the
//! commit, the use case reads and decides again. Nothing here knows HTTP, SQL or the format of a token.

mod app;
pub mod auth;
mod batching;
pub mod caching;
pub mod callbacks;
mod caller;
mod case_work;
pub mod catalogue;
pub mod findings;
pub mod gateways;
pub mod group_commit;
pub mod grouped_reads;
mod idempotent;
mod limits;
pub mod metered_store;
pub mod orders;
pub mod payments;
pub mod recent_commits;
pub mod reconciliation;
mod retry;
pub mod security;
pub mod shared_throttle;
pub mod sweeps;
pub mod unreadable;

#[cfg(test)]
mod testing;

pub use app::{App, Policy};
pub use caller::{Caller, Conditions, IfMatch, IfNoneMatch, Operator};
pub use idempotent::{IdempotentReply, IdempotentRequest, KeyError};
pub use limits::{Limit, Throttled};
