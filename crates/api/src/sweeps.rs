//! Looking, again and again, for what time brings.

use std::{sync::Arc, time::Duration};

use application::{App, sweeps};
use domain::Timestamp;
use futures_util::future::BoxFuture;
use ports::Unavailable;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::tasks::Tasks;

/// How often a sweep goes on at once because there may be more, before it waits again.
const PASSES_MAX: u32 = 20;
/// So far back ended sessions are looked for: a commit may become visible after a later one.
const REACH_BACK: Duration = Duration::from_secs(5);
/// How often it is looked for ended sessions: another instance must know of one within a second.
const REVOCATIONS_EVERY: Duration = Duration::from_millis(400);

/// One thing to look for.
struct Sweep {
    name: &'static str,
    every: Duration,
    pass: for<'a> fn(&'a App) -> BoxFuture<'a, Result<bool, Unavailable>>,
}

const HALF_A_SECOND: Duration = Duration::from_millis(500);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

#[rustfmt::skip]
const SWEEPS: &[Sweep] = &[
    Sweep { name: "apply-parked",       every: HALF_A_SECOND, pass: |app| Box::pin(sweeps::apply_parked(app)) },
    Sweep { name: "reconcile-open",     every: HALF_A_SECOND, pass: |app| Box::pin(sweeps::reconcile_open(app)) },
    Sweep { name: "expire-unpaid",      every: HALF_A_SECOND, pass: |app| Box::pin(sweeps::expire_unpaid(app)) },
    Sweep { name: "report-overdue",     every: SECOND,        pass: |app| Box::pin(sweeps::report_overdue(app)) },
    Sweep { name: "release-uncaptured", every: SECOND,        pass: |app| Box::pin(sweeps::release_uncaptured(app)) },
    Sweep { name: "complete-delivered", every: SECOND,        pass: |app| Box::pin(sweeps::complete_delivered(app)) },
    Sweep { name: "close-finished",     every: SECOND,        pass: |app| Box::pin(sweeps::close_finished(app)) },
    Sweep { name: "prune",              every: MINUTE,        pass: |app| Box::pin(sweeps::prune(app)) },
];

/// Starts every sweep; each ends after the pass it is in when `stopping` is cancelled.
pub fn start(tasks: &Tasks, app: &Arc<App>, stopping: &CancellationToken) {
    for sweep in SWEEPS {
        let app = Arc::clone(app);
        let work = async move || several_passes(sweep, &app).await;
        tasks.beside(repeat(sweep.every, stopping.clone(), work));
    }
    let app = Arc::clone(app);
    let mut since = app.clock.now();
    let work = async move || since = follow_revocations(&app, since).await;
    tasks.beside(repeat(REVOCATIONS_EVERY, stopping.clone(), work));
}

/// Learns of the sessions that ended while this process was not running and whose access tokens still live.
///
/// # Errors
/// [`Unavailable`].
pub async fn catch_up(app: &App) -> Result<(), Unavailable> {
    sweeps::revocations(app, app.clock.now().minus(app.policy.access_token_ttl)).await
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
            _ = ticks.tick() => work().await,
        }
    }
}

async fn several_passes(sweep: &Sweep, app: &App) {
    for _ in 0..PASSES_MAX {
        match (sweep.pass)(app).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(away) => {
                tracing::warn!(sweep = sweep.name, fault = %away.0, "a sweep was cut short");
                return;
            }
        }
    }
}

/// Gives the moment from which the next look has to begin.
async fn follow_revocations(app: &App, since: Timestamp) -> Timestamp {
    let now = app.clock.now();
    match sweeps::revocations(app, since.minus(REACH_BACK)).await {
        Ok(()) => now,
        Err(away) => {
            tracing::warn!(sweep = "revocations", fault = %away.0, "a sweep was cut short");
            since
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

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
}
