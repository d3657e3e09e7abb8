//! The observations that use cases report to be counted.

use std::time::Duration;

use domain::{FindingKind, GatewayName, order::OrderStatus};

/// An observation of a use case; each becomes one or two metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// An order was placed and committed. A replay does not count.
    OrderPlaced,
    /// A stored reply was sent to a retry with the same key.
    Replayed,
    /// A placement was refused: out of stock, unknown product, or another price.
    OrderRefused,
    /// An order changed its status, from the first to the second.
    Transition(OrderStatus, OrderStatus),
    /// A gateway's call to us ended with this outcome.
    Callback(CallbackOutcome),
    /// A commit ended with this outcome, after this duration.
    Commit(CommitOutcome, Duration),
    /// This number of units of work is committed together.
    CommitBatch(u32),
    /// A batch begins whose oldest unit of work has waited this long, while this number of units still waits.
    CommitQueue(Duration, u32),
    /// The transaction of several units of work was rolled back for this reason, and parts of it are tried again.
    BatchSplit(SplitReason),
    /// A commit reported a finding of this kind; also one that was open already, and was not stored again.
    FindingReported(FindingKind),
    /// A use case starts over because its commit was stale.
    Retry,
    /// A sweep, by name, processed this number of items in one pass.
    BatchProcessed(&'static str, u64),
    /// A call to a gateway ended with this outcome, after this duration; zero if it was refused.
    GatewayCall(GatewayName, CallOutcome, Duration),
    /// A gateway's circuit breaker changed to this state. Every breaker also reports `Closed` at the start.
    GatewayBreaker(GatewayName, BreakerState),
    /// This number of committed events had no number in the feed yet, counted up to a limit, the oldest of them for this
    /// long; zero if there was none.
    FeedBacklog(u32, Duration),
    /// An attempt to deliver a webhook ended, after this duration.
    WebhookAttempt(Duration),
    /// What an attempt to deliver a webhook came to was stored.
    WebhookDelivery(DeliveryOutcome),
    /// This number of deliveries of webhooks is still to be made, counted up to a limit.
    WebhookBacklog(u32),
    /// This number of spans was sent to the collector.
    SpansExported(u64),
    /// This number of spans was lost: the queue was full, or the collector did not take them.
    SpansDropped(u64),
    /// Redis answered that a command is at the wrong server.
    RedisFault(RedisFault),
}

/// Why Redis did not carry out a command that it was sent, for the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RedisFault {
    /// The keys are on another node of the cluster from now on.
    Moved,
    /// The keys are being moved to another node of the cluster.
    Ask,
    /// The keys are on several nodes of the cluster.
    CrossSlot,
}

impl RedisFault {
    /// Every fault, so that each metric exists from the start.
    pub const ALL: [Self; 3] = [Self::Moved, Self::Ask, Self::CrossSlot];
}

/// The outcome of an attempt to deliver a webhook, for the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryOutcome {
    /// The endpoint took the message.
    Delivered,
    /// It did not, and there will be another attempt.
    Failed,
    /// It did not, and there will be none.
    GivenUp,
}

impl DeliveryOutcome {
    /// Every outcome, so that each metric exists from the start.
    pub const ALL: [Self; 3] = [Self::Delivered, Self::Failed, Self::GivenUp];
}

/// The outcome of a call to a gateway, for the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallOutcome {
    /// The gateway answered, with a success or a refusal.
    Answered,
    /// A single answer was lost.
    Lost,
    /// The gateway could not be reached, or answered that it cannot serve.
    Unavailable,
    /// The gateway did not answer within the time limit.
    TimedOut,
    /// The gateway was not called: its breaker was open, or no permit was free.
    Refused,
}

impl CallOutcome {
    /// Every outcome, so that each metric exists from the start.
    pub const ALL: [Self; 5] = [Self::Answered, Self::Lost, Self::Unavailable, Self::TimedOut, Self::Refused];
}

/// The state of a gateway's circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BreakerState {
    /// Calls are made.
    Closed,
    /// Calls are refused.
    Open,
    /// One call at a time probes the gateway; the others are refused.
    HalfOpen,
}

impl BreakerState {
    /// Every state, so that each metric exists from the start.
    pub const ALL: [Self; 3] = [Self::Closed, Self::Open, Self::HalfOpen];
}

/// The outcome of a gateway's callback, for the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallbackOutcome {
    /// Its event changed a transaction.
    Applied,
    /// Its event was stored, but repeated known facts.
    Unchanged,
    /// Its event was stored, to be applied after an earlier one or once its transaction is known.
    Waiting,
    /// Its event was stored, and an operator must look.
    Flagged,
    /// Its event was stored already, so nothing was written.
    Duplicate,
    /// Its signature is not valid; nothing was stored.
    Refused,
}

impl CallbackOutcome {
    /// Every outcome, so that each metric exists from the start.
    pub const ALL: [Self; 6] =
        [Self::Applied, Self::Unchanged, Self::Waiting, Self::Flagged, Self::Duplicate, Self::Refused];
}

/// The outcome of a commit, for metrics and readiness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommitOutcome {
    /// All writes of the unit are durable.
    Committed,
    /// A guard failed, so nothing was written. The database itself works.
    Refused,
    /// It is unknown whether anything was written.
    Unavailable,
}

impl CommitOutcome {
    /// Every outcome, so that each metric exists from the start.
    pub const ALL: [Self; 3] = [Self::Committed, Self::Refused, Self::Unavailable];
}

/// The reason why units of work that shared a transaction are tried again in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SplitReason {
    /// A guard of one of the units failed, and the statement does not say whose.
    Refused,
    /// A row was locked for too long, the transaction lost a deadlock, or a statement took too long.
    Blocked,
}

impl SplitReason {
    /// Every reason, so that each metric exists from the start.
    pub const ALL: [Self; 2] = [Self::Refused, Self::Blocked];
}

/// Counts and measures the observations of use cases and adapters.
pub trait Metrics: Send + Sync {
    /// Records one observation. It never blocks and never fails, because it runs inside every use case.
    fn observe(&self, observation: Observation);
}

/// Ignores every observation, for tests and commands.
impl Metrics for () {
    fn observe(&self, _: Observation) {}
}
