//! The view of a request to a payment gateway.

use ports::{AttemptOutcome, StoredAttempt};
use serde::Serialize;
use utoipa::ToSchema;

use super::timestamp_text;

/// A request to a payment gateway, and what came back. Secrets, card data and personal data are masked.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttemptView {
    /// Public id of the attempt.
    pub attempt_id: String,
    /// `CHARGE`, `CAPTURE`, `VOID`, `REFUND` or `LOOK_UP`.
    #[schema(example = "CHARGE")]
    pub operation: &'static str,
    /// Id of the refund that it is about; null if it is about the payment itself.
    #[schema(required)]
    pub refund_id: Option<String>,
    /// The request: for HTTP the method and the path on the first line, then the body. At most 4096 bytes; a longer
    /// one is cut and ends with `…`.
    #[schema(example = "charge {\"amount\":\"19.98\",\"currency\":\"CNY\"}")]
    pub request: String,
    /// `ANSWERED`, or `FAILED` if no answer arrived.
    #[schema(example = "ANSWERED")]
    pub outcome: &'static str,
    /// HTTP status of the answer; null if there was none, or the gateway does not speak HTTP.
    #[schema(required, example = 200)]
    pub http_status: Option<u16>,
    /// The answer, cut like the request; null if none arrived.
    #[schema(required)]
    pub answer: Option<String>,
    /// The reason why no answer arrived; null if one did.
    #[schema(required)]
    pub failure_reason: Option<String>,
    /// Time at which the request was sent, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub started_at: String,
    /// Time until the answer or the failure, in milliseconds.
    #[schema(example = 131)]
    pub duration_ms: u64,
}

impl From<&StoredAttempt> for AttemptView {
    fn from(it: &StoredAttempt) -> Self {
        let attempt = &it.attempt;
        let (outcome, http_status, answer, failure_reason) = match &attempt.outcome {
            AttemptOutcome::Answered { status, body } => ("ANSWERED", *status, Some(body.clone()), None),
            AttemptOutcome::Failed(reason) => ("FAILED", None, None, Some(reason.clone())),
        };
        Self {
            attempt_id: it.id.to_string(),
            operation: it.operation.as_str(),
            refund_id: it.refund.as_ref().map(ToString::to_string),
            request: attempt.request.clone(),
            outcome,
            http_status,
            answer,
            failure_reason,
            started_at: timestamp_text(attempt.sent_at),
            duration_ms: u64::try_from(attempt.duration.as_millis()).unwrap_or(u64::MAX),
        }
    }
}
