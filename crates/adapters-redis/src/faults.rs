//! Answers that say that a command is at the wrong server: they are counted, and never silent.

use std::sync::Arc;

use ports::{Metrics, Observation, RedisFault};

use crate::node::Misplacement;

/// Counts such answers.
#[derive(Clone)]
pub(crate) struct Faults {
    metrics: Arc<dyn Metrics>,
}

impl Faults {
    pub(crate) const fn new(metrics: Arc<dyn Metrics>) -> Self {
        Self { metrics }
    }

    /// A cluster that changes redirects a few calls. Keys on several nodes are a fault of this program.
    pub(crate) fn record(&self, misplaced: &Misplacement) {
        let fault = match misplaced {
            Misplacement::Moved(target) => {
                tracing::info!(
                    target_node = target,
                    "Redis moved keys to another node, asking for the slots"
                );
                RedisFault::Moved
            }
            Misplacement::Ask(target) => {
                tracing::debug!(target_node = target, "Redis is moving keys to another node");
                RedisFault::Ask
            }
            Misplacement::CrossSlot => {
                tracing::error!("Redis refused a command whose keys are on several nodes");
                RedisFault::CrossSlot
            }
        };
        self.metrics.observe(Observation::RedisFault(fault));
    }
}
