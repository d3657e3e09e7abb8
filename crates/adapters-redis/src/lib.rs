//! Locks, a cache, counters and broadcasts that all instances share: Redis.
//!
//! Redis makes things fast, it decides nothing: it may be away, hung or emptied at any moment. A call that it does not
//! answer ends within a named limit, and while it is known to be away calls fail at once.

mod broadcast;
mod cache;
mod locks;
mod pool;
mod redis;
mod throttle;

use std::time::Duration;

pub use crate::broadcast::RedisBroadcast;
pub use crate::cache::{RedisCache, VALUE_BYTES_MAX};
pub use crate::locks::RedisLocks;
pub use crate::redis::{InvalidUrl, Redis};
pub use crate::throttle::RedisThrottle;

/// Longest time that anything is kept, held or waited for; a longer one is taken as this.
pub const DURATION_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// A length of time as Redis counts it: whole milliseconds, at least one.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.min(DURATION_MAX).as_millis()).unwrap_or(u64::MAX).max(1)
}
