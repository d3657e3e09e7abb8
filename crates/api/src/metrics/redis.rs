//! Commands that Redis did not carry out because they were at the wrong server.

use ports::RedisFault;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

/// Counts such commands as the adapter of Redis reports them.
#[derive(Default)]
pub(super) struct RedisMetrics {
    faults: Family<FaultLabels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FaultLabels {
    fault: &'static str,
}

impl RedisMetrics {
    #[rustfmt::skip]
    pub(super) fn register_all(&self, to: &mut Registry) {
        to.register("redis_faults", "Commands that Redis did not carry out because their keys are elsewhere", self.faults.clone());
        for fault in RedisFault::ALL {
            drop(self.faults.get_or_create(&fault.into()));
        }
    }

    pub(super) fn count_fault(&self, fault: RedisFault) {
        self.faults.get_or_create(&fault.into()).inc();
    }
}

impl From<RedisFault> for FaultLabels {
    fn from(fault: RedisFault) -> Self {
        let fault = match fault {
            RedisFault::Moved => "moved",
            RedisFault::Ask => "ask",
            RedisFault::CrossSlot => "crossslot",
        };
        Self { fault }
    }
}
