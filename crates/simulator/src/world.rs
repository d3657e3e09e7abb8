//! What all parts of a history share: chance, virtual time, the record, the gateway, and the trace.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use adapters_local::MemoryRecord;
use application::App;
use domain::{Timestamp, Transaction};
use ports::OrderHead;
use tokio::{sync::oneshot, time::Instant};

use crate::{
    chance::Chance,
    executor::WakeList,
    faults::{Coverage, Fault},
    gateway::Ledger,
    lock::lock,
    model::Model,
    mutants::Mutant,
    ports::{cache::SharedEntries, locks::LockTable},
    sessions::SessionBook,
    webhooks::WebhookModel,
};

/// The time at which every history begins.
const BEGINNING: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// A task of a history.
pub(crate) type TaskFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where a task runs, and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Label {
    /// The instance, which ends the task when it crashes; `None` for clients, the gateway and servers.
    pub(crate) instance: Option<usize>,
    /// The kind of step, for the trace and the coverage.
    pub(crate) step: &'static str,
}

impl Label {
    /// A task outside of all instances.
    pub(crate) const fn outside(step: &'static str) -> Self {
        Self { instance: None, step }
    }
}

/// An instance of the service.
pub(crate) struct Slot {
    /// Its use cases; `None` while it is down.
    pub(crate) app: Option<Arc<App>>,
    /// Whether this life of it goes on. Ports keep it, so that what a dead instance drops has no effect.
    pub(crate) alive: Arc<AtomicBool>,
    /// By how much its clock is ahead, in milliseconds.
    pub(crate) skew_ms: Arc<AtomicI64>,
    /// Whether it looks for ended sessions at present.
    pub(crate) is_looking: Arc<AtomicBool>,
}

/// One simulated world.
pub(crate) struct World {
    pub(crate) chance: Chance,
    pub(crate) record: Arc<MemoryRecord>,
    pub(crate) ledger: Mutex<Ledger>,
    pub(crate) model: Mutex<Model>,
    pub(crate) sessions: Mutex<SessionBook>,
    pub(crate) hooks: Mutex<WebhookModel>,
    pub(crate) slots: Mutex<Vec<Slot>>,
    pub(crate) shared_cache: SharedEntries,
    pub(crate) locks: LockTable,
    /// The planted fault; `None` in a history that must hold.
    pub(crate) mutant: Option<Mutant>,
    /// The first head of each order that was read; only a planted fault uses it.
    pub(crate) first_heads: Mutex<BTreeMap<i64, OrderHead>>,
    /// The transactions before the last commit; only a planted fault uses them.
    pub(crate) lagging: Mutex<Vec<Transaction>>,
    /// By how many milliseconds the clocks of instances are ahead at least and at most, from each time on.
    clock_skews: Mutex<Vec<(Duration, i64, i64)>>,
    ids: AtomicI64,
    has_faults: AtomicBool,
    had_unreadable_row: AtomicBool,
    coverage: Mutex<Coverage>,
    label: Mutex<Label>,
    spawned: Mutex<Vec<(Label, TaskFuture)>>,
    /// The tasks that can go on.
    pub(crate) woken: Arc<WakeList>,
    trace: Mutex<Option<Vec<String>>>,
    violation: Mutex<Option<String>>,
    began: Instant,
}

