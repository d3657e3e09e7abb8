//! In-process cache, locks, counters, broadcasts, clocks and a record.
//!
//! They serve one instance that stands alone, and take the place of the outer ones while those are away. All of them
//! have a bound on what they keep, but for [`MemoryRecord`]: it is a system of record for tests and simulations, and no
//! instance runs on it.

mod broadcast;
mod cache;
mod clock;
mod locks;
pub mod record;
mod throttle;

pub use broadcast::LocalBroadcast;
pub use cache::LocalCache;
pub use clock::{ManualClock, ShiftedClock, SystemClock};
pub use locks::LocalLocks;
pub use record::MemoryRecord;
pub use throttle::LocalThrottle;

use std::time::Duration;

/// Longest time that anything is kept, held or waited for; a longer one is taken as this.
pub const DURATION_MAX: Duration = Duration::from_secs(24 * 60 * 60);
