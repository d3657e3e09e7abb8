use std::sync::atomic::{AtomicUsize, Ordering};

use domain::{ChangedBy, FindingId, Text, Timestamp};
use ports::{Prunable, Write};
use tokio::{
    sync::Semaphore,
    time::{Duration, sleep},
};

use std::sync::Mutex;

use ports::PortError;

use super::*;
use crate::{batching::Lanes, testing::RecordingMetrics};

/// A store that commits when the test lets it, refuses units named `stale`, and panics at those named `panic`.
#[derive(Default)]
struct GatedStore {
    gate: Option<Semaphore>,
    batches: Mutex<Vec<Vec<String>>>,
    entered: AtomicUsize,
}

fn unit(name: &str) -> UnitOfWork {
    UnitOfWork::new().with_write(Write::ResolveFinding {
        id: FindingId::new(name.to_owned()),
        note: Text::new("done"),
        by: ChangedBy::SYSTEM,
        at: Timestamp::from_millis(0),
    })
}

fn name(unit: &UnitOfWork) -> String {
    match unit.writes() {
        [Write::ResolveFinding { id, .. }] => id.to_string(),
        _ => "another".to_owned(),
    }
}

#[async_trait]
impl Store for GatedStore {
    async fn commit(&self, work: UnitOfWork) -> Result<(), CommitError> {
        self.commit_all(vec![work]).await.pop().unwrap()
    }

    async fn commit_all(&self, units: Vec<UnitOfWork>) -> Vec<Result<(), CommitError>> {
        self.entered.fetch_add(1, Ordering::SeqCst);
        if let Some(gate) = &self.gate {
            gate.acquire().await.unwrap().forget();
        }
        let names: Vec<_> = units.iter().map(name).collect();
        assert!(!names.iter().any(|it| it == "panic"), "as the test wants it");
        let outcome = |it: &String| if it == "stale" { Err(CommitError::Stale) } else { Ok(()) };
        let outcomes = names.iter().map(outcome).collect();
        self.batches.lock().unwrap().push(names);
        outcomes
    }
}

struct Bench {
    store: Arc<GatedStore>,
    metrics: Arc<RecordingMetrics>,
    group: Arc<GroupCommit>,
}

impl Bench {
    fn new(gate: Option<usize>) -> Self {
        Self::with_lanes(gate, Lanes { max: 1, items: 1 })
    }

    fn with_lanes(gate: Option<usize>, lanes: Lanes) -> Self {
        let store = Arc::new(GatedStore { gate: gate.map(Semaphore::new), ..GatedStore::default() });
        let metrics = Arc::new(RecordingMetrics::default());
        let group = Arc::new(GroupCommit::new(store.clone(), metrics.clone(), lanes));
        Self { store, metrics, group }
    }

    /// Begins to commit a unit of that name, which gets into the queue before this returns.
    #[expect(clippy::disallowed_methods, reason = "a test has callers of its own")]
    async fn begin(&self, name: &str) -> tokio::task::JoinHandle<Result<(), CommitError>> {
        let (group, work) = (Arc::clone(&self.group), unit(name));
        let task = tokio::spawn(async move { group.commit(work).await });
        // Twice: once for the caller, and once for a lane that it starts.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        task
    }

    fn open_gate(&self, times: usize) {
        self.store.gate.as_ref().unwrap().add_permits(times);
    }

