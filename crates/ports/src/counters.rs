//! Counters that several instances share, added to in batches.

use std::time::Duration;

use async_trait::async_trait;

use crate::{Attempts, PortError};

/// What is to be added to one counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountDelta {
    /// The counter, such as `requests:user:17`. It shares no name with the attempts of a [`Throttle`](crate::Throttle).
    pub name: String,
    /// How much is added, above zero.
    pub by: u32,
}

/// Adds to many counters with one call. Each is zero until it is added to, and again when its window is over.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait SharedCounters: Send + Sync {
    /// Adds to each counter and returns the totals, in the same order. The window of a counter begins with the first
    /// addition and is not prolonged by later ones. Concurrent additions are all counted.
    ///
    /// # Errors
    /// [`PortError`] when the store of counters is unavailable. Some of the additions may have been counted then.
    async fn add_counts(&self, deltas: &[CountDelta], window: Duration) -> Result<Vec<Attempts>, PortError>;
}
