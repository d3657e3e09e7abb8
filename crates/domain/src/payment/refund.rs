//! Refunds.

use crate::{ChangedBy, Money, RefundId, RefundKey, Text, Timestamp, TransactionKey};

use super::Event;

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundStatus {
    /// Asked for, no word yet.
    Pending,
    /// The money is back.
    Succeeded,
    /// The gateway refused, or the money came back to the shop.
    Failed,
}

impl RefundStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Succeeded, Self::Failed];

    /// The name in the record and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
        }
    }

    /// Reads the name of the record or of a request.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// What is known of a refund. Times are the gateway's; of two words of a kind the later one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RefundFacts {
    /// When it went through.
    pub succeeded_at: Option<Timestamp>,
    /// When it failed.
    pub failed_at: Option<Timestamp>,
    /// It was withdrawn before there was a word.
    pub withdrawn: bool,
}

impl RefundFacts {
    /// Where the refund stands: the later word holds, and of two words of the same moment the failure, because a refund
    /// fails after it succeeded and not the other way round.
    fn status(self) -> RefundStatus {
        match (self.succeeded_at, self.failed_at) {
            (None, None) if self.withdrawn => RefundStatus::Failed,
            (None, None) => RefundStatus::Pending,
            (succeeded, failed) if succeeded > failed => RefundStatus::Succeeded,
            (_, _) => RefundStatus::Failed,
        }
    }
}

/// Money on its way back, or back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// The row.
    pub key: RefundKey,
    /// The public id, which is also the gateway's idempotency key; the gateway's own id when the refund began there.
    pub id: RefundId,
    /// Of which transaction.
    pub transaction: TransactionKey,
    /// How much.
    pub amount: Money,
    /// What is known.
    pub facts: RefundFacts,
    /// Who asked for it.
    pub requested_by: ChangedBy,
    /// Why, if a reason was given.
    pub reason: Option<Text>,
    /// When it was asked for, or heard of.
    pub created_at: Timestamp,
    /// When to ask the gateway about it next; `None` when nothing is open.
    pub check_at: Option<Timestamp>,
    /// How often the gateway was asked in vain.
    pub checks: u32,
}

impl Refund {
    /// Where it stands: a function of the facts.
    #[must_use]
    pub fn status(&self) -> RefundStatus {
        self.facts.status()
    }

    /// Whether the money was back at `moment`, before anything failed at that same moment.
    pub(super) fn was_back_at(&self, moment: Timestamp) -> bool {
        let RefundFacts { succeeded_at, failed_at, .. } = self.facts;
        succeeded_at.is_some_and(|through| {
            through <= moment && !failed_at.is_some_and(|failed| through <= failed && failed < moment)
        })
    }

    /// Whether it failed after it had gone through.
    #[must_use]
    pub fn has_come_back(&self) -> bool {
        self.facts.succeeded_at.is_some() && self.status() == RefundStatus::Failed
    }

    /// When the gateway last said something about it.
    pub(super) fn last_word_at(&self) -> Option<Timestamp> {
        self.facts.succeeded_at.max(self.facts.failed_at)
    }

    pub(super) fn succeed(&mut self, at: Timestamp) {
        self.facts.succeeded_at = self.facts.succeeded_at.max(Some(at));
        self.check_at = None;
    }

    pub(super) fn fail(&mut self, at: Timestamp) {
        self.facts.failed_at = self.facts.failed_at.max(Some(at));
        self.check_at = None;
    }

    /// Whether the event, which is about a refund, names another amount than this one's.
    pub(super) fn differs_from(&self, event: &Event) -> bool {
        let amount = Money::from_stated(&event.stated.amount, self.amount.currency());
        amount.is_ok_and(|it| it != self.amount)
    }

    /// Takes it back before there was a word.
    pub(super) const fn withdraw(&mut self) {
        self.facts.withdrawn = true;
        self.check_at = None;
    }
}
