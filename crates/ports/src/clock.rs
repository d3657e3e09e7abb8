//! Time and randomness, so that use cases need neither.

use std::time::Duration;

use domain::Timestamp;

/// Tells the time.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Clock: Send + Sync {
    /// Now, in whole milliseconds, UTC.
    fn now(&self) -> Timestamp;

    /// How long it is since some moment that stays the same while the process runs: for lengths of time. It never steps
    /// back, whatever is done to [`now`](Self::now). Unless a clock says otherwise it measures by what it shows.
    fn monotonic_now(&self) -> Duration {
        self.now().saturating_duration_since(Timestamp::from_millis(0))
    }
}

/// Makes keys and ids.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait IdGenerator: Send + Sync {
    /// A row's key: above zero, never given out twice by one process, and (but for clocks that step back) larger than
    /// those given out a millisecond before by the same process. Of the keys of two processes, whose clocks differ, the
    /// larger one may be the older. Two processes make the same one so rarely that a retry is a fit answer.
    fn next_key(&self) -> i64;

    /// A public id: at least 125 random bits as 26 characters of `a-z` and `2-7`, safe in a URL.
    fn next_id(&self) -> String;
}
