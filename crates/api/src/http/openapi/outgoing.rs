//! The messages that the service sends, for the section `webhooks` of the document: what a receiver has to implement.

use utoipa::OpenApi;

use crate::http::view::webhook::WebhookMessage;

/// Describes the outgoing messages as a document of its own, whose paths are the webhooks of the whole one.
#[derive(OpenApi)]
#[openapi(paths(receive_event))]
pub(super) struct OutgoingMessages;

/// Receive an event
///
/// Sent to each endpoint that wants the type, signed by the Standard Webhooks specification, at least once, and for one
/// order in the order of the feed. Verify the signature over the raw bytes, and answer within 15 s.
#[utoipa::path(post, operation_id = "webhooks_receiveEvent", path = "event", tag = "Webhooks", request_body = WebhookMessage,
    params(
        ("webhook-id" = String, Header, description = "Id of the event, the same at each attempt and each redelivery."),
        ("webhook-timestamp" = i64, Header, description = "Time of the attempt, in seconds since 1970."),
        ("webhook-signature" = String, Header, description = "`v1,` and base64 of the HMAC-SHA256 of id, timestamp and body, separated by points; several after a rotation, separated by spaces."),
        ("traceparent" = Option<String>, Header, description = "This attempt, as a part of the trace of the request that caused the event (W3C Trace Context). It is not signed.")
    ), responses(
    (status = "2XX", description = "Taken."),
    (status = 410, description = "The endpoint is gone: it is disabled."),
    (status = "default", description = "Not taken: it is sent again later, or after `Retry-After`.")
))]
#[expect(dead_code, reason = "it carries a description only: the receiver implements it")]
const fn receive_event() {}
