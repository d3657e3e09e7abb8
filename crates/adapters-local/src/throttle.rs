//! Counters of attempts within this process.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use domain::Timestamp;
use moka::{Entry, Expiry, policy::EvictionPolicy, sync::Cache as Moka};
use ports::{Attempts, Clock, CountDelta, PortError, SharedCounters, Throttle};

use crate::{DURATION_MAX, ENTRY_OVERHEAD_BYTES};

/// Most memory of all counters, in bytes: about a hundred thousand counters. Beyond it the counter that was
/// used longest ago is dropped, so that one under attack stays.
const BYTES_MAX: u64 = 56 << 20;

const NONE: Attempts = Attempts { count: 0, resets_in: Duration::ZERO };

/// Counts attempts in memory, for this process only.
#[derive(Clone)]
pub struct LocalThrottle {
    clock: Arc<dyn Clock>,
    windows: Moka<String, Window>,
}

/// The attempts of one name since its window began.
#[derive(Debug, Clone, Copy)]
struct Window {
    count: u32,
    ends: Timestamp,
    /// Time from the last change to the end, which is the time to live of the entry.
    remaining: Duration,
}

impl LocalThrottle {
    /// A throttle without counts, whose windows end by `clock`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_bytes_max(clock, BYTES_MAX)
    }

    fn with_bytes_max(clock: Arc<dyn Clock>, bytes_max: u64) -> Self {
        let windows = Moka::builder()
            .max_capacity(bytes_max)
            .weigher(|name: &String, _: &Window| {
                u32::try_from(name.len().saturating_add(ENTRY_OVERHEAD_BYTES)).unwrap_or(u32::MAX)
            })
            // The default policy prefers names that were used often before, and would refuse a new counter
            // during a flood of names. Here the newest attempt always counts.
            .eviction_policy(EvictionPolicy::lru())
            .expire_after(WindowExpiry)
            .build();
        Self { clock, windows }
    }

    fn add_count(&self, name: &str, by: u32, window: Duration) -> Attempts {
        let now = self.clock.now();
        let window = window.min(DURATION_MAX);
        // One step under the entry's lock: of two attempts at the same time each gets its own count. The end
        // of the window is checked here as well, because the table's own expiry follows another clock and may
        // be late.
        let counted = self.windows.entry_by_ref(name).and_upsert_with(|kept| {
            let new = Window { count: 0, ends: now.saturating_add(window), remaining: window };
            let kept = kept.map(Entry::into_value).and_then(|it| it.active_at(now)).unwrap_or(new);
            Window { count: kept.count.saturating_add(by), ..kept }
        });
        counted.into_value().to_attempts()
    }
}

/// Drops a window when it is over: an attempt does not extend it.
struct WindowExpiry;

impl Expiry<String, Window> for WindowExpiry {
    fn expire_after_create(&self, _: &String, window: &Window, _: Instant) -> Option<Duration> {
        Some(window.remaining)
    }

    fn expire_after_update(
        &self,
        _: &String,
        window: &Window,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(window.remaining)
    }
}

impl Window {
    /// The window with the time that is left at `now`; `None` when it is over.
    fn active_at(self, now: Timestamp) -> Option<Self> {
        (now < self.ends).then(|| Self { remaining: self.ends.saturating_duration_since(now), ..self })
    }

    const fn to_attempts(self) -> Attempts {
        Attempts { count: self.count, resets_in: self.remaining }
    }
}

#[async_trait]
impl Throttle for LocalThrottle {
    async fn count_attempt(&self, name: &str, window: Duration) -> Result<Attempts, PortError> {
        Ok(self.add_count(name, 1, window))
    }

    async fn read_attempts(&self, name: &str) -> Result<Attempts, PortError> {
        let window = self.windows.get(name).and_then(|it| it.active_at(self.clock.now()));
        Ok(window.map_or(NONE, Window::to_attempts))
    }

    async fn reset_attempts(&self, name: &str) -> Result<(), PortError> {
        self.windows.invalidate(name);
        Ok(())
    }
}

/// Names of counters and of attempts are the same here: no caller uses one name for both.
#[async_trait]
impl SharedCounters for LocalThrottle {
    async fn add_counts(&self, deltas: &[CountDelta], window: Duration) -> Result<Vec<Attempts>, PortError> {
        Ok(deltas.iter().map(|it| self.add_count(&it.name, it.by, window)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ManualClock;

    const WINDOW: Duration = Duration::from_secs(900);

    fn throttle_fixture(bytes_max: u64) -> (Arc<ManualClock>, LocalThrottle) {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_000)));
        (Arc::clone(&clock), LocalThrottle::with_bytes_max(clock, bytes_max))
    }

    #[tokio::test]
    async fn a_window_ends_to_the_millisecond_and_is_not_prolonged() {
        let (clock, throttle) = throttle_fixture(BYTES_MAX);
        throttle.count_attempt("name", WINDOW).await.unwrap();
        clock.advance(WINDOW - Duration::from_millis(1));
        let last = throttle.count_attempt("name", WINDOW).await.unwrap();
        assert_eq!(last, Attempts { count: 2, resets_in: Duration::from_millis(1) });
        assert_eq!(throttle.read_attempts("name").await.unwrap(), last);
        clock.advance(Duration::from_millis(1));
        assert_eq!(throttle.read_attempts("name").await.unwrap(), NONE);
        assert_eq!(
            throttle.count_attempt("name", WINDOW).await.unwrap(),
            Attempts { count: 1, resets_in: WINDOW }
        );
    }

    #[tokio::test]
    async fn a_flood_of_names_stays_within_its_bytes_and_forgets_the_oldest_first() {
        let (_, throttle) = throttle_fixture(10_000);
        for hits in 0..5_000 {
            throttle.count_attempt(&format!("{}", hits / 5), WINDOW).await.unwrap();
            throttle.windows.run_pending_tasks();
        }
        assert!(throttle.windows.weighted_size() <= 10_000, "{}", throttle.windows.weighted_size());
        for count in 1..=20 {
            assert_eq!(
                throttle.count_attempt("attacked", WINDOW).await.unwrap().count,
                count,
                "it is not kept"
            );
            throttle.windows.run_pending_tasks();
            throttle.count_attempt(&format!("flood {count}"), WINDOW).await.unwrap();
        }
        assert_eq!(throttle.read_attempts("0").await.unwrap(), NONE);
    }
}
