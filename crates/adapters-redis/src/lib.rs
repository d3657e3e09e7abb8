//! Locks, a cache, counters and broadcasts that all instances share: Redis.
//!
//! Redis makes the service faster and decides nothing: it may be unavailable, hang or lose its data at any
//! time. A call that it does not answer ends within a fixed limit, and while it is known to be unavailable
//! calls fail at once.

mod broadcast;
mod cache;
mod connection;
mod locks;
mod redis;
mod throttle;

use std::time::Duration;

pub use crate::broadcast::RedisBroadcast;
pub use crate::cache::{RedisCache, VALUE_BYTES_MAX};
pub use crate::locks::RedisLocks;
pub use crate::redis::{InvalidUrl, Redis};
pub use crate::throttle::RedisThrottle;

/// Longest time to store, hold or wait for anything; a longer one is taken as this.
pub const DURATION_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// A duration in whole milliseconds, at least one: Redis refuses an expiry of zero.
fn duration_ms(time: Duration) -> u64 {
    u64::try_from(time.min(DURATION_MAX).as_millis()).unwrap_or(u64::MAX).max(1)
}
