//! Views of webhook endpoints, of deliveries to them, and of the messages themselves.

use application::webhooks::MessageRenderer;
use domain::{
    EndpointId, FeedEvent, FeedSequence, Timestamp, WebhookDelivery, WebhookEndpoint,
    webhook::{AttemptResult, DeliveryStatus, SigningSecret},
};
use serde::Serialize;
use serde_json::{json, value::RawValue};
use utoipa::ToSchema;

use super::{feed::EventType, timestamp_text};

/// An endpoint of another system that gets events.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookEndpointView {
    /// Public id of the endpoint.
    pub id: String,
    /// Address that messages are posted to.
    #[schema(max_length = 2048, example = "https://ledger.example/hooks")]
    pub url: String,
    /// Types of the events that it gets; empty: all types, also those that a later version adds.
    #[schema(value_type = Vec<EventType>, max_items = 100, example = json!(["order.paid", "order.refunded"]))]
    pub types: Vec<String>,
    /// The operator's note about it; null if there is none.
    #[schema(required, max_length = 500)]
    pub description: Option<String>,
    /// Whether nothing is sent to it. Events wait meanwhile, for as long as the feed keeps them.
    pub disabled: bool,
    /// Time at which it was made, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
}

impl From<&WebhookEndpoint> for WebhookEndpointView {
    fn from(it: &WebhookEndpoint) -> Self {
        Self {
            id: it.id.to_string(),
            url: it.url.as_str().to_owned(),
            types: it.types.names().to_vec(),
            description: it.description.as_ref().map(|it| it.as_str().to_owned()),
            disabled: it.disabled,
            created_at: timestamp_text(it.created_at),
        }
    }
}

/// An endpoint with its signing secret, which is shown in this answer only.
// No `Debug`: the secret must not get into a log by way of a format string.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookSecretView {
    /// The endpoint, whose members stand beside the secret.
    #[serde(flatten)]
    pub endpoint: WebhookEndpointView,
    /// Secret that signs the messages, for the verifying library: `whsec_` and 32 bytes in base64. It is not shown
    /// again.
    #[schema(
        pattern = "^whsec_[A-Za-z0-9+/]{43}=$",
        example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD2OoIK3oqqWw="
    )]
    pub secret: String,
}

impl WebhookSecretView {
    /// Shows an endpoint with its secret.
    #[must_use]
    pub fn new(endpoint: &WebhookEndpoint, secret: &SigningSecret) -> Self {
        Self { endpoint: endpoint.into(), secret: secret.expose_secret().to_owned() }
    }
}

/// The status of a delivery. `DELIVERED` and `FAILED` are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WebhookDeliveryStatus {
    /// It is to be sent, for the first time or again.
    Pending,
    /// The endpoint has answered with a 2xx status.
    Delivered,
    /// No attempt succeeded in time, and none will be made.
    Failed,
}

impl From<DeliveryStatus> for WebhookDeliveryStatus {
    fn from(it: DeliveryStatus) -> Self {
        match it {
            DeliveryStatus::Pending => Self::Pending,
            DeliveryStatus::Delivered => Self::Delivered,
            DeliveryStatus::Failed => Self::Failed,
        }
    }
}

/// The delivery of an event to an endpoint, with its last attempt.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookDeliveryView {
    /// Public id of the delivery.
    pub id: String,
    /// Id of the event, which is the `webhook-id` of the message.
    pub event_id: String,
    /// Type of the event; `webhook.test` for a test.
    #[schema(example = "order.paid")]
    pub r#type: String,
    /// Sequence of the event in the feed; null for a test.
    #[schema(required, minimum = 1)]
    pub sequence: Option<i64>,
    /// Whether it is still to be sent.
    pub status: WebhookDeliveryStatus,
    /// Number of attempts that were begun.
    #[schema(minimum = 0)]
    pub attempts: u32,
    /// HTTP status of the last answer; null before the first attempt, or if it had no answer.
    #[schema(required, minimum = 100, maximum = 999, example = 204)]
    pub response_status: Option<u16>,
    /// Beginning of the body of an answer that was no success, masked, at most 512 bytes; null otherwise.
    #[schema(required)]
    pub response_body: Option<String>,
    /// Reason why the last attempt had no answer; null if it had one.
    #[schema(required, example = "no answer within 15 s")]
    pub failure_reason: Option<String>,
    /// Duration of the last attempt, in milliseconds; null before it.
    #[schema(required, minimum = 0)]
    pub duration_ms: Option<u64>,
    /// Time at which the last attempt began, RFC 3339 in UTC; null before it.
    #[schema(required, format = DateTime)]
    pub last_attempt_at: Option<String>,
    /// Time of the next attempt; null if there is none. It may wait longer for an earlier event of its order.
    #[schema(required, format = DateTime)]
    pub next_attempt_at: Option<String>,
    /// Time at which the delivery was made, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub created_at: String,
}

