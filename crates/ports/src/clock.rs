//! Time and randomness as ports, so that use cases are deterministic and tests choose both.

use std::time::Duration;

use domain::Timestamp;

/// Reads the wall clock and a monotonic clock.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Clock: Send + Sync {
    /// The current time in UTC, in whole milliseconds. It may step back, and clocks of two instances differ.
    fn now(&self) -> Timestamp;

    /// The time since a fixed but unknown start, for measuring durations. It never steps back, whatever
    /// happens to [`now`](Self::now).
    fn monotonic_now(&self) -> Duration {
        // A test clock has a single time, so the default measures by the wall clock. The system's clock must
        // override this: there a step of the wall clock would stretch or end a time limit.
        self.now().saturating_duration_since(Timestamp::from_millis(0))
    }
}

/// Generates row keys and public ids (ADR 0004).
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait IdGenerator: Send + Sync {
    /// A row key above those of adopted rows ([`domain::ADOPTED_KEYS_END`]). One process never returns a key twice, and a key is larger than those that the
    /// same process returned a millisecond before, unless the clock steps back. Of the keys of two processes,
    /// whose clocks differ, the larger one may be the older. Two processes collide so rarely that the commit
    /// is simply retried with new keys.
    fn next_key(&self) -> i64;

    /// A public id: at least 125 random bits as 26 characters of `a-z` and `2-7`, safe in a URL.
    fn next_id(&self) -> String;
}
