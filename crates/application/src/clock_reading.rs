//! How long ago something was read, by two clocks that must agree.

use std::time::Duration;

use domain::Timestamp;
use ports::Clock;

/// One reading of two clocks: the time of day goes on while the machine sleeps, the monotonic one never steps
/// back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClockReading {
    /// The time of day.
    pub(crate) at: Timestamp,
    monotonic: Duration,
}

impl ClockReading {
    pub(crate) fn now(clock: &dyn Clock) -> Self {
        Self { at: clock.now(), monotonic: clock.monotonic_now() }
    }

    /// Whether this reading is at most `period` older than `now`. A time of day that was set back is not trusted:
    /// while it was ahead, more may have been forgotten than should be.
    pub(crate) fn is_recent(self, now: Self, period: Duration) -> bool {
        // Both clocks must agree. The monotonic one may pause while a machine sleeps, and the time of day may be set
        // back.
        (self.at..=self.at.saturating_add(period)).contains(&now.at)
            && now.monotonic.saturating_sub(self.monotonic) <= period
    }
}
