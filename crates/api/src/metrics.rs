//! The counters and histograms that `/metrics` shows, in the text formats of Prometheus.

mod exposition;
mod labels;
mod redis;
mod spans;
mod state;

use std::{sync::atomic::AtomicU64, time::Duration};

use application::Limit;
use domain::{FindingKind, GatewayName, order::TRANSITIONS};
use ports::{
    BreakerState, CallOutcome, CallbackOutcome, CommitOutcome, DeliveryOutcome, Metrics, Observation,
    SplitReason,
};
use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use crate::log;

use labels::{
    CallbackLabels, CommitLabels, DeliveryLabels, FindingLabels, GatewayBreakerLabels, GatewayCallLabels,
    GatewayLabels, LimitLabels, RequestLabels, RouteLabels, SplitLabels, SweepLabels, TransitionLabels,
};
use redis::RedisMetrics;
use spans::SpanMetrics;
use state::StateMetrics;

pub(crate) use state::ProcessSample;

/// Upper bounds of the buckets of durations, in seconds: from an answer out of a cache to the deadline.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Upper bounds of the buckets of batches, in units of work.
const BATCH_BUCKETS: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// The labels under which a finished request is counted.
#[derive(Debug, Clone, Copy)]
pub struct RequestSample {
    /// The method, or `OTHER` for a word that the client made up.
    pub method: &'static str,
    /// The pattern of the route, never the path: a path would make a series for each order.
    pub route: &'static str,
    /// The HTTP status of the answer; 499 when the client disconnected before it.
    pub status: u16,
}

/// All counters and histograms of this process; they start at zero with it.
pub struct PrometheusMetrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_duration: Histograms<RouteLabels>,
    orders_placed: Counter,
    replays: Counter,
    orders_refused: Counter,
    transitions: Family<TransitionLabels, Counter>,
    callbacks: Family<CallbackLabels, Counter>,
    commits: Family<CommitLabels, Counter>,
    commit_duration: Histogram,
    commit_batch: Histogram,
    commit_batch_wait: Histogram,
    commit_queue: Gauge,
    batch_splits: Family<SplitLabels, Counter>,
    retries: Counter,
    findings: Family<FindingLabels, Counter>,
    sweep_rows: Family<SweepLabels, Counter>,
    gateway_calls: Family<GatewayCallLabels, Counter>,
    gateway_call_duration: Histograms<GatewayLabels>,
    gateway_breaker: Family<GatewayBreakerLabels, Gauge>,
    webhook_deliveries: Family<DeliveryLabels, Counter>,
    webhook_attempt_duration: Histogram,
    webhook_backlog: Gauge,
    feed_backlog: Gauge,
    feed_lag: Gauge<f64, AtomicU64>,
    rate_limited: Family<LimitLabels, Counter>,
    spans: SpanMetrics,
    redis: RedisMetrics,
    state: StateMetrics,
}

fn duration_histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

impl Default for PrometheusMetrics {
    fn default() -> Self {
        let mut it = Self {
            registry: Registry::default(),
            requests: Family::default(),
            request_duration: Family::new_with_constructor(duration_histogram),
            orders_placed: Counter::default(),
            replays: Counter::default(),
            orders_refused: Counter::default(),
            transitions: Family::default(),
            callbacks: Family::default(),
            commits: Family::default(),
            commit_duration: duration_histogram(),
            commit_batch: Histogram::new(BATCH_BUCKETS),
            commit_batch_wait: duration_histogram(),
            commit_queue: Gauge::default(),
            batch_splits: Family::default(),
            retries: Counter::default(),
            findings: Family::default(),
            sweep_rows: Family::default(),
            gateway_calls: Family::default(),
            gateway_call_duration: Family::new_with_constructor(duration_histogram),
            gateway_breaker: Family::default(),
            webhook_deliveries: Family::default(),
            webhook_attempt_duration: duration_histogram(),
            webhook_backlog: Gauge::default(),
            feed_backlog: Gauge::default(),
            feed_lag: Gauge::default(),
            rate_limited: Family::default(),
            spans: SpanMetrics::default(),
            redis: RedisMetrics::default(),
            state: StateMetrics::default(),
        };
        it.register_all();
        it.init_counters();
        it
    }
}

