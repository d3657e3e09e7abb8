//! The stopwatch of the measurement, and the time for texts.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::time::Instant;

use jiff::Timestamp;

/// Measures from the moment at which it is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// A stopwatch that starts now.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Microseconds since the start, at most those that fit.
    pub(crate) fn elapsed_us(self) -> u32 {
        u32::try_from(self.0.elapsed().as_micros()).unwrap_or(u32::MAX)
    }

    /// Seconds since the start.
    pub(crate) fn elapsed_seconds(self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

/// The present time.
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
