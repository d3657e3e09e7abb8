//! The task that sends what waits.

use std::{sync::Arc, time::Duration};

use ports::{Metrics, Observation};
use tokio::{sync::mpsc, time::sleep};
use tokio_util::sync::CancellationToken;
use tracer::EndedSpan;

use crate::{
    client::CollectorClient,
    encode::{Resource, encode_spans},
};

/// Most spans of one request.
const BATCH_MAX: usize = 512;
/// How long spans are gathered for one request, unless there are enough before.
const GATHER: Duration = Duration::from_secs(1);

/// Takes spans out of the queue and sends them in batches.
pub struct OtlpWorker {
    queue: mpsc::Receiver<EndedSpan>,
    client: CollectorClient,
    resource: Resource,
    metrics: Arc<dyn Metrics>,
    /// Whether the last batch was lost, so that only a change is logged.
    has_failed: bool,
}

impl OtlpWorker {
    pub(crate) const fn new(
        queue: mpsc::Receiver<EndedSpan>,
        client: CollectorClient,
        resource: Resource,
        metrics: Arc<dyn Metrics>,
    ) -> Self {
        Self { queue, client, resource, metrics, has_failed: false }
    }

    /// Sends batches until `stopping` is cancelled; then it sends what waits and ends. The first batch that is lost in
    /// that time ends it, too. The caller limits the time: a collector that hangs takes 5 s for each batch.
    pub async fn run(mut self, stopping: CancellationToken) {
        while let Some(batch) = self.gather_batch(&stopping).await {
            self.send_batch(batch).await;
            if stopping.is_cancelled() && self.has_failed {
                return;
            }
        }
    }

    /// Waits for spans; `None` once it is stopping and nothing is left.
    async fn gather_batch(&mut self, stopping: &CancellationToken) -> Option<Vec<EndedSpan>> {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        let first = stopping.run_until_cancelled(self.queue.recv_many(&mut batch, BATCH_MAX)).await;
        if first == Some(0) {
            return None;
        }
        let filled = async {
            while batch.len() < BATCH_MAX {
                let room = BATCH_MAX.saturating_sub(batch.len());
                if self.queue.recv_many(&mut batch, room).await == 0 {
                    return;
                }
            }
        };
        tokio::select! {
            // Cutting it loses nothing: what was received is in the batch.
            biased;
            () = stopping.cancelled() => {}
            () = filled => {}
            () = sleep(GATHER) => {}
        }
        while batch.len() < BATCH_MAX
            && let Ok(span) = self.queue.try_recv()
        {
            batch.push(span);
        }
        (!batch.is_empty()).then_some(batch)
    }

    async fn send_batch(&mut self, batch: Vec<EndedSpan>) {
        let spans = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let outcome = self.client.send_batch(encode_spans(&self.resource, batch)).await;
        let refused = match &outcome {
            Ok(refused) => spans.min(*refused),
            Err(_) => spans,
        };
        self.metrics.observe(Observation::SpansExported(spans.saturating_sub(refused)));
        self.metrics.observe(Observation::SpansDropped(refused));
        match outcome {
            Err(error) if !self.has_failed => {
                tracing::warn!(
                    error,
                    "spans cannot be sent to the collector, they are dropped until it works"
                );
                self.has_failed = true;
            }
            Ok(_) if self.has_failed => {
                tracing::info!("spans are sent to the collector again");
                self.has_failed = false;
            }
            Ok(_) | Err(_) => {}
        }
    }
}
