//! Payments: what the gateway has told about a transaction, and what follows from it.
//!
//! A transaction keeps *facts*; its status is a function of them. An event only ever adds a fact, and adding the same
//! facts in another order gives the same transaction: that is why duplicated and reordered notices are harmless.

mod apply;
mod case;
mod event;
mod operation;
mod refund;
mod status;

#[cfg(test)]
mod tests;

pub use apply::{Effect, Mismatch};
pub use case::{Case, Flag, Fresh, fold};
pub use event::{Details, Disposition, Event, EventKind, Stated, StoredEvent};
pub use operation::{CLAIM_GRACE, NotCapturable, NotRefundable, NotVoidable};
pub use refund::{Refund, RefundStatus};
pub use status::{Dispute, PaymentStatus};

use std::fmt;

use crate::{GatewayName, Money, OrderKey, OrderNumber, Timestamp, TransactionId, TransactionKey};

/// When the money is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CaptureMethod {
    /// With the payment.
    Automatic,
    /// When an operator says so.
    Manual,
}

impl CaptureMethod {
    /// The name in the record and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "AUTOMATIC",
            Self::Manual => "MANUAL",
        }
    }

    /// Reads the name of the record or of a request.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Automatic, Self::Manual].into_iter().find(|it| it.as_str() == text)
    }
}

/// The gateway's token for a way to pay. It stands for a card, so it does not show in a `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PaymentToken(String);

impl PaymentToken {
    /// Wraps a token that the gateway knows.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The token, for the gateway and the record only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PaymentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PaymentToken(…)")
    }
}

/// What the gateway was asked to do and has not answered yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// To take this much of what is authorised.
    Capture(Money),
    /// To give the authorisation up.
    Void,
}

/// What is known of a transaction. Facts are only ever added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The money was held.
    pub authorized: bool,
    /// So much was taken.
    pub captured: Option<Money>,
    /// The gateway refused, or the authorisation ran out.
    pub failed: bool,
    /// The authorisation was given up.
    pub voided: bool,
    /// How far a dispute has come.
    pub dispute: Dispute,
    /// The captured money came when the order had no use for it; it is given back.
    pub surplus: bool,
    /// Another transaction had become the order's live one when this one came back to life.
    pub displaced: bool,
}

impl Facts {
    /// Nothing is known.
    pub const NONE: Self = Self {
        authorized: false,
        captured: None,
        failed: false,
        voided: false,
        dispute: Dispute::None,
        surplus: false,
        displaced: false,
    };
}

/// One attempt to pay one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// The row.
    pub key: TransactionKey,
    /// The public id, which is also the gateway's idempotency key.
    pub id: TransactionId,
    /// The row of its order.
    pub order: OrderKey,
    /// The number of its order.
    pub order_number: OrderNumber,
    /// Through which gateway.
    pub gateway: GatewayName,
    /// The way to pay.
    pub token: PaymentToken,
    /// When the money is taken.
    pub capture_method: CaptureMethod,
    /// How much is asked for: all of the order.
    pub amount: Money,
    /// What is known.
    pub facts: Facts,
    /// What the gateway was asked and has not answered.
    pub asked: Option<Asked>,
    /// What the gateway told beside the money.
    pub details: Details,
    /// When the money was taken.
    pub captured_at: Option<Timestamp>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When to ask the gateway about it next; `None` when nothing is open.
    pub check_at: Option<Timestamp>,
    /// How often the gateway was asked in vain.
    pub checks: u32,
    /// Its refunds, oldest first.
    pub refunds: Vec<Refund>,
}

impl Transaction {
    /// Where it stands: a function of the facts alone.
    #[must_use]
    pub fn status(&self) -> PaymentStatus {
        let facts = &self.facts;
        match (facts.captured, facts.dispute) {
            (Some(captured), _) if self.refunded() == captured => PaymentStatus::Refunded,
            (Some(_), Dispute::Open) => PaymentStatus::Disputed,
            (Some(_), _) if !facts.displaced => PaymentStatus::Captured,
            _ if facts.voided => PaymentStatus::Voided,
            _ if facts.failed => PaymentStatus::Failed,
            _ if facts.authorized => PaymentStatus::Authorized,
            _ => PaymentStatus::Pending,
        }
    }

    /// How much was taken.
    #[must_use]
    pub fn captured(&self) -> Money {
        self.facts.captured.unwrap_or(Money::zero(self.amount.currency()))
    }

    /// How much is back: the refunds that went through, or everything if a dispute was lost.
    #[must_use]
    pub fn refunded(&self) -> Money {
        let captured = self.captured();
        if self.facts.dispute == Dispute::Lost {
            return captured;
        }
        let back = self.sum(|it| it == RefundStatus::Succeeded);
        if back.exceeds(captured) { captured } else { back }
    }

    /// How much can still be asked back: what was captured less what is back or on its way.
    #[must_use]
    pub fn refundable(&self) -> Money {
        if self.facts.dispute == Dispute::Lost {
            return Money::zero(self.amount.currency());
        }
        self.captured().less(self.sum(|it| it != RefundStatus::Failed))
    }

    /// Whether it keeps other transactions away from its order. A disputed one does, because a dispute may be won.
    #[must_use]
    pub fn occupies_order(&self) -> bool {
        let status = self.status();
        !self.facts.displaced && (status.is_live() || status == PaymentStatus::Disputed)
    }

    fn sum(&self, counts: impl Fn(RefundStatus) -> bool) -> Money {
        let counted = self.refunds.iter().filter(|it| counts(it.status));
        let nothing = Money::zero(self.amount.currency());
        counted.fold(nothing, |sum, it| sum.plus(it.amount).unwrap_or(sum))
    }
}
