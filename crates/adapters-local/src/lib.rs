//! In-process cache, locks, counters, broadcasts, clocks and a record.
//!
//! They serve an instance that runs alone. The counters also go on counting while the shared ones are
//! unavailable. Each of them bounds what it stores, so that clients cannot fill the memory.
//! Only [`MemoryRecord`] has no bound: it is a system of record for tests and simulations, and no instance runs on it.

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

/// Longest time to store, hold or wait for anything; a longer one is taken as this. It keeps sums of times
/// from overflowing.
pub const DURATION_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Memory of an entry of a table beside its key and value, in bytes. A table of 100,000 entries was measured to take 490
/// more for each of them.
const ENTRY_OVERHEAD_BYTES: usize = 512;
