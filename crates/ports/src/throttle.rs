//! Counting attempts, so that guessing is slow.

use std::time::Duration;

use async_trait::async_trait;

use crate::PortError;

/// How often something was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// So often; from [`Throttle::count_attempt`], this time included.
    pub count: u32,
    /// So long until the count begins anew.
    pub resets_in: Duration,
}

/// Counts attempts under a name, for a window of time that begins with the first.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Throttle: Send + Sync {
    /// Counts one more attempt and tells how many there are. Of attempts made at the same moment no two get the same
    /// count.
    ///
    /// # Errors
    /// [`PortError`] when counts cannot be had.
    async fn count_attempt(&self, name: &str, window: Duration) -> Result<Attempts, PortError>;

    /// How many attempts there are, without counting one; none is a count of zero that resets at once.
    ///
    /// # Errors
    /// [`PortError`] when counts cannot be had.
    async fn read_attempts(&self, name: &str) -> Result<Attempts, PortError>;

    /// Begins the count anew.
    ///
    /// # Errors
    /// [`PortError`].
    async fn reset_attempts(&self, name: &str) -> Result<(), PortError>;
}
