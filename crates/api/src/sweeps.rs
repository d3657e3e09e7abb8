//! The background loops: they run the sweeps of `application::sweeps` and learn of sessions that ended
//! elsewhere.
//!
//! | loop | runs | does |
//! | --- | --- | --- |
//! | one for each sweep | every 0.5 s to 60 s | passes, each over a bounded batch of rows that are due |
//! | `revocations` | every 0.4 s | reads which sessions ended and which users changed |
//! | broadcast | after a message | the same for the latest seconds, so that a logout is known sooner |
//! | `number-events` | 20 ms after a commit with events, and every second | numbers the events of the feed |
//!
//! ```text
//! tick ─► pass ─► may there be more? ─► pass … at most PASSES_MAX ─► log the outcome ─► next tick
//! ```
//!
//! Every instance runs every loop. That is safe because a pass decides nothing by itself: it commits through
//! guards, and of two instances that handle the same row one is stale and changes nothing.
//!
//! The promise: a loop never runs twice at once within a process. A run that fails or panics is repeated at
//! the next tick. A stop waits for the current run and starts no other.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use application::feed::FeedSignal;
use application::{
    App, api_keys,
    auth::{self, revocations},
    feed,
    sweeps::{self, names},
    webhooks,
};
use domain::GatewayName;
use futures_util::{FutureExt, future::BoxFuture};
use ports::{ErrorChain, PortError, Subscription};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::tasks::Tasks;

/// Most passes in one run, while each of them reports that there may be more.
const PASSES_MAX: u32 = 20;
/// Interval of the full look for ended sessions. An instance trusts a look for 0.9 s, so that a session that
/// ended elsewhere is refused within a second; two intervals fit into that, so one slow look costs nothing.
const REVOCATIONS_EVERY: Duration = Duration::from_millis(400);
/// Shortest rest between two looks that messages ask for: at most 50 a second, however many are published.
const GLANCE_INTERVAL_MIN: Duration = Duration::from_millis(20);

/// How long events are gathered before they get their numbers together.
const EVENTS_GATHER: Duration = Duration::from_millis(20);

/// One sweep, and how often it runs.
struct Sweep {
    name: &'static str,
    every: Duration,
    // A plain function that boxes its future: the type of an async closure cannot be named in a constant
    // table.
    pass: for<'a> fn(&'a App) -> BoxFuture<'a, Result<bool, PortError>>,
}

const HALF_A_SECOND: Duration = Duration::from_millis(500);
const SECOND: Duration = Duration::from_secs(1);
const TEN_SECONDS: Duration = Duration::from_secs(10);
const MINUTE: Duration = Duration::from_secs(60);

#[rustfmt::skip]
const SWEEPS: &[Sweep] = &[
    Sweep { name: names::APPLY_PARKED,       every: HALF_A_SECOND, pass: |app| Box::pin(sweeps::apply_parked_events(app)) },
    Sweep { name: "reconcile-strays",        every: TEN_SECONDS,   pass: |app| Box::pin(sweeps::postpone_removed_gateways(app)) },
    Sweep { name: names::EXPIRE_UNPAID,      every: HALF_A_SECOND, pass: |app| Box::pin(sweeps::expire_unpaid_orders(app)) },
    Sweep { name: names::REPORT_OVERDUE,     every: SECOND,        pass: |app| Box::pin(sweeps::report_overdue_events(app)) },
    Sweep { name: names::APPLY_OVERDUE,      every: TEN_SECONDS,   pass: |app| Box::pin(sweeps::apply_overdue_events(app)) },
    Sweep { name: names::GIVE_UP_OVERDUE,    every: MINUTE,        pass: |app| Box::pin(sweeps::give_up_events(app)) },
    Sweep { name: names::RELEASE_UNCAPTURED, every: SECOND,        pass: |app| Box::pin(sweeps::release_uncaptured_orders(app)) },
    Sweep { name: names::COMPLETE_DELIVERED, every: SECOND,        pass: |app| Box::pin(sweeps::complete_delivered_orders(app)) },
    Sweep { name: names::CLOSE_FINISHED,     every: SECOND,        pass: |app| Box::pin(sweeps::close_finished_orders(app)) },
    Sweep { name: "report-unreadable",       every: HALF_A_SECOND, pass: |app| Box::pin(sweeps::report_unreadable_rows(app)) },
    Sweep { name: "learn-hash-cost",         every: MINUTE,        pass: |app| Box::pin(learn_hash_cost(app)) },
    Sweep { name: names::RESOLVE_RESETS,     every: HALF_A_SECOND, pass: |app| Box::pin(sweeps::resolve_reset_requests(app)) },
    Sweep { name: names::SEND_MAILS,         every: HALF_A_SECOND, pass: |app| Box::pin(sweeps::send_mails(app)) },
    Sweep { name: names::ERASE_ACCOUNTS,     every: SECOND,        pass: |app| Box::pin(sweeps::erase_accounts(app)) },
    Sweep { name: "count-deliveries",        every: TEN_SECONDS,   pass: |app| Box::pin(webhooks::report_backlog(app)) },
    Sweep { name: "record-key-uses",         every: TEN_SECONDS,   pass: |app| Box::pin(api_keys::record_key_uses(app)) },
    Sweep { name: "prune",                   every: TEN_SECONDS,   pass: |app| Box::pin(sweeps::prune_rows(app)) },
    Sweep { name: "prune-events",            every: TEN_SECONDS,   pass: |app| Box::pin(feed::prune_events(app)) },
];

