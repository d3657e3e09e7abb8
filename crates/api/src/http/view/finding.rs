//! What operators must look at.

use domain::Finding;
use serde::Serialize;
use utoipa::ToSchema;

use super::{order::ChangedByView, timestamp_text};

/// Something an operator must look at.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingView {
    /// Public id.
    pub id: String,
    /// Why: `amount-mismatch`, `currency-mismatch`, `order-mismatch`, `unknown-transaction`, `unknown-type`,
    /// `unintelligible`, `late-capture`, `partial-capture`, `dispute`, `reconciliation`, `refund-failed`, `over-refunded`,
    /// `contradiction` or `unreadable`.
    #[schema(example = "amount-mismatch")]
    pub kind: &'static str,
    /// About which gateway.
    #[schema(required)]
    pub gateway: Option<String>,
    /// About which of its events.
    #[schema(required)]
    pub event_id: Option<String>,
    /// About which transaction.
    #[schema(required)]
    pub transaction_id: Option<String>,
    /// About which order.
    #[schema(required)]
    pub order_number: Option<String>,
    /// What happened.
    pub detail: String,
    /// When it was found.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When an operator was done with it.
    #[schema(required, format = DateTime)]
    pub resolved_at: Option<String>,
    /// What the operator wrote then.
    #[schema(required)]
    pub note: Option<String>,
    /// Who that was.
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
                id: it.user.as_ref().map(ToString::to_string),
            }),
        }
    }
}
