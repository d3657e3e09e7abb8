//! Durations within this process.

use tokio::time::Instant;

/// The present moment, to measure how much time passes until another: how long to retry, or how long a server is silent.
#[expect(clippy::disallowed_methods, reason = "a duration, which no clock on the wall may change")]
pub(crate) fn start_stopwatch() -> Instant {
    Instant::now()
}
