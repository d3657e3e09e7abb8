//! The tasks that send webhooks: one for each endpoint, so that one that is slow or gone delays no other.
//!
//! ```text
//! supervisor   every 2 s, and when woken: which endpoints are enabled? starts a task for each that has none
//! endpoint     round ─► more to do? at once : wait until woken, at most 2 s ─► round …   until disabled or deleted
//! ```
//!
//! Work of this process begins at once; work that another instance has left is found within 2 s. A stop gives running
//! attempts a few seconds and then cuts them: such a message is sent again by another instance or after the restart.

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use application::{
    App,
    webhooks::{self, EndpointRun},
};
use domain::EndpointId;
use futures_util::FutureExt;
use ports::ErrorChain;
use tokio::{
    sync::{oneshot, watch},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::tasks::Tasks;

/// The longest time between two polls of a task that is not woken.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// The shortest rest between two looks of the supervisor, however often it is woken.
const SUPERVISE_INTERVAL_MIN: Duration = Duration::from_millis(100);
/// How long a stop waits for running attempts.
const STOP_GRACE: Duration = Duration::from_secs(5);
/// The pause after a round that failed, so that a database that is unavailable is not asked without rest.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);

/// Starts the supervisor, which ends once `stopping` is cancelled.
pub fn spawn_webhook_tasks(tasks: &Tasks, app: &Arc<App>, stopping: &CancellationToken) {
    let supervisor = Supervisor { tasks: tasks.clone(), app: Arc::clone(app), stopping: stopping.clone() };
    tasks.spawn_background(supervisor.supervise_endpoints());
}

struct Supervisor {
    tasks: Tasks,
    app: Arc<App>,
    stopping: CancellationToken,
}

impl Supervisor {
    async fn supervise_endpoints(self) {
        // A task that has ended has dropped its end of the channel.
        let mut running: HashMap<EndpointId, oneshot::Sender<()>> = HashMap::new();
        let mut wakes = self.app.webhook_signal.subscribe();
        let mut failed = false;
        while !self.stopping.is_cancelled() {
            running.retain(|_, task| !task.is_closed());
            let listed = webhooks::list_active_endpoints(&self.app).await;
            match listed {
                Ok(endpoints) => {
                    for id in endpoints {
                        running.entry(id.clone()).or_insert_with(|| self.start_task(id));
                    }
                    failed = false;
                }
                Err(error) if !failed => {
                    tracing::warn!(error = %ErrorChain(&error), "webhook endpoints cannot be listed, will retry");
                    failed = true;
                }
                Err(_) => {}
            }
            tokio::select! {
                biased;
                () = self.stopping.cancelled() => return,
                () = wait_for_wake(&mut wakes) => sleep(SUPERVISE_INTERVAL_MIN).await,
            }
        }
    }

    fn start_task(&self, id: EndpointId) -> oneshot::Sender<()> {
        let (started, ended) = oneshot::channel::<()>();
        let (app, stopping) = (Arc::clone(&self.app), self.stopping.clone());
        self.tasks.spawn_background(async move {
            let rounds = AssertUnwindSafe(run_rounds(&app, &id, &stopping)).catch_unwind();
            tokio::select! {
                outcome = rounds => if outcome.is_err() {
                    tracing::error!(endpoint = %id, "webhook task panicked, will be started again");
                    // Not at once: the same fault may be waiting.
                    sleep(FAILURE_PAUSE).await;
                },
                () = async { stopping.cancelled().await; sleep(STOP_GRACE).await } => {}
            }
            drop(ended);
        });
        started
    }
}

async fn run_rounds(app: &App, id: &EndpointId, stopping: &CancellationToken) {
    // Before the first round, so that nothing is missed between a round and the wait after it.
    let (mut wakes, mut numbered) = (app.webhook_signal.subscribe(), app.feed_signal.subscribe_numbered());
    let mut failed = false;
    while !stopping.is_cancelled() {
        match webhooks::run_endpoint(app, id).await {
            Ok(EndpointRun::Ended) => return,
            Ok(EndpointRun::Busy) => failed = false,
            Ok(EndpointRun::Idle) => {
                failed = false;
                tokio::select! {
                    biased;
                    () = stopping.cancelled() => return,
                    () = wait_for_wake(&mut wakes) => {}
                    () = wait_for_wake(&mut numbered) => {}
                }
            }
            Err(error) => {
                if !failed {
                    tracing::warn!(endpoint = %id, error = %ErrorChain(&error), "webhook round failed, will retry");
                }
                failed = true;
                let _ = timeout(FAILURE_PAUSE, stopping.cancelled()).await;
            }
        }
    }
}

async fn wait_for_wake(wakes: &mut watch::Receiver<u64>) {
    // Both outcomes mean the same: look again.
    let _ = timeout(POLL_INTERVAL, wakes.changed()).await;
}
