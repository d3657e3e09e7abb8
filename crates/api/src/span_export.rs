//! The task that sends spans to the collector. It outlives all other work of a stop, whose spans it still sends.

use std::time::Duration;

use adapters_otlp::OtlpWorker;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::tasks::Tasks;

/// How long a stop waits for the spans that are left. A collector that hangs costs them and no more time.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// An export that runs, or none.
pub(crate) struct SpanExport {
    tasks: Tasks,
    stopping: CancellationToken,
}

impl SpanExport {
    /// Starts the task, if there is a collector.
    pub(crate) fn start(worker: Option<OtlpWorker>) -> Self {
        let (tasks, stopping) = (Tasks::default(), CancellationToken::new());
        if let Some(worker) = worker {
            tasks.spawn_background(worker.run(stopping.clone()));
        }
        Self { tasks, stopping }
    }

    /// Sends what is left, for at most [`FLUSH_TIMEOUT`]. Afterwards spans are dropped.
    pub(crate) async fn finish(&self) {
        self.stopping.cancel();
        // Too late means that the spans are lost; there is nothing else to do about it.
        let _ = timeout(FLUSH_TIMEOUT, self.tasks.wait_all()).await;
    }
}
