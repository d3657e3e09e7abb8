//! Natural batching: items that arrive while others are worked on are worked on together next.
//!
//! ```text
//! submit ─► queue ─► may a lane begin? ─► takes everything that waits, at most BATCH_MAX ─► run_batch
//!                         ▲                                                                    │
//!                         └────────────── each item gets its own outcome ◄─────────────────────┘
//! ```
//!
//! An item that finds no lane busy is worked on at once and alone. While lanes are busy, items wait, and the next lane that
//! ends its batch takes them together: the busier the database is, the more items share one round trip, and the less
//! each of them costs. A further lane begins when enough items wait to be worth a batch of their own, or when one has
//! waited for long because the busy lanes wait for a lock.
//!
//! The promise: each item is in at most one batch, which begins after the item was submitted and runs to its end even
//! if the caller is dropped. An item that is in none was refused, and its caller knows.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use ports::PortError;
use tokio::{
    runtime::Handle,
    sync::oneshot,
    time::{Duration, Instant, timeout},
};

/// The largest number of items in one batch. More would hold locks and memory for longer, and save little.
const BATCH_MAX: usize = 64;
/// The longest time that an item waits before its batch begins. The database is silent then, and an item that waits longer
/// only holds resources until it gets an error.
const WAIT_MAX: Duration = Duration::from_secs(3);
/// The largest number of items that wait. More of them would wait for too long.
const WAITING_MAX: usize = 4_096;

/// After how long an item that waits begins a further lane, if one is left. Batches are shorter, unless they wait for a lock.
const LANE_WAIT: Duration = Duration::from_millis(100);

/// How many batches are worked on at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lanes {
    /// The largest number of batches at once, from 1.
    pub max: usize,
    /// How many items must wait for a lane to begin beside busy ones, from 1. More make fewer and larger batches.
    pub items: usize,
}

/// What is done with a batch.
#[async_trait]
pub(crate) trait BatchWork: Send + Sync + 'static {
    /// What callers submit.
    type Item: Send + 'static;
    /// What each of them gets.
    type Outcome: Send + 'static;

    /// Is called when a batch begins: how long its oldest item has waited, and how many items still wait.
    fn observe_queue(&self, _longest_wait: Duration, _waiting: usize) {}

    /// Works on all items and returns one outcome for each, in the same order.
    async fn run_batch(&self, items: Vec<Self::Item>) -> Vec<Self::Outcome>;
}

/// Collects items into batches.
pub(crate) struct Batcher<W: BatchWork>(Arc<Shared<W>>);

struct Shared<W: BatchWork> {
    work: W,
    lanes: Lanes,
    /// The runtime that lanes run on. It is that of the process: the one of an HTTP worker ends with the worker, and
    /// would take the items of others with it.
    runtime: Handle,
    queue: Mutex<Queue<W>>,
}

struct Queue<W: BatchWork> {
    waiting: VecDeque<WaitingItem<W>>,
    /// How many lanes are busy.
    busy: usize,
    /// How many of them have taken no batch yet.
    beginning: usize,
}

struct WaitingItem<W: BatchWork> {
    item: W::Item,
    since: Instant,
    outcome: oneshot::Sender<Result<W::Outcome, PortError>>,
}

impl<W: BatchWork> Batcher<W> {
    /// Batches for `work`, with at least one at once. Lanes run on the present runtime.
    ///
    /// # Panics
    /// Outside a runtime.
    pub(crate) fn new(work: W, lanes: Lanes) -> Self {
        let queue = Mutex::new(Queue { waiting: VecDeque::new(), busy: 0, beginning: 0 });
        Self(Arc::new(Shared { work, lanes, runtime: Handle::current(), queue }))
    }

    pub(crate) fn work(&self) -> &W {
        &self.0.work
    }

    /// Waits until the item is worked on.
    ///
    /// # Errors
    /// `Unavailable` when too many items wait, or this one waited for 3 s: then nothing is done. `Bug` when the batch
    /// panicked: then it is not known what was done.
    pub(crate) async fn submit(&self, item: W::Item) -> Result<W::Outcome, PortError> {
        let (outcome, mut received) = oneshot::channel();
        self.push_item(WaitingItem { item, since: instant_now(), outcome })?;
        if let Ok(outcome) = timeout(LANE_WAIT, &mut received).await {
            return outcome.map_err(PortError::bug)?;
        }
        self.begin_lane_for_waiting();
        received.await.map_err(PortError::bug)?
    }

