//! Payments: what the gateway has told about a transaction, and what follows from it.
//!
//! A transaction keeps *facts*; its status is a function of them. An event only ever adds a fact, and adding the same
//! facts in another order gives the same transaction: that is why duplicated and reordered notices are harmless.

mod apply;
mod balance;
mod case;
mod consequence;
mod dispute;
mod event;
mod facts;
mod naming;
mod operation;
mod reference;
mod refund;
mod request;
mod status;

#[cfg(test)]
mod tests;

pub use apply::{Effect, Mismatch};
pub use case::{Case, Flag, Fresh, fold};
pub use dispute::{Dispute, DisputeEvent, DisputeStatus, Disputes};
pub use event::{Details, Disposition, Event, EventKind, Stated, StoredEvent};
pub use facts::{Capture, Facts, FactsRecord};
pub use operation::{CLAIM_GRACE, NotCapturable, NotRefundable, NotVoidable};
pub use reference::{
    EventReferences, EventTarget, GatewayReference, KnownReference, NamedReference, NewReference,
    ReferenceKind, ReferenceOwner,
};
pub use refund::{Refund, RefundFacts, RefundStatus};
pub use request::{RecordedRequest, Request, RequestKind};
pub use status::PaymentStatus;

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
    /// Its place among the order's transactions: 1, 2, 3 and so on.
    pub sequence: u32,
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
    /// What the gateway calls the payment, its refunds and its disputes, as far as that is known, in the order learnt.
    pub references: Vec<KnownReference>,
}
