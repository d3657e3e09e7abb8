//! Counters by the clock of a test.

use std::{sync::Arc, time::Duration};

use adapters_local::LocalThrottle;
use async_trait::async_trait;
use ports::{Attempts, PortError, Throttle};
use tokio::task::yield_now;

use super::SetClock;

/// Counts as one process does, by the bench's clock. It lets others go first each time, as a server far away does.
pub(crate) struct Counts(LocalThrottle);

impl Counts {
    pub(crate) fn new(clock: Arc<SetClock>) -> Self {
        Self(LocalThrottle::new(clock))
    }
}

#[async_trait]
impl Throttle for Counts {
    async fn hit(&self, name: &str, window: Duration) -> Result<Attempts, PortError> {
        yield_now().await;
        self.0.hit(name, window).await
    }

    async fn count(&self, name: &str) -> Result<Attempts, PortError> {
        yield_now().await;
        self.0.count(name).await
    }

    async fn clear(&self, name: &str) -> Result<(), PortError> {
        self.0.clear(name).await
    }
}