impl PrometheusMetrics {
    #[rustfmt::skip]
    fn register_all(&mut self) {
        let to = self.registry.sub_registry_with_prefix("idem");
        to.register("http_requests", "Requests by method, route and status", self.requests.clone());
        to.register("http_request_duration_seconds", "How long requests took", self.request_duration.clone());
        to.register("orders_placed", "Orders placed", self.orders_placed.clone());
        to.register("orders_refused", "Orders refused: out of stock, unknown product, another price, a limit, or another rule", self.orders_refused.clone());
        to.register("replays", "Answers given again under an idempotency key", self.replays.clone());
        to.register("order_transitions", "Orders that moved, by status", self.transitions.clone());
        to.register("callbacks", "Gateways' notices by what became of them", self.callbacks.clone());
        to.register("commits", "Commits by outcome", self.commits.clone());
        to.register("commit_duration_seconds", "How long commits took", self.commit_duration.clone());
        to.register("commit_batch_units", "Units of work that were committed together", self.commit_batch.clone());
        to.register("commit_batch_wait_seconds", "How long the oldest unit of work of each batch waited for it", self.commit_batch_wait.clone());
        to.register("commit_queue_units", "Units of work that still waited when the last batch began", self.commit_queue.clone());
        to.register("commit_batch_splits", "Batches that were rolled back and tried again in parts, by reason", self.batch_splits.clone());
        to.register("retries", "Use cases that decided again because their commit was stale", self.retries.clone());
        to.register("findings_reported", "Findings that commits reported, by kind", self.findings.clone());
        to.register("log_lines_dropped", "Lines of the log that found no room or could not be written", log::dropped_lines());
        to.register("swept", "Rows that a sweep dealt with", self.sweep_rows.clone());
        to.register("gateway_calls", "Calls to payment gateways by outcome", self.gateway_calls.clone());
        to.register("gateway_call_duration_seconds", "How long calls to payment gateways took", self.gateway_call_duration.clone());
        to.register("gateway_breaker_state", "1 for the present state of a gateway's circuit breaker, otherwise 0", self.gateway_breaker.clone());
        to.register("webhook_deliveries", "Attempts to deliver webhooks by outcome", self.webhook_deliveries.clone());
        to.register("webhook_attempt_duration_seconds", "How long attempts to deliver webhooks took", self.webhook_attempt_duration.clone());
        to.register("webhook_backlog_deliveries", "Deliveries of webhooks that are still to be made", self.webhook_backlog.clone());
        to.register("feed_backlog_events", "Committed events without a number in the feed, counted up to 256", self.feed_backlog.clone());
        to.register("feed_lag_seconds", "How long the oldest event without a number in the feed has waited", self.feed_lag.clone());
        to.register("rate_limited", "Requests that were refused because of a limit, by its policy", self.rate_limited.clone());
        self.spans.register_all(to);
        self.redis.register_all(to);
        self.state.register_service(to);
        self.state.register_process(&mut self.registry);
    }

    /// Creates every series with known labels at zero: `rate` and `increase` miss a series whose first value
    /// is not zero.
    fn init_counters(&self) {
        // Each series comes with a lock on its family, dropped at once: creating the next one locks the
        // family for writing.
        for outcome in CallbackOutcome::ALL {
            drop(self.callbacks.get_or_create(&outcome.into()));
        }
        for reason in SplitReason::ALL {
            drop(self.batch_splits.get_or_create(&reason.into()));
        }
        for outcome in CommitOutcome::ALL {
            drop(self.commits.get_or_create(&outcome.into()));
        }
        for outcome in DeliveryOutcome::ALL {
            drop(self.webhook_deliveries.get_or_create(&outcome.into()));
        }
        for kind in FindingKind::ALL {
            drop(self.findings.get_or_create(&kind.into()));
        }
        for limit in Limit::ALL {
            drop(self.rate_limited.get_or_create(&limit.into()));
        }
        for (from, to, _) in TRANSITIONS {
            drop(self.transitions.get_or_create(&TransitionLabels { from: from.as_str(), to: to.as_str() }));
        }
    }

    /// The metrics that describe a state, for those who set them.
    pub(crate) const fn state(&self) -> &StateMetrics {
        &self.state
    }

    /// Counts a call to a gateway and records its duration. A refused call never reached the gateway, so it has
    /// no duration.
    fn gateway_call(&self, gateway: &GatewayName, outcome: CallOutcome, took: Duration) {
        self.gateway_calls.get_or_create(&GatewayCallLabels::new(gateway, outcome)).inc();
        if outcome != CallOutcome::Refused {
            let gateway = GatewayLabels { gateway: gateway.to_string() };
            self.gateway_call_duration.get_or_create(&gateway).observe(took.as_secs_f64());
        }
    }

