//! Recording what the sandbox is asked and answers, as adapters of real gateways do.

use std::time::Duration;

use domain::{
    Money, RefundId, Timestamp,
    payment::{CaptureMethod, PaymentEvent},
};
use ports::{Answer, AttemptLog, AttemptOutcome, Charge, Clock, GatewayAttempt, LookupAnswer, NoResponse};
use serde::Serialize;

use crate::{masking, notice};

/// A request without a result yet.
const ACCEPTED: &str = r#"{"status":"accepted"}"#;
/// A refund that is refused.
const REFUSED: &str = r#"{"status":"refused"}"#;
/// A payment or refund that the sandbox does not know.
const UNKNOWN: &str = r#"{"status":"unknown"}"#;

/// A request to the sandbox, as it is recorded.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capture_method: Option<&'static str>,
}

impl<'a> Request<'a> {
    /// Without the token, as at any other gateway: it stands for a card.
    pub(super) fn from_charge(charge: &Charge) -> Self {
        Self {
            capture_method: Some(CaptureMethod::as_str(charge.capture_method)),
            ..Self::from_amount(charge.amount)
        }
    }

    pub(super) fn from_amount(amount: Money) -> Self {
        Self { amount: Some(amount.to_string()), currency: Some(amount.currency().code()), ..Self::default() }
    }

    pub(super) fn about_refund(self, id: &'a RefundId) -> Self {
        Self { refund_id: Some(id.as_str()), ..self }
    }
}

/// A call under way: its request, and when it began.
pub(super) struct OpenCall<'a> {
    request: String,
    sent_at: Timestamp,
    began: Duration,
    clock: &'a dyn Clock,
}

impl<'a> OpenCall<'a> {
    pub(super) fn new(verb: &str, request: &Request<'_>, clock: &'a dyn Clock) -> Self {
        // A structure of texts can always be written as JSON.
        let body = serde_json::to_string(request).unwrap_or_default();
        let (sent_at, began) = (clock.now(), clock.monotonic_now());
        Self { request: format!("{verb} {body}"), sent_at, began, clock }
    }

    /// Records the call with its outcome, and returns the outcome.
    pub(super) fn end<T: Recorded>(
        self,
        outcome: Result<T, NoResponse>,
        log: &AttemptLog,
    ) -> Result<T, NoResponse> {
        let recorded = match &outcome {
            Ok(answer) => AttemptOutcome::Answered { status: None, body: answer.recorded_body() },
            Err(error) => AttemptOutcome::Failed(error.to_string()),
        };
        log.record(GatewayAttempt {
            request: self.request,
            outcome: recorded,
            sent_at: self.sent_at,
            duration: self.clock.monotonic_now().saturating_sub(self.began),
        });
        outcome
    }
}

/// An answer that can be recorded.
pub(super) trait Recorded {
    /// The answer as JSON, masked.
    fn recorded_body(&self) -> String;
}

impl Recorded for Answer {
    fn recorded_body(&self) -> String {
        match self {
            Self::Event(event) => mask_event(event),
            Self::Accepted { .. } => ACCEPTED.to_owned(),
            Self::RefundRefused(_) | Self::OperationRefused(_) => REFUSED.to_owned(),
        }
    }
}

impl Recorded for LookupAnswer {
    fn recorded_body(&self) -> String {
        match self {
            Self::Found { events, .. } if events.is_empty() => ACCEPTED.to_owned(),
            Self::Found { events, .. } => events.iter().map(mask_event).collect::<Vec<_>>().join("\n"),
            Self::Unknown | Self::CannotTell => UNKNOWN.to_owned(),
        }
    }
}

/// The body of the notice about an event, masked as one that arrives.
fn mask_event(event: &PaymentEvent) -> String {
    masking::mask_body(notice::format_body(event).as_bytes(), &notice::MASK_RULES)
}

#[cfg(test)]
mod tests;
