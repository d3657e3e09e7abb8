//! Counters by the clock of a test.

use std::{sync::Arc, time::Duration};

use adapters_local::LocalThrottle;
use async_trait::async_trait;
use ports::{Attempts, PortError, Throttle};
use tokio::task::yield_now;

use super::ManualClock;

/// Counts as one process does, by the bench's clock. It lets others go first each time, as a server far away does.
pub(crate) struct MemoryThrottle(LocalThrottle);

impl MemoryThrottle {
    pub(crate) fn new(clock: Arc<ManualClock>) -> Self {
        Self(LocalThrottle::new(clock))
    }
}

#[async_trait]
impl Throttle for MemoryThrottle {
    async fn count_attempt(&self, name: &str, window: Duration) -> Result<Attempts, PortError> {
        yield_now().await;
        self.0.count_attempt(name, window).await
    }

    async fn read_attempts(&self, name: &str) -> Result<Attempts, PortError> {
        yield_now().await;
        self.0.read_attempts(name).await
    }

    async fn reset_attempts(&self, name: &str) -> Result<(), PortError> {
        self.0.reset_attempts(name).await
    }
}