    fn push_item(&self, item: WaitingItem<W>) -> Result<(), PortError> {
        let mut queue = self.0.lock_queue();
        if queue.waiting.len() >= WAITING_MAX {
            return Err(PortError::unavailable("too many requests wait for the database"));
        }
        queue.waiting.push_back(item);
        // What waits is left to the lanes that begin already, as far as it is worth a batch for each of them.
        let left_to_others = queue.beginning.saturating_mul(self.0.lanes.items);
        let is_worth_it = queue.waiting.len() >= left_to_others.saturating_add(self.0.lanes.items);
        let begins = queue.busy == 0 || is_worth_it;
        self.begin_lane(queue, begins);
        Ok(())
    }

    /// Begins a lane for items that have waited for long.
    fn begin_lane_for_waiting(&self) {
        let queue = self.0.lock_queue();
        let is_waiting = !queue.waiting.is_empty();
        self.begin_lane(queue, is_waiting);
    }

    /// Begins a lane if one is wanted and left.
    fn begin_lane(&self, mut queue: MutexGuard<'_, Queue<W>>, is_wanted: bool) {
        let begins = is_wanted && queue.busy < self.0.lanes.max.max(1);
        if begins {
            queue.busy = queue.busy.saturating_add(1);
            queue.beginning = queue.beginning.saturating_add(1);
        }
        drop(queue);
        if begins {
            spawn_lane(&self.0);
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a period is a length of time: it does not follow the clock on the wall"
)]
fn instant_now() -> Instant {
    Instant::now()
}

// A batch belongs to many callers and must not end with one of them; every caller that is left waits for it.
fn spawn_lane<W: BatchWork>(shared: &Arc<Shared<W>>) {
    let lane = Lane { shared: Arc::clone(shared), is_beginning: true, is_done: false };
    drop(shared.runtime.spawn(async move { lane.run().await }));
}

impl<W: BatchWork> Shared<W> {
    fn lock_queue(&self) -> MutexGuard<'_, Queue<W>> {
        // Each critical section leaves the queue whole, so a panic elsewhere spoils nothing.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task that works on batch after batch until nothing waits.
struct Lane<W: BatchWork> {
    shared: Arc<Shared<W>>,
    /// Whether it has taken no batch yet.
    is_beginning: bool,
    /// Whether it has freed its place, which happens under the same lock as the look into the empty queue.
    is_done: bool,
}

impl<W: BatchWork> Lane<W> {
    async fn run(mut self) {
        while let Some(batch) = self.next_batch() {
            if batch.is_empty() {
                continue;
            }
            let (items, callers): (Vec<_>, Vec<_>) =
                batch.into_iter().map(|it| (it.item, it.outcome)).unzip();
            let outcomes = self.shared.work.run_batch(items).await;
            for (caller, outcome) in callers.into_iter().zip(outcomes) {
                // A caller that was dropped needs no outcome; its item is worked on all the same.
                let _ = caller.send(Ok(outcome));
            }
        }
    }

    fn next_batch(&mut self) -> Option<Vec<WaitingItem<W>>> {
        let mut queue = self.shared.lock_queue();
        if std::mem::take(&mut self.is_beginning) {
            queue.beginning = queue.beginning.saturating_sub(1);
        }
        let length = queue.waiting.len().min(BATCH_MAX);
        if length == 0 {
            queue.busy = queue.busy.saturating_sub(1);
            drop(queue);
            self.is_done = true;
            return None;
        }
        let batch: Vec<_> = queue.waiting.drain(..length).collect();
        let waiting = queue.waiting.len();
        drop(queue);
        let now = instant_now();
        let longest_wait = batch.first().map(|it| now.saturating_duration_since(it.since));
        self.shared.work.observe_queue(longest_wait.unwrap_or_default(), waiting);
        Some(refuse_late_items(batch, now))
    }
}

/// The items that are worked on. One that waited for too long is not begun, and its caller learns that.
fn refuse_late_items<W: BatchWork>(batch: Vec<WaitingItem<W>>, now: Instant) -> Vec<WaitingItem<W>> {
    let (late, items): (Vec<_>, Vec<_>) =
        batch.into_iter().partition(|it| now.saturating_duration_since(it.since) >= WAIT_MAX);
    for item in late {
        let _ = item.outcome.send(Err(PortError::unavailable("the database was busy for too long")));
    }
    items
}

impl<W: BatchWork> Drop for Lane<W> {
    /// Frees the place of a lane that panicked. If it was the last one, nothing would take what waits: those callers
    /// get an error, and the next item starts a new lane.
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        let mut queue = self.shared.lock_queue();
        queue.busy = queue.busy.saturating_sub(1);
        if queue.busy == 0 {
            queue.waiting.clear();
        }
    }
}
