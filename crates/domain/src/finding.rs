//! What an operator must look at.

use crate::{
    ChangedBy, EventId, FindingId, FindingKey, GatewayName, OrderNumber, Text, Timestamp, TransactionId,
    UserId,
};

/// Why an operator must look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FindingKind {
    /// A notice names another amount than the transaction.
    AmountMismatch,
    /// A notice names another currency than the transaction.
    CurrencyMismatch,
    /// A notice names another order than the transaction.
    OrderMismatch,
    /// A notice is about a transaction that did not turn up in time.
    UnknownTransaction,
    /// A notice is of a type that is not known.
    UnknownType,
    /// A notice is not what its type promises.
    Unintelligible,
    /// Money arrived that the order had no use for any more; it is being given back.
    LateCapture,
    /// Less than the order's amount was captured.
    PartialCapture,
    /// The card's holder disputes the payment.
    Dispute,
    /// The gateway's word could not be had, or it refused what it had to do.
    Reconciliation,
    /// A refund that had gone through failed: the money is with the shop again.
    RefundFailed,
    /// More money is back than was captured.
    OverRefunded,
    /// The gateway's words contradict each other, or what was asked of it.
    Contradiction,
    /// A row of the record cannot be read.
    Unreadable,
}

impl FindingKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 14] = [
        Self::AmountMismatch,
        Self::CurrencyMismatch,
        Self::OrderMismatch,
        Self::UnknownTransaction,
        Self::UnknownType,
        Self::Unintelligible,
        Self::LateCapture,
        Self::PartialCapture,
        Self::Dispute,
        Self::Reconciliation,
        Self::RefundFailed,
        Self::OverRefunded,
        Self::Contradiction,
        Self::Unreadable,
    ];

    /// The name in the record and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AmountMismatch => "amount-mismatch",
            Self::CurrencyMismatch => "currency-mismatch",
            Self::OrderMismatch => "order-mismatch",
            Self::UnknownTransaction => "unknown-transaction",
            Self::UnknownType => "unknown-type",
            Self::Unintelligible => "unintelligible",
            Self::LateCapture => "late-capture",
            Self::PartialCapture => "partial-capture",
            Self::Dispute => "dispute",
            Self::Reconciliation => "reconciliation",
            Self::RefundFailed => "refund-failed",
            Self::OverRefunded => "over-refunded",
            Self::Contradiction => "contradiction",
            Self::Unreadable => "unreadable",
        }
    }

    /// Reads the name of the record.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// One thing to look at, written in the same commit as what caused it, if that was one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The row.
    pub key: FindingKey,
    /// The public id.
    pub id: FindingId,
    /// Why.
    pub kind: FindingKind,
    /// Which gateway it is about.
    pub gateway: Option<GatewayName>,
    /// Which of its events.
    pub event: Option<EventId>,
    /// Which transaction.
    pub transaction: Option<TransactionId>,
    /// Which order.
    pub order: Option<OrderNumber>,
    /// What happened, for a person.
    pub detail: String,
    /// When it was found.
    pub created_at: Timestamp,
    /// When an operator was done with it.
    pub resolved_at: Option<Timestamp>,
    /// What the operator wrote then.
    pub note: Option<Text>,
    /// Who that was.
    pub resolved_by: Option<ResolvedBy>,
}

/// Who was done with a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedBy {
    /// In which capacity, and which user.
    pub by: ChangedBy,
    /// The public id of that user.
    pub user: Option<UserId>,
}
