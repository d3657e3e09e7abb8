//! Who asked for what of a payment, beside its refunds, which say so themselves.

use crate::{ChangedBy, Money, Timestamp, TransactionKey, UserId};

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentRequestKind {
    /// The payment itself.
    Payment,
    /// To take what is authorised, or a part of it.
    Capture,
    /// To give the authorisation up.
    Void,
}

impl PaymentRequestKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Payment, Self::Capture, Self::Void];

    /// The name in the record and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "PAYMENT",
            Self::Capture => "CAPTURE",
            Self::Void => "VOID",
        }
    }

    /// Reads the name of the record.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// One thing that was asked of a gateway about a transaction, written in the commit that claims it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentRequest {
    /// Of which transaction.
    pub transaction: TransactionKey,
    /// What.
    pub kind: PaymentRequestKind,
    /// How much.
    pub amount: Money,
    /// Who asked for it.
    pub requested_by: ChangedBy,
    /// When.
    pub requested_at: Timestamp,
}

/// A request as the record holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPaymentRequest {
    /// What was asked for.
    pub request: PaymentRequest,
    /// The public id of the user who asked, if it was one.
    pub user: Option<UserId>,
}
