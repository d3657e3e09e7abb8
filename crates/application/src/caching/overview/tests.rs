use std::sync::atomic::{AtomicU64, Ordering};

use domain::Timestamp;
use ports::BucketSize;

use super::*;
use crate::testing::ManualClock;

/// Counts its reads, and how many ran at the same time.
#[derive(Default)]
struct CountingReads {
    reads: AtomicU64,
    running: AtomicU64,
    together: AtomicU64,
}

#[async_trait]
impl OverviewRepository for CountingReads {
    async fn read_figures(&self, _: OverviewWindow, _: u32) -> Result<OverviewFigures, PortError> {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.together.fetch_max(running, Ordering::SeqCst);
        tokio::task::yield_now().await;
        self.running.fetch_sub(1, Ordering::SeqCst);
        self.reads.fetch_add(1, Ordering::SeqCst);
        Ok(OverviewFigures::default())
    }
}

struct Fixture {
    inner: Arc<CountingReads>,
    clock: Arc<ManualClock>,
    cached: CachedOverview,
}

impl Fixture {
    fn new() -> Self {
        let (inner, clock) = (Arc::<CountingReads>::default(), Arc::<ManualClock>::default());
        Self { cached: CachedOverview::new(inner.clone(), clock.clone()), inner, clock }
    }

    fn reads(&self) -> u64 {
        self.inner.reads.load(Ordering::SeqCst)
    }
}

/// The hour that many hours after 1970.
fn hour(number: i64) -> OverviewWindow {
    let at = |it: i64| Timestamp::from_millis(it * 3_600_000);
    OverviewWindow::covering(BucketSize::Hour, 0, at(number), at(number + 1)).unwrap()
}

#[tokio::test]
async fn figures_are_read_again_after_five_seconds() {
    let it = Fixture::new();
    for _ in 0..3 {
        it.cached.read_figures(hour(1), 9).await.unwrap();
    }
    assert_eq!(it.reads(), 1);
    it.clock.advance(KEPT + Duration::from_millis(1));
    it.cached.read_figures(hour(1), 9).await.unwrap();
    assert_eq!(it.reads(), 2);
}

#[tokio::test]
async fn each_window_has_its_own_figures() {
    let it = Fixture::new();
    it.cached.read_figures(hour(1), 9).await.unwrap();
    it.cached.read_figures(hour(2), 9).await.unwrap();
    it.cached.read_figures(hour(2), 8).await.unwrap();
    assert_eq!(it.reads(), 3);
}

#[tokio::test]
async fn callers_of_any_windows_read_one_after_the_other() {
    let it = Fixture::new();
    let callers = (0..20).map(|number| it.cached.read_figures(hour(number % 10), 9));
    for outcome in futures_util::future::join_all(callers).await {
        outcome.unwrap();
    }
    assert_eq!(it.inner.together.load(Ordering::SeqCst), 1);
    assert_eq!(it.reads(), 10, "two callers of one window share a read");
}

#[tokio::test]
async fn more_windows_than_are_kept_are_still_answered() {
    let it = Fixture::new();
    for number in 0..100 {
        it.cached.read_figures(hour(number), 9).await.unwrap();
    }
    assert_eq!(it.reads(), 100);
    assert!(it.cached.kept.lock().await.len() <= WINDOWS_MAX);
}

#[tokio::test]
async fn what_waits_is_counted_again_after_five_seconds_and_after_a_failure() {
    let (clock, recent, counts) = (ManualClock::default(), RecentBacklog::default(), AtomicU64::new(0));
    let counted = Backlog { feed: FeedBacklog { events: 1, oldest_at: None }, deliveries: 2 };
    let count = || async {
        counts.fetch_add(1, Ordering::SeqCst);
        Ok(counted)
    };
    let away = async { Err(PortError::unavailable("gone")) };
    recent.count_or_recall(&clock, away).await.unwrap_err();
    for _ in 0..3 {
        assert_eq!(recent.count_or_recall(&clock, count()).await.unwrap(), counted);
    }
    assert_eq!(counts.load(Ordering::SeqCst), 1);
    clock.advance(KEPT + Duration::from_millis(1));
    assert_eq!(recent.count_or_recall(&clock, count()).await.unwrap(), counted);
    assert_eq!(counts.load(Ordering::SeqCst), 2);
}
