//! Figures of the shop over time, for operators.
//!
//! A window is cut into buckets of an hour or a day. Buckets are numbered: the number is the time in hours or days since
//! 1970, by the clock of the window. So the database, the record in memory and the reader of the figures agree on what
//! belongs together without exchanging times.

use std::ops::Range;

use async_trait::async_trait;
use domain::{FindingKind, Invalid, MoneySum, Timestamp};

use crate::PortError;

/// The largest distance of the clock of a window from UTC, in minutes: no clock is further away.
pub const UTC_OFFSET_MINUTES_MAX: i16 = 14 * 60;

/// The length of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BucketSize {
    /// A full hour by the clock of the window.
    Hour,
    /// A day of 24 hours from midnight by the clock of the window.
    Day,
}

impl BucketSize {
    /// The length in seconds.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }

    /// The name in requests and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    const fn length_millis(self) -> i64 {
        self.seconds().saturating_mul(1_000)
    }
}

/// Whole buckets that follow each other, at least one and at most [`OverviewWindow::BUCKETS_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OverviewWindow {
    size: BucketSize,
    offset_minutes: i16,
    /// The number of the first bucket, and the number after that of the last one.
    first: i64,
    end: i64,
}

impl OverviewWindow {
    /// The largest number of buckets: the hours of 31 days.
    pub const BUCKETS_MAX: i64 = 31 * 24;
    /// The longest window, in days.
    pub const DAYS_MAX: i64 = 31;

    /// The buckets that have a part of the time from `from` to before `until`, by a clock that is `offset_minutes` ahead
    /// of UTC.
    ///
    /// # Errors
    /// [`Invalid`] when `until` is not after `from`, the window is longer than [`OverviewWindow::DAYS_MAX`], or the
    /// clock is more than [`UTC_OFFSET_MINUTES_MAX`] away from UTC.
    pub fn covering(
        size: BucketSize,
        offset_minutes: i16,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Self, Invalid> {
        if offset_minutes.unsigned_abs() > UTC_OFFSET_MINUTES_MAX.unsigned_abs() {
            return Err(Invalid("must be at most 14 hours from UTC"));
        }
        if until <= from {
            return Err(Invalid("must be after the start of the window"));
        }
        let last = Timestamp::from_millis(until.as_millis().saturating_sub(1));
        let window = Self { size, offset_minutes, first: 0, end: 0 };
        let (first, end) = (window.bucket_of(from), window.bucket_of(last).saturating_add(1));
        let days = BucketSize::Day.seconds().saturating_mul(Self::DAYS_MAX);
        if end.saturating_sub(first) > days / size.seconds() {
            return Err(Invalid(
                "must be at most 31 days after the start of the window, counted in whole buckets",
            ));
        }
        Ok(Self { first, end, ..window })
    }

    /// The `count` buckets that end with the one of `now`.
    ///
    /// # Errors
    /// As [`OverviewWindow::covering`].
    pub fn ending_at(
        size: BucketSize,
        offset_minutes: i16,
        now: Timestamp,
        count: u16,
    ) -> Result<Self, Invalid> {
        let back = size.length_millis().saturating_mul(i64::from(count).saturating_sub(1));
        let from = Timestamp::from_millis(now.as_millis().saturating_sub(back));
        Self::covering(size, offset_minutes, from, Timestamp::from_millis(now.as_millis().saturating_add(1)))
    }

    /// The length of each bucket.
    #[must_use]
    pub const fn size(self) -> BucketSize {
        self.size
    }

    /// How far its clock is ahead of UTC, in minutes.
    #[must_use]
    pub const fn offset_minutes(self) -> i16 {
        self.offset_minutes
    }

    /// The numbers of its buckets, oldest first.
    #[must_use]
    pub const fn buckets(self) -> Range<i64> {
        self.first..self.end
    }

    /// The start of its first bucket.
    #[must_use]
    pub fn from(self) -> Timestamp {
        self.start_of(self.first)
    }

    /// The first time after its last bucket.
    #[must_use]
    pub fn until(self) -> Timestamp {
        self.start_of(self.end)
    }

    /// Whether that time is in one of its buckets.
    #[must_use]
    pub fn contains(self, at: Timestamp) -> bool {
        self.from() <= at && at < self.until()
    }

    /// The number of the bucket that has this time.
    #[must_use]
    pub fn bucket_of(self, at: Timestamp) -> i64 {
        at.as_millis().saturating_add(self.offset_millis()).div_euclid(self.size.length_millis())
    }

    /// When the bucket with this number starts.
    #[must_use]
    pub fn start_of(self, bucket: i64) -> Timestamp {
        Timestamp::from_millis(
            bucket.saturating_mul(self.size.length_millis()).saturating_sub(self.offset_millis()),
        )
    }

    fn offset_millis(self) -> i64 {
        i64::from(self.offset_minutes).saturating_mul(60_000)
    }
}

/// Orders of one bucket and one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderFigure {
    /// The bucket in which they were placed.
    pub bucket: i64,
    /// What they cost together.
    pub amount: MoneySum,
    /// How many were placed.
    pub placed: u64,
    /// How many of them are `PENDING` now.
    pub pending: u64,
    /// How many of them were paid since, as [`OrderStatus::was_paid`](domain::order::OrderStatus::was_paid) says.
    pub paid: u64,
}

/// Captures or refunds of one bucket and one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoneyFigure {
    /// The bucket in which they happened, by the gateway's clock.
    pub bucket: i64,
    /// The sum of all of them, in their currency.
    pub amount: MoneySum,
    /// How many there were.
    pub count: u64,
}

/// What happened in a window. Figures are in no particular order, and those of one bucket and currency may be in parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OverviewFigures {
    /// The orders that were placed.
    pub orders: Vec<OrderFigure>,
    /// The captures, over all gateways.
    pub captures: Vec<MoneyFigure>,
    /// The refunds that succeeded and did not fail later, over all gateways.
    pub refunds: Vec<MoneyFigure>,
    /// From when on everything is counted; `None`: the whole window is.
    pub complete_from: Option<Timestamp>,
    /// How many findings of each kind are open now, whenever they were found, of the newest that were counted.
    pub findings: Vec<(FindingKind, u64)>,
}

impl OverviewFigures {
    /// Notes that rows were counted up to a limit, the oldest of them at that time.
    pub fn note_limit(&mut self, oldest: Timestamp) {
        // Others of the same millisecond may be missing.
        let complete = Timestamp::from_millis(oldest.as_millis().saturating_add(1));
        self.complete_from = self.complete_from.max(Some(complete));
    }
}

/// Adds up what happened in the shop.
///
/// Every method fails with [`PortError`]: `Unavailable` if the system of record does not answer in time, `Unreadable` if a
/// row that the call needs cannot be read, `Bug` if a statement is refused.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait OverviewRepository: Send + Sync {
    /// The figures of a window, all of one moment.
    ///
    /// At most `rows_max` orders, captures of each gateway, refunds of each gateway and open findings are counted, the
    /// newest of each; `complete_from` says so, except for findings. What cannot be read is left out.
    async fn read_figures(&self, window: OverviewWindow, rows_max: u32)
    -> Result<OverviewFigures, PortError>;
}

#[cfg(test)]
mod tests;
