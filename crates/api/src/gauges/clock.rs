//! Whether this instance and the database agree about the time. Ended sessions, leases of mails and webhooks, and lists by
//! time rest on clocks that agree.

use application::auth::revocations::CLOCK_SKEW_MAX;
use domain::Timestamp;
use ports::{Clock, RecordClock};
use tokio::time::timeout;

use crate::{http::operations::CHECK_TIMEOUT, metrics::PrometheusMetrics};

/// The part of the allowed difference of two instances that each may differ from the database.
const SHARE: u32 = 2;

/// The last look at the clock of the database.
#[derive(Debug, Default)]
pub(super) struct ClockWatch {
    is_off: bool,
}

impl ClockWatch {
    /// Compares the clocks, sets the gauge, and logs when they begin or cease to differ by more than is allowed. Without an
    /// answer the gauge stays as it was: that the database does not answer has a gauge of its own.
    pub(super) async fn compare_clocks(
        &mut self,
        clock: &dyn Clock,
        record: &dyn RecordClock,
        metrics: &PrometheusMetrics,
    ) {
        let before = clock.now();
        let Ok(Ok(Some(theirs))) = timeout(CHECK_TIMEOUT, record.read_time()).await else {
            return;
        };
        let ahead_ms = measure_lead(before, theirs, clock.now());
        metrics.state().set_clock_lead(ahead_ms);
        let is_off = u128::from(ahead_ms.unsigned_abs()) > CLOCK_SKEW_MAX.as_millis() / u128::from(SHARE);
        if is_off && !self.is_off {
            tracing::error!(
                ahead_ms,
                "the clock differs too much from the database's: ended sessions may be accepted, and mails and webhooks sent twice"
            );
        } else if self.is_off && !is_off {
            tracing::info!(ahead_ms, "the clock agrees with the database's again");
        }
        self.is_off = is_off;
    }
}

/// How far this clock is ahead of a time that was read between `before` and `after`, in milliseconds; negative if behind. 0
/// if it may be the same.
fn measure_lead(before: Timestamp, theirs: Timestamp, after: Timestamp) -> i64 {
    let [before, theirs, after] = [before, theirs, after].map(Timestamp::as_millis);
    let (ahead, behind) = (before.saturating_sub(theirs), theirs.saturating_sub(after));
    if ahead > 0 { ahead } else { behind.max(0).saturating_neg() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_ahead_or_behind_or_may_be_right() {
        let lead = |theirs| {
            measure_lead(
                Timestamp::from_millis(100),
                Timestamp::from_millis(theirs),
                Timestamp::from_millis(120),
            )
        };
        assert_eq!([90, 100, 110, 120, 150].map(lead), [10, 0, 0, 0, -30]);
    }
}
