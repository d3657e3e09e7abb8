//! The use cases of Idem: load, decide, commit.
//!
//! Each use case is a free async function over ports. It reads what it needs, lets `domain` decide, and
//! writes the decision with one [`ports::Store::commit`]. When a row that was read has changed before the
//! commit, the use case reads and decides again. Nothing here knows HTTP, SQL or the format of a token.

pub mod api_keys;
mod app;
pub mod archive;
pub mod audit;
pub mod auth;
pub mod batching;
pub mod caching;
pub mod callbacks;
mod caller;
mod case_work;
pub mod catalogue;
mod clock_reading;
pub mod export;
pub mod feed;
pub mod findings;
pub mod gateways;
pub mod group_commit;
pub mod grouped_reads;
mod idempotent;
pub mod keys_in_flight;
mod limits;
pub mod mailing;
pub mod metered_store;
pub mod orders;
mod outage_watch;
pub mod overview;
mod page_bytes;
pub mod payments;
pub mod recent_commits;
pub mod reconciliation;
pub mod request_limits;
mod retry;
mod sealed_reply;
pub mod security;
pub mod shared_throttle;
pub mod sweeps;
pub mod traced_ports;
pub mod unreadable;
pub mod webhooks;

#[cfg(test)]
mod testing;

pub use app::{App, OperatorTotp, Policy};
pub use caller::{Caller, Conditions, IfMatch, IfNoneMatch, Operator, ServiceCaller, Staff, UserCaller};
pub use idempotent::{IdempotentReply, IdempotentRequest, KeyError};
pub use limits::{Limit, Throttled};
