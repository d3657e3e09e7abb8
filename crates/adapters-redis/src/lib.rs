//! Locks, a cache, counters and broadcasts that all instances share: Redis.
//!
//! Redis makes the service faster and decides nothing: it may be unavailable, hang or lose its data at any
//! time. A call that it does not answer ends within a fixed limit, and while it is known to be unavailable
//! calls fail at once.
//!
//! It is one server, a cluster, or a master that Sentinels name; [`RedisAddress`] reads which from a URL. A cluster keeps
//! keys together whose parts in braces are the same, and runs a script only if all of its keys are together. These are the
//! scripts with several keys:
//!
//! | script | keys | together by |
//! | --- | --- | --- |
//! | grant of a lock | the lock, the last fencing token of its group | `{lock-17}`, the group of the lock's name |
//! | addition to counters | any number of counters | `{throttle}` |

mod address;
mod broadcast;
mod cache;
mod cluster;
mod connect;
mod connection;
mod faults;
mod locks;
mod node;
mod redis;
mod sentinels;
mod slots;
mod throttle;
mod wrong_server;

use std::time::Duration;

pub use circuit_breaker::DEFAULT_TIMEOUT;

pub use crate::address::{InvalidUrl, RedisAddress};
pub use crate::broadcast::RedisBroadcast;
pub use crate::cache::{RedisCache, VALUE_BYTES_MAX};
pub use crate::locks::RedisLocks;
pub use crate::redis::Redis;
pub use crate::throttle::RedisThrottle;
pub use crate::wrong_server::WrongServer;

/// Longest time to store, hold or wait for anything; a longer one is taken as this.
pub const DURATION_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// A duration in whole milliseconds, at least one: Redis refuses an expiry of zero.
fn duration_ms(time: Duration) -> u64 {
    u64::try_from(time.min(DURATION_MAX).as_millis()).unwrap_or(u64::MAX).max(1)
}
