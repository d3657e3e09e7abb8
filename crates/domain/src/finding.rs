//! Findings: situations that the service cannot resolve and an operator must look at.
//!
//! A finding is a row with a kind, the entities it is about, and a text. It is written in the commit that
//! causes it, so it exists exactly if its cause does. An operator closes it with a note. The service never
//! acts on a finding by itself.

use crate::{
    AuthorId, ChangedBy, EventId, FindingId, FindingKey, GatewayName, OrderNumber, Text, Timestamp,
    TransactionId,
};

/// The reason why an operator must look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FindingKind {
    /// A notice names another amount than the transaction allows.
    AmountMismatch,
    /// A notice names another currency than the transaction.
    CurrencyMismatch,
    /// A notice names another order than the transaction.
    OrderMismatch,
    /// A notice names a transaction that did not appear in time.
    UnknownTransaction,
    /// A notice has a type that this version does not know.
    UnknownType,
    /// A notice lacks a member that its type requires, or holds a wrong value.
    Unintelligible,
    /// Money arrived that the order could no longer use; it is being refunded.
    LateCapture,
    /// Less than the order's amount was captured, so the order is not paid.
    PartialCapture,
    /// The cardholder disputes the payment, or a part of it.
    Dispute,
    /// The gateway did not report a result in time, or refused an operation that was due.
    Reconciliation,
    /// A refund failed after it had succeeded: the shop has the money again.
    RefundFailed,
    /// More money was returned than was captured.
    OverRefunded,
    /// The gateway's reports contradict each other, or the operation it was asked for.
    Contradiction,
    /// A row of the database cannot be read and needs a repair.
    Unreadable,
    /// An order cannot be moved to the archive, because its rows break a rule of the database or of the program.
    ArchiveFailed,
    /// A webhook endpoint was disabled: it is gone, or has failed for three days.
    WebhookDisabled,
    /// Events were deleted from the feed before a webhook endpoint could get them.
    WebhookGap,
}

impl FindingKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 17] = [
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
        Self::ArchiveFailed,
        Self::WebhookDisabled,
        Self::WebhookGap,
    ];

    /// The name in the database and in JSON.
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
            Self::ArchiveFailed => "archive-failed",
            Self::WebhookDisabled => "webhook-disabled",
            Self::WebhookGap => "webhook-gap",
        }
    }

    /// Parses the name from the database; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// A situation to look at, written in the commit that caused it, if a commit did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The key of the finding's row.
    pub key: FindingKey,
    /// The public id, by which an operator closes it.
    pub id: FindingId,
    /// The reason; it decides what an operator can do.
    pub kind: FindingKind,
    /// The gateway it is about, if any.
    pub gateway: Option<GatewayName>,
    /// The gateway's event that raised it; `None` if no event did.
    pub event: Option<EventId>,
    /// The transaction it is about, if it is known.
    pub transaction: Option<TransactionId>,
    /// The order it is about, if it is known.
    pub order: Option<OrderNumber>,
    /// A sentence for the operator; never card data or a secret.
    pub detail: String,
    /// The time at which the service noticed it.
    pub created_at: Timestamp,
    /// The time at which an operator closed it; `None` while it is open.
    pub resolved_at: Option<Timestamp>,
    /// The operator's closing note; `None` while it is open.
    pub note: Option<Text>,
    /// The operator or the service that closed it; `None` while it is open.
    pub resolved_by: Option<ResolvedBy>,
}

/// The operator or the service that closed a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedBy {
    /// The capacity and the row key of the user or API key.
    pub by: ChangedBy,
    /// The public id of that user or API key; `None` when neither is behind it.
    pub author: Option<AuthorId>,
}
