//! The end of the queue at which spans arrive.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use ports::{Metrics, Observation};
use tokio::sync::mpsc;
use tracer::{EndedSpan, SpanRecorder};

/// Queues spans for the worker; one that finds no room is dropped and counted.
pub struct OtlpRecorder {
    queue: mpsc::Sender<EndedSpan>,
    metrics: Arc<dyn Metrics>,
}

impl OtlpRecorder {
    pub(crate) const fn new(queue: mpsc::Sender<EndedSpan>, metrics: Arc<dyn Metrics>) -> Self {
        Self { queue, metrics }
    }
}

impl SpanRecorder for OtlpRecorder {
    #[expect(
        clippy::disallowed_methods,
        reason = "the times of spans decide nothing, and milliseconds are too coarse"
    )]
    fn now_ns(&self) -> u64 {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }

    fn record_span(&self, span: EndedSpan) {
        // Never waits. It fails when the queue is full, and when the worker has ended.
        if self.queue.try_send(span).is_err() {
            self.metrics.observe(Observation::SpansDropped(1));
        }
    }
}
