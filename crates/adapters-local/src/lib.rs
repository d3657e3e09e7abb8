//! In-process cache, locks, counters, broadcasts and clocks.
//!
//! They serve one instance that stands alone, and take the place of the outer ones while those are away. All of them
//! have a bound on what they keep.

mod broadcast;
mod cache;
mod clock;
mod locks;
mod throttle;

pub use broadcast::LocalBroadcast;
pub use cache::LocalCache;
pub use clock::{ManualClock, ShiftedClock, SystemClock};
pub use locks::LocalLocks;
pub use throttle::LocalThrottle;

use std::time::Duration;

/// Longest time that anything is kept, held or waited for; a longer one is taken as this.
pub const DURATION_MAX: Duration = Duration::from_secs(24 * 60 * 60);
