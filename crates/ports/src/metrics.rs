//! What is worth counting.

use std::time::Duration;

use domain::order::OrderStatus;

/// Something that happened in a use case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observation {
    /// An order was placed.
    OrderPlaced,
    /// An answer was given again.
    Replayed,
    /// An order was refused: out of stock, unknown product, another price.
    OrderRefused,
    /// An order moved.
    Transition(OrderStatus, OrderStatus),
    /// A notice arrived.
    Callback(CallbackOutcome),
    /// A commit ended so, after that long.
    Commit(CommitOutcome, Duration),
    /// A use case began anew because its commit was stale.
    Retry,
    /// A sweep did so much.
    BatchProcessed(&'static str, u64),
}

/// What became of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallbackOutcome {
    /// It changed something.
    Applied,
    /// It was kept, with no effect.
    Unchanged,
    /// It was kept until it can be applied.
    Waiting,
    /// It was kept, and an operator must look.
    Flagged,
    /// It had been kept before.
    Duplicate,
    /// It was not genuine.
    Refused,
}

impl CallbackOutcome {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::Applied, Self::Unchanged, Self::Waiting, Self::Flagged, Self::Duplicate, Self::Refused];
}

/// How a commit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommitOutcome {
    /// Everything was written.
    Committed,
    /// A guard held it back.
    Refused,
    /// Nobody knows.
    Unavailable,
}

impl CommitOutcome {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Committed, Self::Refused, Self::Unavailable];
}

/// Counts.
pub trait Metrics: Send + Sync {
    /// Takes note; never blocks and never fails.
    fn observe(&self, happening: Observation);
}

/// Counts nothing.
impl Metrics for () {
    fn observe(&self, _: Observation) {}
}
