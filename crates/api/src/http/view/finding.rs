//! The view of a finding.

use domain::Finding;
use serde::Serialize;
use utoipa::ToSchema;

use super::{order::ChangedByView, timestamp_text};

/// A condition that an operator must look at.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingView {
    /// Public id of the finding.
    pub id: String,
    /// Kind of the finding: `amount-mismatch`, `currency-mismatch`, `order-mismatch`, `unknown-transaction`,
    /// `unknown-type`, `unintelligible`, `late-capture`, `partial-capture`, `dispute`, `reconciliation`,
    /// `refund-failed`, `over-refunded`, `contradiction`, `unreadable`, `archive-failed`, `webhook-disabled` or
    /// `webhook-gap`.
    #[schema(example = "amount-mismatch")]
    pub kind: &'static str,
    /// Gateway that the finding is about; null if it is about none.
    #[schema(required)]
    pub gateway: Option<String>,
    /// The gateway's id of the event; null if the finding is not about one.
    #[schema(required)]
    pub event_id: Option<String>,
    /// Id of the transaction; null if the finding is not about one.
    #[schema(required)]
    pub transaction_id: Option<String>,
    /// Number of the order; null if the finding is not about one.
    #[schema(required)]
    pub order_number: Option<String>,
    /// Description of what happened, for a person to read.
    pub detail: String,
    /// Time at which it was found, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Time at which an operator resolved it; null while it is open.
    #[schema(required, format = DateTime)]
    pub resolved_at: Option<String>,
    /// Note of the operator who resolved it; null while it is open.
    #[schema(required)]
    pub note: Option<String>,
    /// The operator or the service that resolved it; null while it is open.
    #[schema(required)]
    pub resolved_by: Option<ChangedByView>,
}

impl From<&Finding> for FindingView {
    fn from(it: &Finding) -> Self {
        Self {
            id: it.id.to_string(),
            kind: it.kind.as_str(),
            gateway: it.gateway.as_ref().map(ToString::to_string),
            event_id: it.event.as_ref().map(ToString::to_string),
            transaction_id: it.transaction.as_ref().map(ToString::to_string),
            order_number: it.order.as_ref().map(ToString::to_string),
            detail: it.detail.clone(),
            created_at: timestamp_text(it.created_at),
            resolved_at: it.resolved_at.map(timestamp_text),
            note: it.note.as_ref().map(|it| it.as_str().to_owned()),
            resolved_by: it.resolved_by.as_ref().map(|it| ChangedByView {
                actor: it.by.actor.as_str(),
                id: it.author.as_ref().map(ToString::to_string),
            }),
        }
    }
}
