//! Counting attempts, so that guessing passwords is slow (ADR 0017).

use std::time::Duration;

use async_trait::async_trait;

use crate::PortError;

/// The number of attempts under a name in the present window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// The number of attempts; from [`Throttle::count_attempt`] it includes the present one.
    pub count: u32,
    /// The remaining time of the window; the count is zero afterwards.
    pub resets_in: Duration,
}

/// Counts attempts under a name, in a window that begins with the first attempt.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Throttle: Send + Sync {
    /// Counts one more attempt and returns the total. Of simultaneous attempts no two get the same count.
    ///
    /// # Errors
    /// [`PortError`] when the store of counts is unavailable.
    // Count first, then compare: with a read before a write, parallel guesses would all see the count below
    // the limit.
    async fn count_attempt(&self, name: &str, window: Duration) -> Result<Attempts, PortError>;

    /// The number of attempts, without adding one. A name without attempts has a count of zero that resets at
    /// once.
    ///
    /// # Errors
    /// [`PortError`] when the store of counts is unavailable.
    async fn read_attempts(&self, name: &str) -> Result<Attempts, PortError>;

    /// Deletes the count, after a success.
    ///
    /// # Errors
    /// [`PortError`] when the store of counts is unavailable. The count then ends with its window.
    async fn reset_attempts(&self, name: &str) -> Result<(), PortError>;
}
