//! Requests that users make of a payment, stored with their author. A refund stores its author itself.

use crate::{AuthorId, ChangedBy, Money, Timestamp, TransactionKey};

/// The kind of operation that was requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentRequestKind {
    /// The payment of the order itself.
    Payment,
    /// The capture of an authorisation, in part or in full.
    Capture,
    /// The void of an authorisation.
    Void,
}

impl PaymentRequestKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::Payment, Self::Capture, Self::Void];

    /// The name in the database and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "PAYMENT",
            Self::Capture => "CAPTURE",
            Self::Void => "VOID",
        }
    }

    /// Parses the name from the database; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// A request to a gateway about a transaction, written in the commit that sets the pending operation, before
/// the gateway is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentRequest {
    /// The row key of the transaction.
    pub transaction: TransactionKey,
    /// The requested kind of operation.
    pub kind: PaymentRequestKind,
    /// The amount it is about; of a void, the whole transaction's.
    pub amount: Money,
    /// The actor, and the user or API key behind it if there is one.
    pub requested_by: ChangedBy,
    /// The time of the commit that requests it.
    pub requested_at: Timestamp,
}

/// A request as it is read from the database, with its author's public id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPaymentRequest {
    /// The request, as it was written.
    pub request: PaymentRequest,
    /// The public id of the user or API key that requested it; `None` if neither did.
    pub author: Option<AuthorId>,
}
