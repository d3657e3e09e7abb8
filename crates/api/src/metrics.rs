//! Counters, for Prometheus.

mod exposition;
mod labels;

use std::time::Duration;

use domain::{GatewayName, order::TRANSITIONS};
use ports::{BreakerState, CallOutcome, CallbackOutcome, CommitOutcome, Happening, Meter};
use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use crate::log;

use labels::{
    CallbackLabels, CommitLabels, GatewayBreakerLabels, GatewayCallLabels, GatewayLabels, RequestLabels,
    RouteLabels, SweepLabels, TransitionLabels,
};

/// Upper bounds of the durations that are told apart, in seconds: from a cache's answer to the deadline.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// A request as the counters see it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The method, one of a few.
    pub method: &'static str,
    /// The route's pattern, never the path.
    pub route: &'a str,
    /// The status of the answer.
    pub status: u16,
}

/// Everything that is counted.
pub struct Metrics {
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
    retries: Counter,
    swept: Family<SweepLabels, Counter>,
    gateway_calls: Family<GatewayCallLabels, Counter>,
    gateway_call_duration: Histograms<GatewayLabels>,
    gateway_breaker: Family<GatewayBreakerLabels, Gauge>,
}

fn durations() -> Histogram {
    Histogram::new(BUCKETS)
}

impl Default for Metrics {
    fn default() -> Self {
        let mut it = Self {
            registry: Registry::with_prefix("idem"),
            requests: Family::default(),
            request_duration: Family::new_with_constructor(durations),
            orders_placed: Counter::default(),
            replays: Counter::default(),
            orders_refused: Counter::default(),
            transitions: Family::default(),
            callbacks: Family::default(),
            commits: Family::default(),
            commit_duration: durations(),
            retries: Counter::default(),
            swept: Family::default(),
            gateway_calls: Family::default(),
            gateway_call_duration: Family::new_with_constructor(durations),
            gateway_breaker: Family::default(),
        };
        it.register();
        it.begin_at_zero();
        it
    }
}

impl Metrics {
    #[rustfmt::skip]
    fn register(&mut self) {
        let to = &mut self.registry;
        to.register("http_requests", "Requests by method, route and status", self.requests.clone());
        to.register("http_request_duration_seconds", "How long requests took", self.request_duration.clone());
        to.register("orders_placed", "Orders placed", self.orders_placed.clone());
        to.register("orders_refused", "Orders refused: out of stock, unknown product, another price", self.orders_refused.clone());
        to.register("replays", "Answers given again under an idempotency key", self.replays.clone());
        to.register("order_transitions", "Orders that moved, by status", self.transitions.clone());
        to.register("callbacks", "Gateways' notices by what became of them", self.callbacks.clone());
        to.register("commits", "Commits by outcome", self.commits.clone());
        to.register("commit_duration_seconds", "How long commits took", self.commit_duration.clone());
        to.register("retries", "Use cases that began anew because their commit was stale", self.retries.clone());
        to.register("log_lines_dropped", "Lines of the log that found no room or could not be written", log::lost());
        to.register("swept", "Rows that a sweep dealt with", self.swept.clone());
        to.register("gateway_calls", "Calls to payment gateways by how they ended", self.gateway_calls.clone());
        to.register("gateway_call_duration_seconds", "How long calls to payment gateways took", self.gateway_call_duration.clone());
        to.register("gateway_breaker_state", "1 for the state that a gateway's circuit breaker is in", self.gateway_breaker.clone());
    }

    /// Shows what can be told apart before it has happened: an alert on a counter needs to see it at zero first.
    fn begin_at_zero(&self) {
        for outcome in CallbackOutcome::ALL {
            drop(self.callbacks.get_or_create(&outcome.into()));
        }
        for outcome in CommitOutcome::ALL {
            drop(self.commits.get_or_create(&outcome.into()));
        }
        for (from, to, _) in TRANSITIONS {
            drop(self.transitions.get_or_create(&TransitionLabels { from: from.as_str(), to: to.as_str() }));
        }
    }

    /// A call that was turned away took no time at the gateway.
    fn gateway_call(&self, gateway: &GatewayName, outcome: CallOutcome, took: Duration) {
        self.gateway_calls.get_or_create(&GatewayCallLabels::new(gateway, outcome)).inc();
        if outcome != CallOutcome::TurnedAway {
            let gateway = GatewayLabels { gateway: gateway.to_string() };
            self.gateway_call_duration.get_or_create(&gateway).observe(took.as_secs_f64());
        }
    }