/// Starts every loop. Each ends after the run it is in once `stopping` is cancelled.
pub fn spawn_all(tasks: &Tasks, app: &Arc<App>, stopping: &CancellationToken) {
    // A task for each sweep: one that waits for a slow gateway delays no other.
    for sweep in SWEEPS {
        let app = Arc::clone(app);
        let mut failed = false;
        let work =
            async move || failed = log_outcome(sweep.name, run_passes(|| (sweep.pass)(&app)).await, failed);
        tasks.spawn_background(run_periodically(sweep.every, stopping.clone(), work));
    }
    // One task for each gateway, so that one that hangs does not delay the others.
    for gateway in &app.gateways {
        let (app, gateway) = (Arc::clone(app), gateway.name());
        let mut failed = false;
        let work = async move || {
            let passes = run_passes(|| Box::pin(sweeps::reconcile_gateway(&app, &gateway))).await;
            failed = log_sweep(names::RECONCILE, Some(&gateway), passes, failed);
        };
        tasks.spawn_background(run_periodically(HALF_A_SECOND, stopping.clone(), work));
    }
    let numbering = Arc::clone(app);
    let mut failed = false;
    let number = async move || {
        let passes = run_passes(|| Box::pin(feed::number_events(&numbering))).await;
        failed = log_outcome("number-events", passes, failed);
    };
    tasks.spawn_background(run_on_events(Arc::clone(&app.feed_signal), stopping.clone(), number));
    let looking = Arc::clone(app);
    let mut failed = false;
    let look =
        async move || failed = log_outcome("revocations", revocations::sync_full(&looking).await, failed);
    tasks.spawn_background(run_periodically(REVOCATIONS_EVERY, stopping.clone(), look));
    let (messages, glancing) = (app.revocation_broadcast.subscribe(), Arc::clone(app));
    // The outcome may be dropped: whatever this look misses or fails to read, the full look finds within 0.4
    // s.
    let glance = async move || drop(revocations::sync_recent(&glancing).await);
    tasks.spawn_background(run_on_broadcast(messages, stopping.clone(), glance));
}

/// Reads what ended while this process was not running: sessions whose access tokens may still live. Reads
/// also the highest cost of the stored password hashes, which every verification is padded to.
///
/// # Errors
/// [`PortError`].
pub async fn catch_up(app: &App) -> Result<(), PortError> {
    revocations::sync_full(app).await?;
    auth::load_highest_hash_cost(app).await
}

async fn learn_hash_cost(app: &App) -> Result<bool, PortError> {
    auth::load_highest_hash_cost(app).await?;
    Ok(false)
}

/// Works once for each message, with a rest in between, until `stopping` is cancelled.
async fn run_on_broadcast(
    mut messages: Box<dyn Subscription>,
    stopping: CancellationToken,
    mut work: impl AsyncFnMut(),
) {
    loop {
        tokio::select! {
            // Stopping is checked first: messages that keep coming must not outrun it.
            biased;
            () = stopping.cancelled() => return,
            () = messages.next() => catch_panic(work()).await,
        }
        // Messages that arrive meanwhile count as one: they carry nothing, they only say that the database
        // has news.
        sleep(GLANCE_INTERVAL_MIN).await;
    }
}

/// Works soon after events were committed, and every second in any case, until `stopping` is cancelled.
async fn run_on_events(signal: Arc<FeedSignal>, stopping: CancellationToken, mut work: impl AsyncFnMut()) {
    loop {
        tokio::select! {
            biased;
            () = stopping.cancelled() => return,
            () = signal.wait_written() => {
                // Events of commits that follow at once are numbered together: under load one round serves many.
                sleep(EVENTS_GATHER).await;
                catch_panic(work()).await;
            }
            // Another instance may have died before it numbered what it committed.
            () = sleep(SECOND) => catch_panic(work()).await,
        }
    }
}

/// Works once a tick, never twice at the same time, until `stopping` is cancelled.
pub(crate) async fn run_periodically(
    every: Duration,
    stopping: CancellationToken,
    mut work: impl AsyncFnMut(),
) {
    let mut ticks = interval(every);
    // After a long run the next tick is a whole interval away. Catching up on missed ticks would load a
    // database that is slow already.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            // The work is awaited in its branch, not raced: a stop waits for it and never cuts it between two
            // commits.
            biased;
            () = stopping.cancelled() => return,
            _ = ticks.tick() => catch_panic(work()).await,
        }
    }
}