impl From<&WebhookDelivery> for WebhookDeliveryView {
    fn from(it: &WebhookDelivery) -> Self {
        let last = it.last_attempt.as_ref();
        let (response_status, response_body, failure_reason) = match last.map(|it| &it.result) {
            None => (None, None, None),
            Some(AttemptResult::Answered { status, body }) => (Some(*status), body.clone(), None),
            Some(AttemptResult::NoAnswer(reason)) => (None, None, Some(reason.clone())),
        };
        Self {
            id: it.id.to_string(),
            event_id: it.message.to_string(),
            r#type: it.event_type.clone(),
            sequence: it.sequence,
            status: it.status.into(),
            attempts: it.attempts,
            response_status,
            response_body,
            failure_reason,
            duration_ms: last.map(|it| u64::try_from(it.duration.as_millis()).unwrap_or(u64::MAX)),
            last_attempt_at: last.map(|it| timestamp_text(it.began_at)),
            next_attempt_at: it.next_attempt_at.map(timestamp_text),
            created_at: timestamp_text(it.created_at),
        }
    }
}

/// Writes messages as Standard Webhooks says: `type`, `timestamp` and `data`, with `id` and `sequence` of the event.
#[derive(Debug, Clone, Copy)]
pub struct JsonMessages;

impl MessageRenderer for JsonMessages {
    fn render_event(&self, sequence: FeedSequence, event: &FeedEvent) -> String {
        // The data as it is stored, byte for byte: an amount or a number must not change on the way. Data that
        // is no JSON any more, after a change from outside, becomes null.
        let data = serde_json::from_str::<&RawValue>(&event.data).ok();
        message_text(&Message {
            id: Some(event.id.as_str()),
            sequence: Some(sequence.get()),
            r#type: event.kind.as_str(),
            timestamp: timestamp_text(event.created_at),
            data,
        })
    }

    fn render_test(&self, delivery: &WebhookDelivery, endpoint: &EndpointId, asked_at: Timestamp) -> String {
        let data = json!({"endpointId": endpoint.as_str()});
        message_text(&Message {
            id: Some(delivery.message.as_str()),
            sequence: None,
            r#type: &delivery.event_type,
            timestamp: timestamp_text(asked_at),
            data: Some(data),
        })
    }
}

/// The body of a message to an endpoint.
#[derive(ToSchema)]
pub struct WebhookMessage {
    /// Id of the event, as in `webhook-id`.
    pub id: String,
    /// Sequence of the event in the feed; null for a test.
    #[schema(required, minimum = 1)]
    pub sequence: Option<i64>,
    /// Type of the event, as in the feed; `webhook.test` for a test.
    #[schema(example = "order.paid")]
    pub r#type: String,
    /// Time of the event, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    pub timestamp: String,
    /// What the API showed an operator at that moment. For a test, an object with `endpointId`.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
}

#[derive(Serialize)]
struct Message<'a, D: Serialize> {
    id: Option<&'a str>,
    sequence: Option<i64>,
    r#type: &'a str,
    timestamp: String,
    data: Option<D>,
}

fn message_text<D: Serialize>(message: &Message<'_, D>) -> String {
    // Plain data with text keys: serialising it cannot fail.
    serde_json::to_string(message).unwrap_or_default()
}
