//! Counting attempts together with the other instances, or alone when the shared counters are unavailable, as
//! a decorator.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use ports::{Attempts, PortError, Throttle};

/// Counts twice: in counters shared by all instances, and in this process. It returns the larger count, so
/// each instance still enforces the limit while the shared counters are unavailable, and after they were
/// emptied.
///
/// Two concurrent attempts may get the same count, but none gets a smaller one than either counter gave it.
/// Resetting resets both; what other instances counted by themselves stays until its window ends.
pub struct SharedThrottle {
    shared: Arc<dyn Throttle>,
    own: Arc<dyn Throttle>,
}

impl SharedThrottle {
    /// Counts in `shared`, which may be unavailable, and in `own`.
    #[must_use]
    pub fn new(shared: Arc<dyn Throttle>, own: Arc<dyn Throttle>) -> Self {
        Self { shared, own }
    }
}

#[async_trait]
impl Throttle for SharedThrottle {
    async fn count_attempt(&self, name: &str, window: Duration) -> Result<Attempts, PortError> {
        // The own counter first, which never waits: a caller that is dropped while the shared one hangs is
        // counted nevertheless.
        let own = self.own.count_attempt(name, window).await;
        larger_count(own, self.shared.count_attempt(name, window).await)
    }

    async fn read_attempts(&self, name: &str) -> Result<Attempts, PortError> {
        let own = self.own.read_attempts(name).await;
        larger_count(own, self.shared.read_attempts(name).await)
    }

    async fn reset_attempts(&self, name: &str) -> Result<(), PortError> {
        let own = self.own.reset_attempts(name).await;
        // Both are always tried: a counter that is left behind would keep an account locked after a correct
        // password.
        self.shared.reset_attempts(name).await.and(own)
    }
}

/// The larger of two counts; of equal ones, the one that lasts longer. One failure is no failure: the other
/// counter still limits.
fn larger_count(
    one: Result<Attempts, PortError>,
    other: Result<Attempts, PortError>,
) -> Result<Attempts, PortError> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok(std::cmp::max_by_key(one, other, |it| (it.count, it.resets_in))),
        (Ok(known), Err(_)) | (Err(_), Ok(known)) => Ok(known),
        (Err(_), Err(away)) => Err(away),
    }
}

#[cfg(test)]
mod tests;
