//! Polls the tasks of a history, one at a time, in an order that chance decides.
//!
//! Tasks wait for virtual time, which tokio's paused clock advances when nothing can run. Of several tasks that can run
//! the next one is drawn, so every interleaving at the awaits can happen, and the same seed gives the same one.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::{Future, poll_fn},
    pin::pin,
    sync::{Arc, Mutex, atomic::Ordering},
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use crate::{
    faults::Fault,
    instance::start_instance,
    lock::lock,
    world::{Label, TaskFuture, World},
};

/// The most polls within one stretch of time. More of them are an endless loop.
const POLLS_MAX: u32 = 200_000;

struct Task {
    label: Label,
    future: TaskFuture,
    waker: Waker,
}

/// The tasks that were woken, and how the executor itself is woken.
#[derive(Default)]
pub(crate) struct WakeList {
    ready: Mutex<BTreeSet<u64>>,
    outer: Mutex<Option<Waker>>,
}

impl WakeList {
    /// Lets the executor look again. Batches of group commit run outside of it, and give it tasks.
    pub(crate) fn wake_executor(&self) {
        if let Some(outer) = lock(&self.outer).take() {
            outer.wake();
        }
    }
}

struct TaskWaker {
    id: u64,
    list: Arc<WakeList>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        lock(&self.list.ready).insert(self.id);
        self.list.wake_executor();
    }
}

/// The tasks of one world.
pub(crate) struct Executor {
    world: Arc<World>,
    tasks: BTreeMap<u64, Task>,
    next_id: u64,
}

impl Executor {
    pub(crate) fn new(world: Arc<World>) -> Self {
        Self { world, tasks: BTreeMap::new(), next_id: 0 }
    }

    /// Runs tasks until this much virtual time has passed, or a violation is found.
    pub(crate) async fn run_for(&mut self, time: Duration) {
        let mut end = pin!(tokio::time::sleep(time));
        let mut polls = 0_u32;
        poll_fn(|context| {
            *lock(&self.world.woken.outer) = Some(context.waker().clone());
            self.adopt_spawned();
            while let Some(id) = self.take_ready() {
                self.poll_task(id);
                self.adopt_spawned();
                polls = polls.saturating_add(1);
                if polls > POLLS_MAX {
                    self.world
                        .report_violation("tasks run without an end and without time passing".to_owned());
                }
                if self.world.violation().is_some() {
                    return Poll::Ready(());
                }
            }
            end.as_mut().poll(context)
        })
        .await;
    }

    fn adopt_spawned(&mut self) {
        for (label, future) in self.world.take_spawned() {
            let id = self.next_id;
            self.next_id = id.saturating_add(1);
            let waker = Waker::from(Arc::new(TaskWaker { id, list: Arc::clone(&self.world.woken) }));
            self.tasks.insert(id, Task { label, future, waker });
            lock(&self.world.woken.ready).insert(id);
        }
    }

    fn take_ready(&self) -> Option<u64> {
        let mut ready = lock(&self.world.woken.ready);
        let id = *ready.iter().nth(self.world.chance.index(ready.len())?)?;
        ready.remove(&id);
        Some(id)
    }

    fn poll_task(&mut self, id: u64) {
        // A task that is gone may still be woken.
        let Some(task) = self.tasks.get_mut(&id) else { return };
        self.world.set_label(task.label);
        if let Some(instance) = task.label.instance
            && self.world.strikes(Fault::Crash)
        {
            return self.crash(instance);
        }
        let waker = task.waker.clone();
        if task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            self.tasks.remove(&id);
        }
    }

    /// Ends an instance at this await: its tasks, caches and turns are gone, and its locks stay until their leases end.
    fn crash(&mut self, instance: usize) {
        if let Some(slot) = lock(&self.world.slots).get_mut(instance) {
            // Before the tasks are dropped: what they release now must have no effect.
            slot.alive.store(false, Ordering::Relaxed);
            slot.app = None;
        }
        self.tasks.retain(|_, it| it.label.instance != Some(instance));
        let world = Arc::clone(&self.world);
        self.world.spawn(Label::outside("restart"), async move {
            world.pause(4_000).await;
            start_instance(&world, instance);
        });
    }
}
