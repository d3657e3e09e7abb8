//! The choice of a clock.

use std::sync::Arc;

use adapters_local::{ShiftedClock, SystemClock};
use ports::Clock;

use crate::config::Config;

/// The machine's clock, or for tests one that is ahead of it or behind.
pub(super) fn build_clock(config: &Config) -> Arc<dyn Clock> {
    match config.clock_offset_ms {
        0 => Arc::new(SystemClock),
        by_ms => {
            tracing::warn!(by_ms, "clock is shifted by IDEM_CLOCK_OFFSET, which is for tests only");
            Arc::new(ShiftedClock::new(Arc::new(SystemClock), by_ms))
        }
    }
}