impl World {
    /// A world without instances. With `traces` it keeps a line for everything that happens.
    pub(crate) fn new(seed: u64, mutant: Option<Mutant>, traces: bool) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the runtime's clock is paused: this is virtual time")]
        let began = Instant::now();
        Self {
            chance: Chance::new(seed),
            record: Arc::default(),
            ledger: Mutex::default(),
            model: Mutex::default(),
            sessions: Mutex::default(),
            hooks: Mutex::default(),
            slots: Mutex::default(),
            shared_cache: SharedEntries::default(),
            locks: LockTable::default(),
            mutant,
            first_heads: Mutex::default(),
            lagging: Mutex::default(),
            clock_skews: Mutex::default(),
            ids: AtomicI64::new(1_000),
            has_faults: AtomicBool::new(true),
            had_unreadable_row: AtomicBool::new(false),
            coverage: Mutex::default(),
            label: Mutex::new(Label::outside("begin")),
            spawned: Mutex::default(),
            woken: Arc::default(),
            trace: Mutex::new(traces.then(Vec::new)),
            violation: Mutex::default(),
            began,
        }
    }

    /// The virtual time since the beginning.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// The true time, which no instance knows exactly.
    pub(crate) fn now(&self) -> Timestamp {
        BEGINNING.saturating_add(self.elapsed())
    }

    /// Notes by how much clocks differ from now on.
    pub(crate) fn note_clock_skew(&self) {
        let of_slot = |it: &Slot| it.skew_ms.load(Ordering::Relaxed);
        let skews: Vec<_> = lock(&self.slots).iter().map(of_slot).collect();
        if let (Some(least), Some(most)) = (skews.iter().min(), skews.iter().max()) {
            lock(&self.clock_skews).push((self.elapsed(), *least, *most));
        }
    }

    /// By how much two readings of clocks since then differ at most beside the time between them: of two instances, or of
    /// one whose clock was set between them.
    pub(crate) fn clock_skew_since(&self, at: Duration) -> Duration {
        let skews = lock(&self.clock_skews);
        let later = skews.partition_point(|it| it.0 < at);
        let relevant = skews.get(later.saturating_sub(1)..).unwrap_or_default();
        let (least, most) = (relevant.iter().map(|it| it.1).min(), relevant.iter().map(|it| it.2).max());
        Duration::from_millis(least.zip(most).map_or(0, |(least, most)| most.abs_diff(least)))
    }

    /// Waits for 1 to `ms_max` ms. Other tasks go on, and the instance may die here.
    pub(crate) async fn pause(&self, ms_max: u64) {
        let ms = self.chance.below(ms_max).saturating_add(1);
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }

    /// Whether the fault strikes now. It is counted and traced if it does.
    pub(crate) fn strikes(&self, fault: Fault) -> bool {
        if !self.has_faults.load(Ordering::Relaxed) || !self.chance.hits(fault.chances()) {
            return false;
        }
        self.count_fault(fault);
        true
    }

    /// Counts and traces that the present step met a fault.
    pub(crate) fn count_fault(&self, fault: Fault) {
        *lock(&self.coverage).entry((fault, self.label().step)).or_default() += 1;
        self.trace(|| format!("! {}", fault.as_str()));
    }

    /// From now on nothing goes wrong any more.
    pub(crate) fn end_faults(&self) {
        self.has_faults.store(false, Ordering::Relaxed);
        self.record.repair_rows();
    }

    /// From now on a use case may say that a row cannot be read.
    pub(crate) fn note_unreadable_row(&self) {
        self.had_unreadable_row.store(true, Ordering::Relaxed);
    }

    /// Whether there was a row that could not be read.
    pub(crate) fn had_unreadable_row(&self) -> bool {
        self.had_unreadable_row.load(Ordering::Relaxed)
    }

    /// Whether this fault is planted.
    pub(crate) fn has_mutant(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// A number that was not given before.
    pub(crate) fn next_number(&self) -> i64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    /// Adds a line to the trace, if one is kept: time, instance, step, and the text.
    pub(crate) fn trace(&self, text: impl FnOnce() -> String) {
        let label = self.label();
        if let Some(lines) = lock(&self.trace).as_mut() {
            let place = label.instance.map_or_else(|| "-".to_owned(), |it| it.to_string());
            lines.push(format!("{:>9} {place} {:<12} {}", self.elapsed().as_millis(), label.step, text()));
        }
    }

    /// The first violation counts; what follows from it says less.
    pub(crate) fn report_violation(&self, text: String) {
        self.trace(|| format!("VIOLATION: {text}"));
        lock(&self.violation).get_or_insert(text);
    }

    pub(crate) fn violation(&self) -> Option<String> {
        lock(&self.violation).clone()
    }

    pub(crate) fn take_trace(&self) -> Vec<String> {
        lock(&self.trace).take().unwrap_or_default()
    }

    pub(crate) fn take_coverage(&self) -> Coverage {
        std::mem::take(&mut lock(&self.coverage))
    }

    /// What runs now.
    pub(crate) fn label(&self) -> Label {
        *lock(&self.label)
    }

    pub(crate) fn set_label(&self, label: Label) {
        *lock(&self.label) = label;
    }

    /// Starts a task; the executor takes it over at its next turn.
    pub(crate) fn spawn(&self, label: Label, task: impl Future<Output = ()> + Send + 'static) {
        lock(&self.spawned).push((label, Box::pin(task)));
        self.woken.wake_executor();
    }

    pub(crate) fn take_spawned(&self) -> Vec<(Label, TaskFuture)> {
        std::mem::take(&mut lock(&self.spawned))
    }

    /// The instances that are up, with their numbers.
    pub(crate) fn live_instances(&self) -> Vec<(usize, Arc<App>)> {
        let slots = lock(&self.slots);
        let live = slots.iter().enumerate().filter_map(|(at, it)| Some((at, it.app.clone()?)));
        live.collect()
    }

    /// Runs a request on one of the instances that are up; `None` if none is, if it dies, or if it takes longer than
    /// `wait`: the client never knows which.
    pub(crate) async fn request<T, F>(
        &self,
        step: &'static str,
        wait: Duration,
        work: impl FnOnce(Arc<App>) -> F,
    ) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let live = self.live_instances();
        let (number, app) = self.chance.pick(&live)?.clone();
        let (answer, answered) = oneshot::channel();
        let task = work(app);
        self.spawn(Label { instance: Some(number), step }, async move {
            // The client may have gone; the work is done all the same.
            let _ = answer.send(task.await);
        });
        tokio::time::timeout(wait, answered).await.ok()?.ok()
    }
}