    /// Sets the gauge of a gateway's circuit breaker. It also creates the gateway's counters, at zero.
    fn gateway_breaker(&self, gateway: &GatewayName, now: BreakerState) {
        for state in BreakerState::ALL {
            let gauge = self.gateway_breaker.get_or_create(&GatewayBreakerLabels::new(gateway, state));
            gauge.set(i64::from(state == now));
        }
        for outcome in CallOutcome::ALL {
            drop(self.gateway_calls.get_or_create(&GatewayCallLabels::new(gateway, outcome)));
        }
    }

    /// Counts a finished request and records its duration.
    pub fn observe_request(&self, seen: RequestSample, took: Duration) {
        // The duration has fewer labels than the count: each combination costs a histogram 15 series.
        self.requests.get_or_create(&RequestLabels::from(seen)).inc();
        self.request_duration.get_or_create(&RouteLabels::from(seen)).observe(took.as_secs_f64());
    }

    /// Counts a request that was refused because of a limit.
    pub fn observe_refusal(&self, limit: Limit) {
        self.rate_limited.get_or_create(&limit.into()).inc();
    }

    /// All metrics as text: in the `OpenMetrics` format 1.0, or in the older format 0.0.4 of Prometheus.
    ///
    /// # Errors
    /// Never, as writing to a string does not fail.
    pub fn encode_text(&self, open_metrics: bool) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(if open_metrics { text } else { exposition::to_prometheus_text(&text) })
    }
}

