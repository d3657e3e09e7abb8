//! Counters within the process.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use domain::Timestamp;
use moka::{Entry, Expiry, policy::EvictionPolicy, sync::Cache as Moka};
use ports::{Attempts, Clock, PortError, Throttle};

use crate::DURATION_MAX;

/// Most memory that counters take, in bytes: about a hundred thousand of them. Beyond it those are forgotten that were
/// touched longest ago, so that one under attack is kept.
const BYTES_MAX: u64 = 16 << 20;
/// What a counter weighs beside its name, in bytes.
const OVERHEAD_BYTES: usize = 128;

const NONE: Attempts = Attempts { count: 0, resets_in: Duration::ZERO };

/// Counts attempts in memory.
#[derive(Clone)]
pub struct LocalThrottle {
    clock: Arc<dyn Clock>,
    windows: Moka<String, Window>,
}

/// The attempts since a window began.
#[derive(Debug, Clone, Copy)]
struct Window {
    count: u32,
    ends: Timestamp,
    /// From the last change to the end: how long it is worth keeping.
    left: Duration,
}

impl LocalThrottle {
    /// Nothing counted yet. The end of a window is read off `clock`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::bounded(clock, BYTES_MAX)
    }

    fn bounded(clock: Arc<dyn Clock>, bytes_max: u64) -> Self {
        let windows = Moka::builder()
            .max_capacity(bytes_max)
            .weigher(|name: &String, _: &Window| {
                u32::try_from(name.len().saturating_add(OVERHEAD_BYTES)).unwrap_or(u32::MAX)
            })
            .eviction_policy(EvictionPolicy::lru())
            .expire_after(AtItsEnd)
            .build();
        Self { clock, windows }
    }
}

/// A window is dropped when it is over, however often it was changed.
struct AtItsEnd;

impl Expiry<String, Window> for AtItsEnd {
    fn expire_after_create(&self, _: &String, window: &Window, _: Instant) -> Option<Duration> {
        Some(window.left)
    }

    fn expire_after_update(
        &self,
        _: &String,
        window: &Window,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(window.left)
    }
}

impl Window {
    /// A window as it is at `now`; `None` when it is over.
    fn at(self, now: Timestamp) -> Option<Self> {
        (now < self.ends).then(|| Self { left: self.ends.since(now), ..self })
    }

    const fn attempts(self) -> Attempts {
        Attempts { count: self.count, resets_in: self.left }
    }
}

#[async_trait]
impl Throttle for LocalThrottle {
    async fn hit(&self, name: &str, window: Duration) -> Result<Attempts, PortError> {
        let now = self.clock.now();
        let window = window.min(DURATION_MAX);
        let counted = self.windows.entry_by_ref(name).and_upsert_with(|kept| {
            let new = Window { count: 0, ends: now.plus(window), left: window };
            let kept = kept.map(Entry::into_value).and_then(|it| it.at(now)).unwrap_or(new);
            Window { count: kept.count.saturating_add(1), ..kept }
        });
        Ok(counted.into_value().attempts())
    }

    async fn count(&self, name: &str) -> Result<Attempts, PortError> {
        let window = self.windows.get(name).and_then(|it| it.at(self.clock.now()));
        Ok(window.map_or(NONE, Window::attempts))
    }

    async fn clear(&self, name: &str) -> Result<(), PortError> {
        self.windows.invalidate(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ManualClock;

    const WINDOW: Duration = Duration::from_secs(900);

    fn fixture(bytes_max: u64) -> (Arc<ManualClock>, LocalThrottle) {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_000)));
        (Arc::clone(&clock), LocalThrottle::bounded(clock, bytes_max))
    }

    #[tokio::test]
    async fn a_window_ends_to_the_millisecond_and_is_not_prolonged() {
        let (clock, throttle) = fixture(BYTES_MAX);
        throttle.hit("name", WINDOW).await.unwrap();
        clock.advance(WINDOW - Duration::from_millis(1));
        let last = throttle.hit("name", WINDOW).await.unwrap();
        assert_eq!(last, Attempts { count: 2, resets_in: Duration::from_millis(1) });
        assert_eq!(throttle.count("name").await.unwrap(), last);
        clock.advance(Duration::from_millis(1));
        assert_eq!(throttle.count("name").await.unwrap(), NONE);
        assert_eq!(throttle.hit("name", WINDOW).await.unwrap(), Attempts { count: 1, resets_in: WINDOW });
    }

    #[tokio::test]
    async fn a_flood_of_names_stays_within_its_bytes_and_forgets_the_oldest_first() {
        let (_, throttle) = fixture(10_000);
        for hits in 0..5_000 {
            throttle.hit(&format!("{}", hits / 5), WINDOW).await.unwrap();
            throttle.windows.run_pending_tasks();
        }
        assert!(throttle.windows.weighted_size() <= 10_000, "{}", throttle.windows.weighted_size());
        for count in 1..=20 {
            assert_eq!(throttle.hit("attacked", WINDOW).await.unwrap().count, count, "it is not kept");
            throttle.windows.run_pending_tasks();
            throttle.hit(&format!("flood {count}"), WINDOW).await.unwrap();
        }
        assert_eq!(throttle.count("0").await.unwrap(), NONE);
    }
}
