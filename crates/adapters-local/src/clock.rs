//! The clocks: of the system, shifted against another, and set by hand.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use domain::Timestamp;
use ports::Clock;

/// The clock of the operating system, which may be set or step back at any time.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that all others read")]
    fn now(&self) -> Timestamp {
        let epoch = Timestamp::from_millis(0);
        match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => epoch.saturating_add(after),
            // A machine that starts with its clock before 1970 must still start.
            Err(before) => epoch.saturating_sub(before.duration()),
        }
    }

    fn monotonic_now(&self) -> Duration {
        #[expect(clippy::disallowed_methods, reason = "this is what all others measure by")]
        static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
        BEGAN.elapsed()
    }
}

/// A clock with a fixed difference to another one; its durations are the same.
pub struct ShiftedClock {
    clock: Arc<dyn Clock>,
    by_ms: i64,
}

impl ShiftedClock {
    /// A clock that is `by_ms` milliseconds ahead of `clock`, or behind it when the number is negative.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, by_ms: i64) -> Self {
        Self { clock, by_ms }
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.now().as_millis().saturating_add(self.by_ms))
    }

    fn monotonic_now(&self) -> Duration {
        self.clock.monotonic_now()
    }
}

/// A clock for tests, which stands still until it is set.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows `now` until it is set.
    #[must_use]
    pub const fn new(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.as_millis()))
    }

    /// Sets the clock to `now`, forwards or back.
    pub fn set_time(&self, now: Timestamp) {
        self.0.store(now.as_millis(), Ordering::SeqCst);
    }

    /// Moves the clock forward and returns its new time.
    pub fn advance(&self, by: Duration) -> Timestamp {
        let on = |now| Timestamp::from_millis(now).saturating_add(by).as_millis();
        // The closure always returns a value, so the update never fails; both variants hold the time before.
        let before = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| Some(on(now)));
        Timestamp::from_millis(on(before.unwrap_or_else(|now| now)))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_stands_still_until_it_is_set() {
        let clock = ManualClock::new(Timestamp::from_millis(1_000));
        assert_eq!(clock.now().as_millis(), 1_000);
        assert_eq!(clock.advance(Duration::from_secs(2)).as_millis(), 3_000);
        assert_eq!(clock.now().as_millis(), 3_000);
        clock.set_time(Timestamp::from_millis(5));
        assert_eq!(clock.now().as_millis(), 5);
    }

    #[test]
    fn a_shifted_clock_shows_another_time_and_measures_the_same_lengths() {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(9_000)));
        let (ahead, behind) =
            (ShiftedClock::new(clock.clone(), 50), ShiftedClock::new(clock.clone(), -8_000));
        assert_eq!((ahead.now().as_millis(), behind.now().as_millis()), (9_050, 1_000));
        assert_eq!(
            (ahead.monotonic_now(), behind.monotonic_now()),
            (clock.monotonic_now(), clock.monotonic_now())
        );
        let late = ShiftedClock::new(Arc::new(ManualClock::new(Timestamp::from_millis(i64::MAX))), 1);
        assert_eq!(late.now().as_millis(), i64::MAX, "it stops at the end of time");
    }
}
