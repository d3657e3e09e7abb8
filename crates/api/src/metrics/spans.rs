//! What became of spans.

use prometheus_client::{metrics::counter::Counter, registry::Registry};

/// Counts spans as the export of traces reports them.
#[derive(Default)]
pub(super) struct SpanMetrics {
    exported: Counter,
    dropped: Counter,
}

impl SpanMetrics {
    #[rustfmt::skip]
    pub(super) fn register_all(&self, to: &mut Registry) {
        to.register("trace_spans_exported", "Spans that the collector took", self.exported.clone());
        to.register("trace_spans_dropped", "Spans that found no room, or that the collector did not take", self.dropped.clone());
    }

    pub(super) fn count_exported(&self, spans: u64) {
        self.exported.inc_by(spans);
    }

    pub(super) fn count_dropped(&self, spans: u64) {
        self.dropped.inc_by(spans);
    }
}
