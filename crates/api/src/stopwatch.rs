//! Lengths of time, for limits and metrics.

use std::time::{Duration, Instant};

/// Measures how long something takes, whatever the clock on the wall does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins to measure.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "a duration that no clock on the wall may change")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it is since it was started.
    #[must_use]
    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
