//! Payments: the facts that a gateway reported about a transaction, and everything that follows from them.
//!
//! A transaction stores *facts*; its status is a function of them (ADR 0006, ADR 0010). Gateways send notices
//! several times and out of order. An event only ever adds a fact, and adding the same facts in another order
//! gives the same transaction:
//!
//! ```text
//! notice or reply ──> PaymentEvent ──apply_event──> facts ──> status(), refundable_amount(), ...
//!                                                     │
//!         compared before and after the event:        └──> order transition, findings, owed refund
//! ```
//!
//! - The reply to a call and the notice about the same thing are one type; whichever arrives first adds the
//!   fact.
//! - An event that cannot be judged yet is stored as `WAITING` or `PARKED` and applied again later.
//! - An event that does not match the transaction (order, currency, amount) changes nothing and raises a
//!   finding.
//! - Consequences depend only on the facts before and after, so a late event has the same effects as one that
//!   arrives in time.

mod apply;
mod balance;
mod change;
mod consequences;
mod dispute;
mod event;
mod facts;
mod next_action;
mod operation;
mod reference;
mod references;
mod refund;
mod request;
mod returns;
mod status;

#[cfg(test)]
mod tests;

pub use apply::{EventEffect, EventMismatch};
pub use change::{Flag, RefundIds, TransactionChange, apply_events};
pub use dispute::{Dispute, DisputeEvent, DisputeStatus, Disputes};
pub use event::{EventDisposition, EventKind, PaymentDetails, PaymentEvent, ReportedAmount, StoredEvent};
pub use facts::{Capture, PaymentFacts, RawFacts};
pub use next_action::NextAction;
pub use operation::{NotCapturable, NotRefundable, NotVoidable, OPERATION_GRACE};
pub use reference::{
    EventReferences, EventTarget, GatewayReference, KnownReference, NamedReference, NewReference,
    ReferenceKind, ReferenceOwner,
};
pub use refund::{Refund, RefundFacts, RefundStatus};
pub use request::{PaymentRequest, PaymentRequestKind, StoredPaymentRequest};
pub use returns::{RefundItem, RefundRequest, RefundScope, ReturnedPieces};
pub use status::PaymentStatus;

use std::fmt;

use crate::{
    GatewayName, Money, OrderKey, OrderNumber, Timestamp, TransactionId, TransactionKey, order::Metadata,
};

/// When the money of an authorisation is captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CaptureMethod {
    /// The gateway captures at once, with the payment.
    Automatic,
    /// The gateway only holds the money; an operator captures it later.
    Manual,
}

impl CaptureMethod {
    /// The name in the database and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "AUTOMATIC",
            Self::Manual => "MANUAL",
        }
    }

    /// Parses the name from the database or a request; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Automatic, Self::Manual].into_iter().find(|it| it.as_str() == text)
    }
}

/// The gateway's token for a payment method. It stands for a card, so `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PaymentToken(String);

impl PaymentToken {
    /// Wraps a token without a check: only the gateway knows which ones are valid.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The token, for the gateway and the database only; never for a log or a reply.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PaymentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PaymentToken(…)")
    }
}

/// An operation that the gateway was asked for and has not answered yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PendingOperation {
    /// Capture this amount of the authorisation.
    Capture(Money),
    /// Give the authorisation up, so that nothing can be captured.
    Void,
}

/// An attempt to pay an order. An order has several when the first ones fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// The key of the transaction's row.
    pub key: TransactionKey,
    /// The public id, which is also the gateway's idempotency key.
    pub id: TransactionId,
    /// The row key of its order.
    pub order: OrderKey,
    /// The public number of its order, which every event repeats.
    pub order_number: OrderNumber,
    /// The position among the order's transactions: 1, 2, 3 and so on.
    pub sequence: u32,
    /// The name of the gateway that processes it.
    pub gateway: GatewayName,
    /// The gateway's token for the payment method.
    pub token: PaymentToken,
    /// When the authorised money is captured.
    pub capture_method: CaptureMethod,
    /// The requested amount: always the whole amount of the order.
    pub amount: Money,
    /// The facts that the gateway has reported so far.
    pub facts: PaymentFacts,
    /// The operation without an answer; `None` when nothing was asked for.
    // At most one at a time. A capture and a void that are both under way at the gateway could end either
    // way.
    pub pending_operation: Option<PendingOperation>,
    /// Card brand, codes and failure reason, as far as the gateway reports them.
    pub details: PaymentDetails,
    /// The time at which the payment was requested.
    pub created_at: Timestamp,
    /// The time of the last visible change; never goes back.
    pub updated_at: Timestamp,
    /// The time at which a sweep asks the gateway next; `None` when no result is open.
    pub check_at: Option<Timestamp>,
    /// The number of questions to the gateway without a result; the pause between them grows with it.
    pub checks: u32,
    /// All its refunds, oldest first, whatever their status.
    pub refunds: Vec<Refund>,
    /// What the gateway calls the payment, its refunds and its disputes, as far as that is known, in the order learnt.
    pub references: Vec<KnownReference>,
    /// What the buyer must do, as the gateway last stated it; `None` if there is nothing to do. It means something
    /// only while the transaction is `PENDING`: see [`Transaction::next_action`].
    pub next_action: Option<NextAction>,
    /// Pairs of the caller's own, as they were sent with the request; empty if there are none. They never change.
    pub metadata: Metadata,
}
