//! Looking, again and again, for what time brings.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use application::{
    App,
    auth::{self, revocations},
    sweeps,
};
use domain::GatewayName;
use futures_util::{FutureExt, future::BoxFuture};
use ports::{Causes, PortError, Subscription};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::tasks::Tasks;

/// How often a sweep goes on at once because there may be more, before it waits again.
const PASSES_MAX: u32 = 20;
/// How often it is looked for ended sessions: another instance must know of one within a second.
const REVOCATIONS_EVERY: Duration = Duration::from_millis(400);
/// The rest between two glances that other instances ask for, however often they do.
const GLANCES_REST: Duration = Duration::from_millis(20);

/// One thing to look for.
struct Sweep {
    name: &'static str,
    every: Duration,
    pass: for<'a> fn(&'a App) -> BoxFuture<'a, Result<bool, PortError>>,
}

const HALF_A_SECOND: Duration = Duration::from_millis(500);
const SECOND: Duration = Duration::from_secs(1);
const TEN_SECONDS: Duration = Duration::from_secs(10);
const MINUTE: Duration = Duration::from_secs(60);

#[rustfmt::skip]
const SWEEPS: &[Sweep] = &[
    Sweep { name: "apply-parked",       every: HALF_A_SECOND, pass: |app| Box::pin(sweeps::apply_parked(app)) },
    Sweep { name: "reconcile-strays",   every: TEN_SECONDS,   pass: |app| Box::pin(sweeps::reconcile_strays(app)) },
    Sweep { name: "expire-unpaid",      every: HALF_A_SECOND, pass: |app| Box::pin(sweeps::expire_unpaid(app)) },
    Sweep { name: "report-overdue",     every: SECOND,        pass: |app| Box::pin(sweeps::report_overdue(app)) },
    Sweep { name: "release-uncaptured", every: SECOND,        pass: |app| Box::pin(sweeps::release_uncaptured(app)) },
    Sweep { name: "complete-delivered", every: SECOND,        pass: |app| Box::pin(sweeps::complete_delivered(app)) },
    Sweep { name: "close-finished",     every: SECOND,        pass: |app| Box::pin(sweeps::close_finished(app)) },
    Sweep { name: "report-unreadable",  every: HALF_A_SECOND, pass: |app| Box::pin(sweeps::report_unreadable(app)) },
    Sweep { name: "learn-hash-cost",    every: MINUTE,        pass: |app| Box::pin(learn_hash_cost(app)) },
    Sweep { name: "prune",              every: TEN_SECONDS,   pass: |app| Box::pin(sweeps::prune(app)) },
];

/// Starts every sweep; each ends after the pass it is in when `stopping` is cancelled.
pub fn start(tasks: &Tasks, app: &Arc<App>, stopping: &CancellationToken) {
    for sweep in SWEEPS {
        let app = Arc::clone(app);
        let mut away = false;
        let work = async move || away = tell(sweep.name, several_passes(|| (sweep.pass)(&app)).await, away);
        tasks.beside(repeat(sweep.every, stopping.clone(), work));
    }
    // One task a gateway: one that hangs keeps none of the others waiting.
    for gateway in &app.gateways {
        let (app, gateway) = (Arc::clone(app), gateway.name());
        let mut away = false;
        let work = async move || {
            let passes = several_passes(|| Box::pin(sweeps::reconcile_gateway(&app, &gateway))).await;
            away = tell_of("reconcile-open", Some(&gateway), passes, away);
        };
        tasks.beside(repeat(HALF_A_SECOND, stopping.clone(), work));
    }
    let looking = Arc::clone(app);
    let mut away = false;
    let look = async move || away = tell("revocations", revocations::look(&looking).await, away);
    tasks.beside(repeat(REVOCATIONS_EVERY, stopping.clone(), look));
    let (told, glancing) = (app.sessions_ended.subscribe(), Arc::clone(app));
    // What a glance does not find out, the next look does.
    let glance = async move || drop(revocations::glance(&glancing).await);
    tasks.beside(at_each(told, stopping.clone(), glance));
}

