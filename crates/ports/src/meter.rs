//! What is worth counting.

use std::time::Duration;

use domain::{GatewayName, order::Status};

/// Something that happened in a use case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// An order was placed.
    OrderPlaced,
    /// An answer was given again.
    Replayed,
    /// An order was refused: out of stock, unknown product, another price.
    OrderRefused,
    /// An order moved.
    Transition(Status, Status),
    /// A notice arrived.
    Callback(CallbackOutcome),
    /// A commit ended so, after that long.
    Commit(CommitOutcome, Duration),
    /// A use case began anew because its commit was stale.
    Retry,
    /// A sweep did so much.
    Swept(&'static str, u64),
    /// A call to a gateway ended so, after that long.
    GatewayCall(GatewayName, CallOutcome, Duration),
    /// A gateway's circuit breaker moved to that state; each is said once when the service starts.
    GatewayBreaker(GatewayName, BreakerState),
}

/// How a call to a gateway ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallOutcome {
    /// It answered.
    Answered,
    /// One answer was lost.
    Lost,
    /// It could not be reached, or could not serve.
    Away,
    /// It did not answer within the time limit.
    TimedOut,
    /// It was not called: the breaker was open, or too many calls were under way.
    TurnedAway,
}

impl CallOutcome {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Answered, Self::Lost, Self::Away, Self::TimedOut, Self::TurnedAway];
}

/// Whether a gateway is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BreakerState {
    /// It is.
    Closed,
    /// It is left alone for a while.
    Open,
    /// One call at a time tries whether it is back.
    HalfOpen,
}

impl BreakerState {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Closed, Self::Open, Self::HalfOpen];
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
pub trait Meter: Send + Sync {
    /// Takes note; never blocks and never fails.
    fn record(&self, happening: Happening);
}

/// Counts nothing.
impl Meter for () {
    fn record(&self, _: Happening) {}
}
