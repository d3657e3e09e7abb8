//! The labels of the metrics. Their values are words of this program and never a client's: each new value is
//! a new series, and a client could make as many as it likes.

use application::Limit;
use domain::{FindingKind, GatewayName};
use ports::{BreakerState, CallOutcome, CallbackOutcome, CommitOutcome, DeliveryOutcome, SplitReason};
use prometheus_client::encoding::EncodeLabelSet;

use super::RequestSample;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RequestLabels {
    method: &'static str,
    route: &'static str,
    status: u32,
}

impl From<RequestSample> for RequestLabels {
    fn from(it: RequestSample) -> Self {
        Self { method: it.method, route: it.route, status: it.status.into() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RouteLabels {
    method: &'static str,
    route: &'static str,
}

impl From<RequestSample> for RouteLabels {
    fn from(it: RequestSample) -> Self {
        Self { method: it.method, route: it.route }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct TransitionLabels {
    pub(super) from: &'static str,
    pub(super) to: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct CallbackLabels {
    outcome: &'static str,
}

impl From<CallbackOutcome> for CallbackLabels {
    fn from(it: CallbackOutcome) -> Self {
        let outcome = match it {
            CallbackOutcome::Applied => "applied",
            CallbackOutcome::Unchanged => "unchanged",
            CallbackOutcome::Waiting => "waiting",
            CallbackOutcome::Flagged => "flagged",
            CallbackOutcome::Duplicate => "duplicate",
            CallbackOutcome::Refused => "refused",
        };
        Self { outcome }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct FindingLabels {
    kind: &'static str,
}

impl From<FindingKind> for FindingLabels {
    fn from(kind: FindingKind) -> Self {
        Self { kind: kind.as_str() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct SplitLabels {
    reason: &'static str,
}

impl From<SplitReason> for SplitLabels {
    fn from(it: SplitReason) -> Self {
        let reason = match it {
            SplitReason::Refused => "refused",
            SplitReason::Blocked => "blocked",
        };
        Self { reason }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct CommitLabels {
    outcome: &'static str,
}

impl From<CommitOutcome> for CommitLabels {
    fn from(it: CommitOutcome) -> Self {
        let outcome = match it {
            CommitOutcome::Committed => "committed",
            CommitOutcome::Refused => "refused",
            CommitOutcome::Unavailable => "unavailable",
        };
        Self { outcome }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct SweepLabels {
    pub(super) sweep: &'static str,
}

/// The label of a gateway. Its name comes from the adapter, so there are few values.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct GatewayLabels {
    pub(super) gateway: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct GatewayCallLabels {
    gateway: String,
    outcome: &'static str,
}

impl GatewayCallLabels {
    pub(super) fn new(gateway: &GatewayName, outcome: CallOutcome) -> Self {
        let outcome = match outcome {
            CallOutcome::Answered => "answered",
            CallOutcome::Lost => "lost",
            CallOutcome::Unavailable => "unavailable",
            CallOutcome::TimedOut => "timeout",
            CallOutcome::Refused => "refused",
        };
        Self { gateway: gateway.to_string(), outcome }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct GatewayBreakerLabels {
    gateway: String,
    state: &'static str,
}

impl GatewayBreakerLabels {
    pub(super) fn new(gateway: &GatewayName, state: BreakerState) -> Self {
        let state = match state {
            BreakerState::Closed => "closed",
            BreakerState::Open => "open",
            BreakerState::HalfOpen => "half_open",
        };
        Self { gateway: gateway.to_string(), state }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct DeliveryLabels {
    outcome: &'static str,
}

impl From<DeliveryOutcome> for DeliveryLabels {
    fn from(it: DeliveryOutcome) -> Self {
        let outcome = match it {
            DeliveryOutcome::Delivered => "delivered",
            DeliveryOutcome::Failed => "failed",
            DeliveryOutcome::GivenUp => "given-up",
        };
        Self { outcome }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct LimitLabels {
    policy: &'static str,
}

impl From<Limit> for LimitLabels {
    fn from(it: Limit) -> Self {
        Self { policy: it.as_str() }
    }
}