    fn batches(&self) -> Vec<Vec<String>> {
        self.store.batches.lock().unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_finds_a_free_lane_is_committed_at_once_and_alone() {
    let it = Bench::new(None);
    for name in ["a", "b"] {
        it.group.commit(unit(name)).await.unwrap();
    }
    assert_eq!(it.batches(), [["a"], ["b"]]);
    let alone = [Observation::CommitQueue(Duration::ZERO, 0), Observation::CommitBatch(1)];
    assert_eq!(it.metrics.all_observations(), [alone.clone(), alone].concat());
}

#[tokio::test(start_paused = true)]
async fn units_that_come_while_the_lane_is_busy_share_the_next_one_and_each_gets_its_outcome() {
    let it = Bench::new(Some(0));
    let first = it.begin("a").await;
    let [b, stale, c] = [it.begin("b").await, it.begin("stale").await, it.begin("c").await];
    it.open_gate(2);
    first.await.unwrap().unwrap();
    b.await.unwrap().unwrap();
    assert!(matches!(stale.await.unwrap(), Err(CommitError::Stale)));
    c.await.unwrap().unwrap();
    assert_eq!(it.batches(), [vec!["a"], vec!["b", "stale", "c"]], "in the order they came");
}

#[tokio::test(start_paused = true)]
async fn a_further_lane_begins_for_enough_units_and_no_more_than_there_are() {
    let it = Bench::with_lanes(Some(0), Lanes { max: 2, items: 3 });
    let mut all = Vec::new();
    for name in ["a", "b", "c", "d", "e", "f", "g"] {
        all.push(it.begin(name).await);
        let lanes = if name < "d" { 1 } else { 2 };
        assert_eq!(it.store.entered.load(Ordering::SeqCst), lanes, "after {name}");
    }
    it.open_gate(3);
    for unit in all {
        unit.await.unwrap().unwrap();
    }
    let mut batches = it.batches();
    batches.sort_unstable();
    assert_eq!(batches, [vec!["a"], vec!["b", "c", "d"], vec!["e", "f", "g"]]);
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_waits_for_a_lane_that_is_stuck_begins_a_further_one() {
    let it = Bench::with_lanes(Some(0), Lanes { max: 2, items: 3 });
    let [stuck, waiting] = [it.begin("a").await, it.begin("b").await];
    sleep(Duration::from_millis(99)).await;
    assert_eq!(it.store.entered.load(Ordering::SeqCst), 1);
    sleep(Duration::from_millis(2)).await;
    assert_eq!(it.store.entered.load(Ordering::SeqCst), 2, "it waits no longer");
    it.open_gate(2);
    stuck.await.unwrap().unwrap();
    waiting.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_unit_whose_caller_is_gone_is_committed() {
    let it = Bench::new(Some(0));
    let (first, gone) = (it.begin("a").await, it.begin("gone").await);
    gone.abort();
    it.open_gate(2);
    first.await.unwrap().unwrap();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(it.batches(), [["a"], ["gone"]]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_has_an_end_and_so_has_the_queue() {
    const BATCH_MAX: usize = 64;
    const WAITING_MAX: usize = 4_096;
    let it = Bench::new(Some(0));
    let mut all = vec![it.begin("first").await];
    for number in 0..WAITING_MAX {
        all.push(it.begin(&number.to_string()).await);
    }
    let refused = it.begin("one more").await.await.unwrap();
    assert!(matches!(refused, Err(CommitError::Failed(PortError::Unavailable(_)))));
    it.open_gate(1 + WAITING_MAX);
    for unit in all {
        unit.await.unwrap().unwrap();
    }
    let lengths: Vec<_> = it.batches().iter().map(Vec::len).collect();
    assert_eq!(lengths.len(), 1 + WAITING_MAX / BATCH_MAX);
    assert!(lengths.iter().skip(1).all(|it| *it == BATCH_MAX));
    let full = u32::try_from(WAITING_MAX - BATCH_MAX).unwrap();
    assert_eq!(it.metrics.count(Observation::CommitQueue(Duration::ZERO, full)), 1, "the queue was full");
}

#[tokio::test(start_paused = true)]
async fn the_wait_of_the_oldest_unit_is_measured() {
    let it = Bench::new(Some(0));
    let (first, oldest) = (it.begin("a").await, it.begin("b").await);
    sleep(Duration::from_secs(1)).await;
    let newer = it.begin("c").await;
    sleep(Duration::from_secs(1)).await;
    it.open_gate(2);
    for unit in [first, oldest, newer] {
        unit.await.unwrap().unwrap();
    }
    assert_eq!(it.metrics.count(Observation::CommitQueue(Duration::from_secs(2), 0)), 1);
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_prunes_or_probes_waits_for_no_other() {
    let it = Bench::new(Some(0));
    let first = it.begin("a").await;
    let (group, at) = (Arc::clone(&it.group), Timestamp::from_millis(0));
    let alone =
        [Write::Prune(Prunable::Claims, at, 1), Write::Probe(at)].map(|it| UnitOfWork::new().with_write(it));
    let alone = alone.map(|work| {
        let group = Arc::clone(&group);
        async move { group.commit(work).await }
    });
    let (both, ()) = tokio::join!(join_both(alone), async {
        sleep(Duration::from_millis(1)).await;
        assert_eq!(it.store.entered.load(Ordering::SeqCst), 3, "all three are in the store");
        it.open_gate(3);
    });
    both.into_iter().for_each(|it| it.unwrap());
    first.await.unwrap().unwrap();
}

async fn join_both<F: Future>([a, b]: [F; 2]) -> [F::Output; 2] {
    let (a, b) = tokio::join!(a, b);
    [a, b]
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_waits_for_too_long_is_refused_and_not_committed() {
    let it = Bench::new(Some(0));
    let (first, late) = (it.begin("a").await, it.begin("late").await);
    sleep(Duration::from_secs(2)).await;
    let in_time = it.begin("b").await;
    sleep(Duration::from_secs(1)).await;
    it.open_gate(2);
    first.await.unwrap().unwrap();
    in_time.await.unwrap().unwrap();
    assert!(matches!(late.await.unwrap(), Err(CommitError::Failed(PortError::Unavailable(_)))));
    assert_eq!(it.batches(), [["a"], ["b"]]);
}

#[test]
fn a_lane_outlives_the_runtime_of_the_caller_that_started_it() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let (process, worker) = (runtime(), runtime());
    let it = process.block_on(async { Bench::new(Some(0)) });
    let first = worker.block_on(it.begin("a"));
    drop((first, worker));
    process.block_on(async {
        let second = it.begin("b").await;
        it.open_gate(2);
        second.await.unwrap().unwrap();
    });
    assert_eq!(it.batches(), [["a", "b"]], "the lane begins with the process");
}

#[tokio::test(start_paused = true)]
async fn a_panic_fails_the_units_of_its_lane_and_the_next_unit_is_committed() {
    let it = Bench::new(Some(0));
    let [one, other] = [it.begin("panic").await, it.begin("b").await];
    it.open_gate(2);
    for lost in [one, other] {
        assert!(matches!(lost.await.unwrap(), Err(CommitError::Failed(PortError::Bug(_)))));
    }
    it.group.commit(unit("c")).await.unwrap();
    assert_eq!(it.batches(), [["c"]]);
}
