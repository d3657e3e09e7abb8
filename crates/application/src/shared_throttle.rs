//! Counting attempts together with the other instances, and alone when that cannot be, as a decorator.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use ports::{Attempts, PortError, Throttle};

/// Counts twice: where all instances count, and in this process. The larger count is told, so that the limit holds,
/// instance by instance, while the shared counts are away, and after they were emptied.
///
/// Of attempts made at the same moment two may then get the same count, but none a smaller one than in either place. A
/// count that is cleared is cleared in both places; what other instances counted for themselves stays until its window
/// is over.
pub struct SharedThrottle {
    shared: Arc<dyn Throttle>,
    own: Arc<dyn Throttle>,
}

impl SharedThrottle {
    /// Counts in `shared`, which may be away, and in `own`.
    #[must_use]
    pub fn new(shared: Arc<dyn Throttle>, own: Arc<dyn Throttle>) -> Self {
        Self { shared, own }
    }
}

#[async_trait]
impl Throttle for SharedThrottle {
    async fn count_attempt(&self, name: &str, window: Duration) -> Result<Attempts, PortError> {
        // The own one first: whoever does not wait for the other is counted nevertheless.
        let own = self.own.count_attempt(name, window).await;
        larger_count(own, self.shared.count_attempt(name, window).await)
    }

    async fn read_attempts(&self, name: &str) -> Result<Attempts, PortError> {
        let own = self.own.read_attempts(name).await;
        larger_count(own, self.shared.read_attempts(name).await)
    }

    async fn reset_attempts(&self, name: &str) -> Result<(), PortError> {
        let own = self.own.reset_attempts(name).await;
        self.shared.reset_attempts(name).await.and(own)
    }
}

/// Of equal counts the one that lasts longer.
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