    /// The first state of a gateway shows its counters at zero, too.
    fn gateway_breaker(&self, gateway: &GatewayName, now: BreakerState) {
        for state in BreakerState::ALL {
            let gauge = self.gateway_breaker.get_or_create(&GatewayBreakerLabels::new(gateway, state));
            gauge.set(i64::from(state == now));
        }
        for outcome in CallOutcome::ALL {
            drop(self.gateway_calls.get_or_create(&GatewayCallLabels::new(gateway, outcome)));
        }
    }

    /// Counts a request that took so long.
    pub fn request(&self, seen: Seen<'_>, took: Duration) {
        self.requests.get_or_create(&RequestLabels::from(seen)).inc();
        self.request_duration.get_or_create(&RouteLabels::from(seen)).observe(took.as_secs_f64());
    }

    /// Everything as text: in the `OpenMetrics` format 1.0, or in the older one of Prometheus, 0.0.4.
    ///
    /// # Errors
    /// Never, as writing to a string does not fail.
    pub fn text(&self, open_metrics: bool) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(if open_metrics { text } else { exposition::of_prometheus(&text) })
    }
}

impl Meter for Metrics {
    fn record(&self, happening: Happening) {
        let count = |counter: &Counter| {
            counter.inc();
        };
        match happening {
            Happening::OrderPlaced => count(&self.orders_placed),
            Happening::Replayed => count(&self.replays),
            Happening::OrderRefused => count(&self.orders_refused),
            Happening::Transition(from, to) => {
                let moved = TransitionLabels { from: from.as_str(), to: to.as_str() };
                count(&self.transitions.get_or_create(&moved));
            }
            Happening::Callback(outcome) => count(&self.callbacks.get_or_create(&outcome.into())),
            Happening::Commit(outcome, took) => {
                count(&self.commits.get_or_create(&outcome.into()));
                self.commit_duration.observe(took.as_secs_f64());
            }
            Happening::Retry => count(&self.retries),
            Happening::Swept(sweep, rows) => {
                self.swept.get_or_create(&SweepLabels { sweep }).inc_by(rows);
            }
            Happening::GatewayCall(gateway, outcome, took) => self.gateway_call(&gateway, outcome, took),
            Happening::GatewayBreaker(gateway, state) => self.gateway_breaker(&gateway, state),
        }
    }
}

/// Measures how long something takes, whatever the clock on the wall does.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Begins to measure.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "a duration that no clock on the wall may change")]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// How long it is since then.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use domain::order::Status;

    use super::*;

    fn counted() -> Metrics {
        let metrics = Metrics::default();
        let took = Duration::from_millis(3);
        metrics.request(Seen { method: "GET", route: "/v1/orders/{orderNumber}", status: 404 }, took);
        for happening in [
            Happening::OrderPlaced,
            Happening::Replayed,
            Happening::OrderRefused,
            Happening::Transition(Status::Pending, Status::Paid),
            Happening::Callback(CallbackOutcome::Duplicate),
            Happening::Commit(CommitOutcome::Committed, took),
            Happening::Retry,
            Happening::Swept("expire", 7),
            Happening::GatewayBreaker(GatewayName::new("sandbox".into()), BreakerState::Closed),
            Happening::GatewayCall(GatewayName::new("sandbox".into()), CallOutcome::TimedOut, took),
            Happening::GatewayBreaker(GatewayName::new("sandbox".into()), BreakerState::Open),
        ] {
            metrics.record(happening);
        }
        metrics
    }

    #[test]
    fn everything_that_happens_is_counted_once() {
        let text = counted().text(true).unwrap();
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
            "idem_retries_total 1",
            r#"idem_swept_total{sweep="expire"} 7"#,
            r#"idem_gateway_calls_total{gateway="sandbox",outcome="timeout"} 1"#,
            r#"idem_gateway_calls_total{gateway="sandbox",outcome="answered"} 0"#,
            r#"idem_gateway_call_duration_seconds_count{gateway="sandbox"} 1"#,
            r#"idem_gateway_breaker_state{gateway="sandbox",state="open"} 1"#,
            r#"idem_gateway_breaker_state{gateway="sandbox",state="closed"} 0"#,
        ] {
            assert!(text.lines().any(|it| it == line), "{line} in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn what_has_not_happened_yet_is_shown_at_zero() {
        let text = Metrics::default().text(true).unwrap();
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
        let text = counted().text(false).unwrap();
        assert!(
            text.contains("# TYPE idem_orders_placed_total counter\nidem_orders_placed_total 1\n"),
            "{text}"
        );
        assert!(text.contains("# TYPE idem_commit_duration_seconds histogram\n"), "{text}");
        assert!(!text.contains("# EOF"));
    }
}
