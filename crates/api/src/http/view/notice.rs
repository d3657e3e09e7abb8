//! The view of a notice of a payment gateway.

use domain::payment::StoredEvent;
use serde::Serialize;
use utoipa::ToSchema;

use super::timestamp_text;

/// A genuine notice of a payment gateway, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoredNoticeView {
    /// The gateway's id of the event.
    pub event_id: String,
    /// Name of the gateway.
    pub gateway: String,
    /// What the notice reports, as the gateway calls it; null if that could not be read.
    #[schema(required, example = "payment.captured")]
    pub r#type: Option<String>,
    /// `APPLIED`: it changed the payment. `UNCHANGED`: it said what was known. `WAITING`: for an earlier notice. `PARKED`
    /// and `OVERDUE`: for its payment. `FLAGGED`: it had no effect, and there is a finding.
    #[schema(example = "APPLIED")]
    pub disposition: &'static str,
    /// Time at which it arrived, by the service's clock, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub received_at: String,
}

impl From<&StoredEvent> for StoredNoticeView {
    fn from(it: &StoredEvent) -> Self {
        Self {
            event_id: it.id.to_string(),
            gateway: it.gateway.to_string(),
            r#type: it.kind.clone(),
            disposition: it.disposition.as_str(),
            received_at: timestamp_text(it.received_at),
        }
    }
}