/// Learns of the sessions that ended while this process was not running and whose access tokens still live, and what a
/// verification must cost.
///
/// # Errors
/// [`PortError`].
pub async fn catch_up(app: &App) -> Result<(), PortError> {
    revocations::look(app).await?;
    auth::learn_hash_cost(app).await
}

async fn learn_hash_cost(app: &App) -> Result<bool, PortError> {
    auth::learn_hash_cost(app).await?;
    Ok(false)
}

/// Works whenever it is told to, with a rest in between, until it is told to stop.
async fn at_each(mut told: Box<dyn Subscription>, stopping: CancellationToken, mut work: impl AsyncFnMut()) {
    loop {
        tokio::select! {
            biased;
            () = stopping.cancelled() => return,
            () = told.next() => whole(work()).await,
        }
        sleep(GLANCES_REST).await;
    }
}

/// Works once a tick, never twice at the same time, until it is told to stop.
async fn repeat(every: Duration, stopping: CancellationToken, mut work: impl AsyncFnMut()) {
    let mut ticks = interval(every);
    // A pass that took long is followed by a rest, not by those that it has missed.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = stopping.cancelled() => return,
            _ = ticks.tick() => whole(work()).await,
        }
    }
}

/// Lets work panic without ending what repeats it: the next time is a new one. The log has the place of the panic.
async fn whole(work: impl Future<Output = ()>) {
    if AssertUnwindSafe(work).catch_unwind().await.is_err() {
        tracing::error!("a sweep panicked, and goes on the next time");
    }
}

async fn several_passes<'a>(
    pass: impl Fn() -> BoxFuture<'a, Result<bool, PortError>>,
) -> Result<(), PortError> {
    for _ in 0..PASSES_MAX {
        if !pass().await? {
            break;
        }
    }
    Ok(())
}

/// Tells the log when a sweep is first cut short and when it first succeeds again, and gives whether it was cut short.
fn tell(sweep: &'static str, outcome: Result<(), PortError>, was_away: bool) -> bool {
    tell_of(sweep, None, outcome, was_away)
}

/// The same of the sweep of one gateway.
fn tell_of(
    sweep: &'static str,
    gateway: Option<&GatewayName>,
    outcome: Result<(), PortError>,
    was_away: bool,
) -> bool {
    let gateway = gateway.map(GatewayName::as_str);
    match &outcome {
        Err(away) if !was_away => {
            tracing::warn!(sweep, gateway, fault = %Causes(away), "a sweep is cut short until further notice")
        }
        Ok(()) if was_away => tracing::info!(sweep, gateway, "a sweep goes on"),
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
        tasks.beside(repeat(Duration::from_millis(1), stopping.clone(), work));
        while ended.load(SeqCst) < 3 {
            tokio::task::yield_now().await;
        }
        stopping.cancel();
        tasks.finished().await;
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
        tasks.beside(repeat(Duration::from_millis(1), stopping.clone(), work));
        let third = async {
            while begun.load(SeqCst) < 3 {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(WITHIN, third).await.expect("it goes on after two panics");
        stopping.cancel();
        timeout(WITHIN, tasks.finished()).await.expect("it ends");
    }

    /// Long for work that is done at once.
    const WITHIN: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn work_is_done_whenever_it_is_told_but_not_without_rest_and_ends_when_it_is_told_to() {
        let (tasks, stopping) = (Tasks::default(), CancellationToken::new());
        let (broadcast, done) = (LocalBroadcast::default(), Arc::new(AtomicU32::new(0)));
        let does = done.clone();
        let work = async move || {
            does.fetch_add(1, SeqCst);
        };
        tasks.beside(at_each(broadcast.subscribe(), stopping.clone(), work));
        let reaches = async |count| {
            while done.load(SeqCst) < count {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(WITHIN, reaches(1)).await.expect("once when it begins");
        for told in 2..=4 {
            broadcast.publish().await.unwrap();
            timeout(WITHIN, reaches(told)).await.expect("once each time");
        }
        let storm = async {
            loop {
                broadcast.publish().await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        assert!(timeout(GLANCES_REST * 10, storm).await.is_err());
        assert!((5..=40).contains(&done.load(SeqCst)), "{done:?}");
        stopping.cancel();
        timeout(WITHIN, tasks.finished()).await.expect("it ends");
    }
}
