//! Refunds of captured money, in full or in part.

use crate::{ChangedBy, Money, RefundId, RefundKey, Text, Timestamp, TransactionKey, order::Metadata};

use super::{PaymentEvent, RefundItem};

/// The status of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundStatus {
    /// Requested, and the gateway has not reported a result.
    Pending,
    /// The customer has the money back.
    Succeeded,
    /// The gateway refused, the money came back to the shop, or the request was withdrawn.
    Failed,
}

impl RefundStatus {
    /// Every status, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Succeeded, Self::Failed];

    /// The name in the database and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
        }
    }

    /// Parses the name from the database or a request; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// The facts of a refund. Times are the gateway's; of two reports of a kind the later one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RefundFacts {
    /// The time at which it last succeeded; `None` if no event says so.
    pub succeeded_at: Option<Timestamp>,
    /// The time at which it last failed; `None` if no event says so.
    pub failed_at: Option<Timestamp>,
    /// The request has ended without a report: the service withdrew it, the gateway refused it, or it lapsed.
    pub withdrawn: bool,
}

impl RefundFacts {
    /// The status: the later report holds. Of two at the same time the failure holds, because a refund fails
    /// after it succeeded and not the other way round.
    fn status(self) -> RefundStatus {
        match (self.succeeded_at, self.failed_at) {
            // Only while there is no report: the gateway may have made the refund all the same, by an earlier
            // request with the same key, and its report is the truth.
            (None, None) if self.withdrawn => RefundStatus::Failed,
            (None, None) => RefundStatus::Pending,
            (succeeded, failed) if succeeded > failed => RefundStatus::Succeeded,
            (_, _) => RefundStatus::Failed,
        }
    }
}

/// A refund that is requested or done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// The key of the refund's row.
    pub key: RefundKey,
    /// The public id, which is also the gateway's idempotency key; the gateway's own id if the refund began
    /// there.
    pub id: RefundId,
    /// The row key of its transaction.
    pub transaction: TransactionKey,
    /// The amount to refund, above zero.
    pub amount: Money,
    /// The facts that the gateway has reported so far.
    pub facts: RefundFacts,
    /// The actor who requested it; the gateway if it began there.
    pub requested_by: ChangedBy,
    /// The reason of the request; `None` when there is none.
    pub reason: Option<Text>,
    /// The time of the request, or of the first report if it began at the gateway.
    pub created_at: Timestamp,
    /// The time of the next lookup by a sweep; `None` when no result is open.
    pub check_at: Option<Timestamp>,
    /// The number of lookups without a result; the delay between them grows with it.
    pub checks: u32,
    /// The pieces that it pays back, in the order of the request; empty if it is of an amount. They never change.
    pub items: Vec<RefundItem>,
    /// Pairs of the caller's own, as they were sent with the request; empty if there are none. They never change.
    pub metadata: Metadata,
}

impl Refund {
    /// The status, which is a function of the facts.
    #[must_use]
    pub fn status(&self) -> RefundStatus {
        self.facts.status()
    }

    /// Whether the customer had the money at `time`. A failure at the same time counts only after it.
    pub(super) fn was_effective_at(&self, time: Timestamp) -> bool {
        let RefundFacts { succeeded_at, failed_at, .. } = self.facts;
        succeeded_at.is_some_and(|succeeded| {
            succeeded <= time && !failed_at.is_some_and(|failed| succeeded <= failed && failed < time)
        })
    }

    /// Whether it failed after it had succeeded.
    #[must_use]
    pub fn has_late_failure(&self) -> bool {
        self.facts.succeeded_at.is_some() && self.status() == RefundStatus::Failed
    }

    /// The time of the gateway's latest report about it.
    pub(super) fn last_event_at(&self) -> Option<Timestamp> {
        self.facts.succeeded_at.max(self.facts.failed_at)
    }

    pub(super) fn add_success(&mut self, at: Timestamp) {
        self.facts.succeeded_at = self.facts.succeeded_at.max(Some(at));
        self.check_at = None;
    }

    pub(super) fn add_failure(&mut self, at: Timestamp) {
        self.facts.failed_at = self.facts.failed_at.max(Some(at));
        self.check_at = None;
    }

    /// Whether the event, which is about a refund, names another amount than this refund's.
    pub(super) fn differs_from(&self, event: &PaymentEvent) -> bool {
        let amount = Money::parse_gateway_amount(&event.reported.amount, self.amount.currency());
        amount.is_ok_and(|it| it != self.amount)
    }

    /// Ends the request while there is no report.
    pub(super) const fn withdraw(&mut self) {
        // The row stays: the call to the gateway may be under way, and a report about it must find this
        // refund.
        self.facts.withdrawn = true;
        self.check_at = None;
    }
}
