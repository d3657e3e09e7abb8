//! The metrics that describe a state. Sweeps set them (`gauges`), and a scrape reads what was set last.

use std::{
    sync::{Mutex, PoisonError, atomic::AtomicU64},
    time::Duration,
};

use domain::{FindingKind, GatewayName};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use super::labels::{FindingLabels, GatewayLabels};
use crate::{build_info, log};

/// What one look at the process found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ProcessSample {
    /// User and system time since the start, in seconds.
    pub(crate) cpu_seconds: f64,
    /// When the process started, in seconds since the Unix epoch.
    pub(crate) started_at: f64,
    /// Memory that the process holds, in bytes.
    pub(crate) resident_bytes: u64,
    /// Open file descriptors.
    pub(crate) open_fds: u64,
    /// The limit of file descriptors.
    pub(crate) max_fds: u64,
    /// Threads of the process.
    pub(crate) threads: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DependencyLabels {
    dependency: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PoolLabels {
    pool: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BuildLabels {
    version: &'static str,
    commit: &'static str,
}

type Seconds = Gauge<f64, AtomicU64>;
type Count = Gauge<u64, AtomicU64>;

/// The gauges of the service and of its process.
#[derive(Default)]
pub(crate) struct StateMetrics {
    open_findings: Family<FindingLabels, Gauge>,
    unreconciled: Family<GatewayLabels, Seconds>,
    dependency_up: Family<DependencyLabels, Gauge>,
    clock_lead: Seconds,
    build: Family<BuildLabels, Gauge>,
    pool_in_use: Family<PoolLabels, Count>,
    pool_max: Family<PoolLabels, Count>,
    cpu: Counter<f64, AtomicU64>,
    /// What `cpu` stands at: the system tells the sum, and a counter takes the growth.
    counted_cpu: Mutex<f64>,
    started_at: Seconds,
    resident_bytes: Count,
    open_fds: Count,
    max_fds: Count,
    threads: Count,
}

impl StateMetrics {
    /// Registers the metrics of the service, whose names get its prefix.
    #[rustfmt::skip]
    pub(super) fn register_service(&self, to: &mut Registry) {
        to.register("open_findings", "Findings that wait for an operator, by kind", self.open_findings.clone());
        to.register("oldest_unreconciled_payment_seconds", "How long the oldest operation whose lookups returned no result has waited", self.unreconciled.clone());
        to.register("dependency_up", "1 if the dependency answered the last check, otherwise 0", self.dependency_up.clone());
        to.register("clock_lead_seconds", "How far the clock of this instance is ahead of the database's", self.clock_lead.clone());
        to.register("pool_connections_in_use", "Connections to the database that work uses", self.pool_in_use.clone());
        to.register("pool_connections_max", "Connections to the database that there may be", self.pool_max.clone());
        to.register("build_info", "1; the labels say what runs", self.build.clone());
        to.register("security_events", "Lines of the security log by event", log::security_events());
        self.build.get_or_create(&BuildLabels { version: build_info::VERSION, commit: build_info::COMMIT }).set(1);
    }

    /// Registers the metrics of the process, under the names that Prometheus' own libraries give them.
    #[rustfmt::skip]
    pub(super) fn register_process(&self, process: &mut Registry) {
        process.register("process_cpu_seconds", "User and system time of the process", self.cpu.clone());
        process.register("process_start_time_seconds", "When the process started, in seconds since the Unix epoch", self.started_at.clone());
        process.register("process_resident_memory_bytes", "Memory that the process holds", self.resident_bytes.clone());
        process.register("process_open_fds", "Open file descriptors", self.open_fds.clone());
        process.register("process_max_fds", "Limit of file descriptors", self.max_fds.clone());
        process.register("process_threads", "Threads of the process", self.threads.clone());
    }

    /// Sets how many findings of a kind are open.
    pub(crate) fn set_open_findings(&self, kind: FindingKind, count: i64) {
        self.open_findings.get_or_create(&kind.into()).set(count);
    }

    /// Sets how long the oldest payment of a gateway waits for a result; zero if none does.
    pub(crate) fn set_unreconciled(&self, gateway: &GatewayName, age: Duration) {
        let labels = GatewayLabels { gateway: gateway.to_string() };
        self.unreconciled.get_or_create(&labels).set(age.as_secs_f64());
    }

    /// Sets whether a dependency answers.
    pub(crate) fn set_dependency(&self, dependency: &'static str, is_up: bool) {
        self.dependency_up.get_or_create(&DependencyLabels { dependency }).set(is_up.into());
    }

    /// Sets how far the clock is ahead of the database's, in milliseconds; negative if it is behind.
    pub(crate) fn set_clock_lead(&self, ahead_ms: i64) {
        let lead = Duration::from_millis(ahead_ms.unsigned_abs()).as_secs_f64();
        self.clock_lead.set(if ahead_ms < 0 { -lead } else { lead });
    }

    /// Sets the use of the pools: name, connections in use, and how many there may be.
    pub(crate) fn set_pools(&self, pools: &[(&'static str, usize, usize)]) {
        let count = |it: usize| u64::try_from(it).unwrap_or(u64::MAX);
        for &(pool, in_use, connections) in pools {
            self.pool_in_use.get_or_create(&PoolLabels { pool }).set(count(in_use));
            self.pool_max.get_or_create(&PoolLabels { pool }).set(count(connections));
        }
    }

    /// Sets what the process uses.
    pub(crate) fn set_process(&self, sample: ProcessSample) {
        let mut counted = self.counted_cpu.lock().unwrap_or_else(PoisonError::into_inner);
        self.cpu.inc_by((sample.cpu_seconds - *counted).max(0.0));
        *counted = counted.max(sample.cpu_seconds);
        self.started_at.set(sample.started_at);
        self.resident_bytes.set(sample.resident_bytes);
        self.open_fds.set(sample.open_fds);
        self.max_fds.set(sample.max_fds);
        self.threads.set(sample.threads);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::metrics::{ProcessSample, PrometheusMetrics};

    #[test]
    fn what_was_set_last_is_shown() {
        let metrics = PrometheusMetrics::default();
        let state = metrics.state();
        state.set_open_findings(domain::FindingKind::Dispute, 3);
        state.set_unreconciled(&domain::GatewayName::new("stripe".into()), Duration::from_millis(1500));
        state.set_clock_lead(-1_500);
        state.set_dependency("redis", true);
        state.set_dependency("redis", false);
        state.set_pools(&[("readers", 3, 4)]);
        for cpu_seconds in [2.5, 4.0, 3.9] {
            state.set_process(ProcessSample {
                cpu_seconds,
                started_at: 1_700_000_000.5,
                resident_bytes: 4096,
                open_fds: 7,
                max_fds: 1024,
                threads: 5,
            });
        }
        let text = metrics.encode_text(false).unwrap();
        for line in [
            r#"idem_open_findings{kind="dispute"} 3"#,
            r#"idem_oldest_unreconciled_payment_seconds{gateway="stripe"} 1.5"#,
            r#"idem_dependency_up{dependency="redis"} 0"#,
            "idem_clock_lead_seconds -1.5",
            r#"idem_security_events_total{event="role-set"} 0"#,
            r#"idem_pool_connections_in_use{pool="readers"} 3"#,
            r#"idem_pool_connections_max{pool="readers"} 4"#,
            "process_cpu_seconds_total 4.0",
            "process_start_time_seconds 1700000000.5",
            "process_resident_memory_bytes 4096",
            "process_open_fds 7",
            "process_max_fds 1024",
            "process_threads 5",
        ] {
            assert!(text.lines().any(|it| it == line), "{line} in\n{text}");
        }
        assert!(
            text.contains(&format!("idem_build_info{{version=\"{}\",commit=", env!("CARGO_PKG_VERSION")))
        );
    }
}
