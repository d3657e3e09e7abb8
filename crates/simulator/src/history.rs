//! One history: a world, its steps, and its end, from a seed.

use std::{fmt, sync::Arc, time::Duration};

use tokio::{runtime::Builder, task::unconstrained};

use crate::{
    checks::{check_record, settle::settle_world},
    executor::Executor,
    faults::Coverage,
    instance::{add_slot, start_instance},
    lock::lock,
    mutants::Mutant,
    people::fill_record,
    workload::make_step,
    world::{Label, World},
};

/// How many instances share the record.
const INSTANCES: usize = 3;
/// Steps of a history, if nothing else is asked for.
pub(crate) const STEPS: u32 = 290;

/// What to run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    /// Everything that chance decides follows from it.
    pub(crate) seed: u64,
    /// The number of steps before the faults end.
    pub(crate) steps: u32,
    /// The planted fault.
    pub(crate) mutant: Option<Mutant>,
    /// Whether a trace is kept.
    pub(crate) traces: bool,
    /// After how many steps the record is checked.
    pub(crate) check_every: u32,
}

impl Options {
    /// A history of the usual length, checked from time to time, without a trace.
    pub(crate) const fn new(seed: u64) -> Self {
        Self { seed, steps: STEPS, mutant: None, traces: false, check_every: 20 }
    }
}

/// How much there was in a history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    /// Orders in the record at the end.
    pub(crate) orders: usize,
    /// Payments in the record at the end.
    pub(crate) payments: usize,
    /// Sessions that clients began.
    pub(crate) sessions: usize,
    /// Messages that receivers of webhooks got.
    pub(crate) messages: usize,
}

impl Rows {
    /// Both together.
    pub(crate) const fn plus(self, other: Self) -> Self {
        Self {
            orders: self.orders.saturating_add(other.orders),
            payments: self.payments.saturating_add(other.payments),
            sessions: self.sessions.saturating_add(other.sessions),
            messages: self.messages.saturating_add(other.messages),
        }
    }
}

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { orders, payments, sessions, messages } = self;
        write!(f, "{orders} orders, {payments} payments, {sessions} sessions, {messages} webhooks")
    }
}

/// What came of a history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The first thing that must never happen and did; `None` if all held.
    pub(crate) violation: Option<String>,
    /// The steps that were made before that.
    pub(crate) steps: u32,
    /// The trace, if one was kept.
    pub(crate) trace: Vec<String>,
    /// Which fault met which step.
    pub(crate) coverage: Coverage,
    /// How much there was in it.
    pub(crate) rows: Rows,
}

/// Runs a history in virtual time, on this thread alone.
pub(crate) fn run_history(options: Options) -> Outcome {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let failed = |error: std::io::Error| Outcome { violation: Some(error.to_string()), ..Outcome::default() };
    // Without the budget of tokio's scheduler: it would add interleavings that no seed decides.
    runtime.map_or_else(failed, |it| it.block_on(unconstrained(run_world(options))))
}

async fn run_world(options: Options) -> Outcome {
    let world = Arc::new(World::new(options.seed, options.mutant, options.traces));
    fill_record(&world);
    for number in 0..INSTANCES {
        add_slot(&world);
        start_instance(&world, number);
    }
    let mut executor = Executor::new(Arc::clone(&world));
    let mut steps = 0;
    while steps < options.steps && world.violation().is_none() {
        steps += 1;
        let time = make_step(&world);
        executor.run_for(time).await;
        if steps % options.check_every == 0 {
            world.set_label(Label::outside("check"));
            check_record(&world);
        }
    }
    settle_world(&world, &mut executor).await;
    let snapshot = world.record.snapshot();
    let rows = Rows {
        orders: snapshot.orders.len(),
        payments: snapshot.transactions.len(),
        sessions: lock(&world.sessions).count_sessions(),
        messages: lock(&world.hooks).count_messages(),
    };
    // Instances hold the world, and the world its instances: without this no history would free its memory.
    lock(&world.slots).clear();
    drop(world.take_spawned());
    Outcome {
        violation: world.violation(),
        steps,
        trace: world.take_trace(),
        coverage: world.take_coverage(),
        rows,
    }
}

/// The shortest number of steps with which the same seed still fails, checked after every step.
pub(crate) fn find_shortest(options: Options, failed_at: u32) -> Options {
    let with_steps = |steps| Options { steps, check_every: 1, ..options };
    (1..=failed_at).map(with_steps).find(|it| run_history(*it).violation.is_some()).unwrap_or(options)
}

/// How long the world goes on between two rounds of sweeps at its end.
pub(crate) const ROUND: Duration = Duration::from_secs(300);