impl Metrics for PrometheusMetrics {
    fn observe(&self, observation: Observation) {
        let count = |counter: &Counter| {
            counter.inc();
        };
        match observation {
            Observation::OrderPlaced => count(&self.orders_placed),
            Observation::Replayed => count(&self.replays),
            Observation::OrderRefused => count(&self.orders_refused),
            Observation::Transition(from, to) => {
                let moved = TransitionLabels { from: from.as_str(), to: to.as_str() };
                count(&self.transitions.get_or_create(&moved));
            }
            Observation::Callback(outcome) => count(&self.callbacks.get_or_create(&outcome.into())),
            Observation::Commit(outcome, took) => {
                count(&self.commits.get_or_create(&outcome.into()));
                self.commit_duration.observe(took.as_secs_f64());
            }
            Observation::CommitBatch(units) => self.commit_batch.observe(f64::from(units)),
            Observation::CommitQueue(longest_wait, waiting) => {
                self.commit_batch_wait.observe(longest_wait.as_secs_f64());
                self.commit_queue.set(waiting.into());
            }
            Observation::BatchSplit(reason) => count(&self.batch_splits.get_or_create(&reason.into())),
            Observation::Retry => count(&self.retries),
            Observation::FindingReported(kind) => count(&self.findings.get_or_create(&kind.into())),
            Observation::BatchProcessed(sweep, rows) => {
                self.sweep_rows.get_or_create(&SweepLabels { sweep }).inc_by(rows);
            }
            Observation::GatewayCall(gateway, outcome, took) => self.gateway_call(&gateway, outcome, took),
            Observation::GatewayBreaker(gateway, state) => self.gateway_breaker(&gateway, state),
            Observation::WebhookAttempt(took) => self.webhook_attempt_duration.observe(took.as_secs_f64()),
            Observation::WebhookDelivery(outcome) => {
                count(&self.webhook_deliveries.get_or_create(&outcome.into()));
            }
            Observation::WebhookBacklog(pending) => {
                self.webhook_backlog.set(i64::from(pending));
            }
            Observation::FeedBacklog(events, age) => {
                self.feed_backlog.set(i64::from(events));
                self.feed_lag.set(age.as_secs_f64());
            }
            Observation::SpansExported(spans) => self.spans.count_exported(spans),
            Observation::SpansDropped(spans) => self.spans.count_dropped(spans),
            Observation::RedisFault(fault) => self.redis.count_fault(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::order::OrderStatus;

    use super::*;

    fn sample_metrics() -> PrometheusMetrics {
        let metrics = PrometheusMetrics::default();
        let took = Duration::from_millis(3);
        metrics.observe_request(
            RequestSample { method: "GET", route: "/v1/orders/{orderNumber}", status: 404 },
            took,
        );
        metrics.observe_refusal(Limit::UserRequests);
        for observation in [
            Observation::OrderPlaced,
            Observation::Replayed,
            Observation::OrderRefused,
            Observation::Transition(OrderStatus::Pending, OrderStatus::Paid),
            Observation::Callback(CallbackOutcome::Duplicate),
            Observation::Commit(CommitOutcome::Committed, took),
            Observation::CommitQueue(took, 5),
            Observation::BatchSplit(SplitReason::Blocked),
            Observation::Retry,
            Observation::FindingReported(FindingKind::Reconciliation),
            Observation::BatchProcessed("expire-unpaid", 7),
            Observation::GatewayBreaker(GatewayName::new("sandbox".into()), BreakerState::Closed),
            Observation::GatewayCall(GatewayName::new("sandbox".into()), CallOutcome::TimedOut, took),
            Observation::GatewayBreaker(GatewayName::new("sandbox".into()), BreakerState::Open),
            Observation::WebhookAttempt(took),
            Observation::WebhookDelivery(DeliveryOutcome::Failed),
            Observation::WebhookBacklog(7),
            Observation::FeedBacklog(3, took),
            Observation::SpansExported(5),
            Observation::SpansDropped(2),
            Observation::RedisFault(ports::RedisFault::CrossSlot),
        ] {
            metrics.observe(observation);
        }
        metrics
    }

    #[test]
    fn everything_that_happens_is_counted_once() {
        let text = sample_metrics().encode_text(true).unwrap();
        for line in [
            r#"idem_http_requests_total{method="GET",route="/v1/orders/{orderNumber}",status="404"} 1"#,
            r#"idem_http_request_duration_seconds_bucket{le="0.005",method="GET",route="/v1/orders/{orderNumber}"} 1"#,
            "idem_orders_placed_total 1",
            "idem_replays_total 1",
            "idem_orders_refused_total 1",
            r#"idem_order_transitions_total{from="PENDING",to="PAID"} 1"#,
            r#"idem_callbacks_total{outcome="duplicate"} 1"#,
            r#"idem_commits_total{outcome="committed"} 1"#,
            "idem_commit_duration_seconds_count 1",
            r#"idem_commit_batch_wait_seconds_bucket{le="0.005"} 1"#,
            "idem_commit_queue_units 5",
            r#"idem_commit_batch_splits_total{reason="blocked"} 1"#,
            r#"idem_commit_batch_splits_total{reason="refused"} 0"#,
            "idem_retries_total 1",
            r#"idem_findings_reported_total{kind="reconciliation"} 1"#,
            r#"idem_findings_reported_total{kind="amount-mismatch"} 0"#,
            r#"idem_swept_total{sweep="expire-unpaid"} 7"#,
            r#"idem_gateway_calls_total{gateway="sandbox",outcome="timeout"} 1"#,
            r#"idem_gateway_calls_total{gateway="sandbox",outcome="answered"} 0"#,
            r#"idem_gateway_call_duration_seconds_count{gateway="sandbox"} 1"#,
            r#"idem_gateway_breaker_state{gateway="sandbox",state="open"} 1"#,
            r#"idem_gateway_breaker_state{gateway="sandbox",state="closed"} 0"#,
            "idem_webhook_attempt_duration_seconds_count 1",
            r#"idem_webhook_deliveries_total{outcome="failed"} 1"#,
            r#"idem_webhook_deliveries_total{outcome="given-up"} 0"#,
            "idem_webhook_backlog_deliveries 7",
            "idem_feed_backlog_events 3",
            r#"idem_rate_limited_total{policy="user"} 1"#,
            r#"idem_rate_limited_total{policy="network"} 0"#,
            "idem_feed_lag_seconds 0.003",
            "idem_trace_spans_exported_total 5",
            "idem_trace_spans_dropped_total 2",
            r#"idem_redis_faults_total{fault="crossslot"} 1"#,
            r#"idem_redis_faults_total{fault="moved"} 0"#,
        ] {
            assert!(text.lines().any(|it| it == line), "{line} in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn what_has_not_happened_yet_is_shown_at_zero() {
        let text = PrometheusMetrics::default().encode_text(true).unwrap();
        for line in [
            r#"idem_order_transitions_total{from="PENDING",to="PAID"} 0"#,
            r#"idem_callbacks_total{outcome="refused"} 0"#,
            r#"idem_commits_total{outcome="unavailable"} 0"#,
        ] {
            assert!(text.lines().any(|it| it == line), "{line} in\n{text}");
        }
    }

    #[test]
    fn the_older_format_names_a_counter_as_its_samples() {
        let text = sample_metrics().encode_text(false).unwrap();
        assert!(
            text.contains("# TYPE idem_orders_placed_total counter\nidem_orders_placed_total 1\n"),
            "{text}"
        );
        assert!(text.contains("# TYPE idem_commit_duration_seconds histogram\n"), "{text}");
        assert!(!text.contains("# EOF"));
    }
}
