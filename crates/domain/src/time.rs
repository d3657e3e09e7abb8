//! Timestamps.

use std::time::Duration;

/// A time: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Timestamp(i64);

impl Timestamp {
    /// The end of time: later than every other timestamp, for "never".
    pub const MAX: Self = Self(i64::MAX);

    /// The time that is `millis` milliseconds after the epoch; before it, if negative.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch, as they are stored.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The time `duration` later, at most [`Timestamp::MAX`].
    ///
    /// ```
    /// use domain::Timestamp;
    /// use std::time::Duration;
    /// assert_eq!(Timestamp::from_millis(5).saturating_add(Duration::from_secs(1)).as_millis(), 1005);
    /// ```
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration_millis(duration)))
    }

    /// The time `duration` earlier, stopping at the smallest timestamp.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration_millis(duration)))
    }

    /// The duration from `earlier` to this time; zero if `earlier` is later.
    #[must_use]
    pub fn saturating_duration_since(self, earlier: Self) -> Duration {
        // Two timestamps may come from clocks of two instances, so a negative difference is normal and counts
        // as zero.
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

fn duration_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