/// Runs work and survives its panic, so that the loop goes on. The panic hook has logged the place.
async fn catch_panic(work: impl Future<Output = ()>) {
    // Nothing half-changed is left behind: a run begins by reading the database, and its commits are atomic.
    if AssertUnwindSafe(work).catch_unwind().await.is_err() {
        tracing::error!("background work panicked, will run again at its next tick");
    }
}

async fn run_passes<'a>(pass: impl Fn() -> BoxFuture<'a, Result<bool, PortError>>) -> Result<(), PortError> {
    // No pause between passes: each is one bounded batch, and a backlog should not wait for ticks. The limit
    // keeps a shutdown from waiting for a backlog without end.
    for _ in 0..PASSES_MAX {
        if !pass().await? {
            break;
        }
    }
    Ok(())
}

/// Logs when a sweep first fails and when it first succeeds again, and returns whether it failed now. A sweep
/// runs up to twice a second; a line for each failure would bury everything else while the database is
/// unavailable.
pub(crate) fn log_outcome(sweep: &'static str, outcome: Result<(), PortError>, had_failed: bool) -> bool {
    log_sweep(sweep, None, outcome, had_failed)
}

/// The same for a sweep that may be about one gateway, which the log lines then name.
fn log_sweep(
    sweep: &'static str,
    gateway: Option<&GatewayName>,
    outcome: Result<(), PortError>,
    had_failed: bool,
) -> bool {
    let gateway = gateway.map(GatewayName::as_str);
    match &outcome {
        Err(error) if !had_failed => {
            tracing::warn!(sweep, gateway, error = %ErrorChain(error), "sweep failed, will retry at every tick")
        }
        Ok(()) if had_failed => tracing::info!(sweep, gateway, "sweep works again"),
        Ok(()) | Err(_) => {}
    }
    outcome.is_err()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    use adapters_local::LocalBroadcast;
    use ports::Broadcast;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn work_is_done_again_and_again_but_never_twice_at_once_and_ends_whole() {
        let (tasks, stopping) = (Tasks::default(), CancellationToken::new());
        let (begun, ended) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let (begins, ends) = (begun.clone(), ended.clone());
        // Each pass takes longer than a tick.
        let work = async move || {
            assert_eq!(begins.fetch_add(1, SeqCst), ends.load(SeqCst), "the pass before has ended");
            tokio::time::sleep(Duration::from_millis(3)).await;
            ends.fetch_add(1, SeqCst);
        };
        tasks.spawn_background(run_periodically(Duration::from_millis(1), stopping.clone(), work));
        while ended.load(SeqCst) < 3 {
            tokio::task::yield_now().await;
        }
        stopping.cancel();
        tasks.wait_all().await;
        let passes = ended.load(SeqCst);
        assert_eq!(begun.load(SeqCst), passes, "the last pass was not cut short");
    }

    #[tokio::test]
    async fn work_that_panics_is_done_again_the_next_time() {
        let (tasks, stopping) = (Tasks::default(), CancellationToken::new());
        let begun = Arc::new(AtomicU32::new(0));
        let begins = begun.clone();
        let work = async move || {
            assert!(begins.fetch_add(1, SeqCst) > 1, "a fault of the work");
        };
        tasks.spawn_background(run_periodically(Duration::from_millis(1), stopping.clone(), work));
        let third = async {
            while begun.load(SeqCst) < 3 {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(WITHIN, third).await.expect("it goes on after two panics");
        stopping.cancel();
        timeout(WITHIN, tasks.wait_all()).await.expect("it ends");
    }

    /// Long for work that is done at once.
    const WITHIN: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn work_follows_each_signal_after_a_pause_and_ends_at_the_stop() {
        let (tasks, stopping) = (Tasks::default(), CancellationToken::new());
        let (broadcast, done) = (LocalBroadcast::default(), Arc::new(AtomicU32::new(0)));
        let does = done.clone();
        let work = async move || {
            does.fetch_add(1, SeqCst);
        };
        tasks.spawn_background(run_on_broadcast(broadcast.subscribe(), stopping.clone(), work));
        let reaches = async |count| {
            while done.load(SeqCst) < count {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(WITHIN, reaches(1)).await.expect("once when it begins");
        for count in 2..=4 {
            broadcast.publish().await.unwrap();
            timeout(WITHIN, reaches(count)).await.expect("once each time");
        }
        let storm = async {
            loop {
                broadcast.publish().await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        assert!(timeout(GLANCE_INTERVAL_MIN * 10, storm).await.is_err());
        assert!((5..=40).contains(&done.load(SeqCst)), "{done:?}");
        stopping.cancel();
        timeout(WITHIN, tasks.wait_all()).await.expect("it ends");
    }
}
