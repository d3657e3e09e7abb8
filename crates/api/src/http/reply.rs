//! Answers that are stored under an idempotency key, and replayed byte by byte.

use std::sync::Arc;

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use application::{App, IdempotentReply};
use ports::StoredReply;
use serde::Serialize;

use super::problem::{HandlerResult, Problem};
use crate::service::Service;

/// The header of a replayed answer; its value is `true`.
pub const REPLAYED_HEADER: &str = "idempotent-replayed";

/// An answer to store whose body is a view as JSON.
#[must_use]
pub fn json_reply(status: StatusCode, view: &impl Serialize) -> StoredReply {
    // A view is plain data with text keys: serialising it cannot fail.
    let body = serde_json::to_string(view).unwrap_or_default();
    StoredReply { status: status.as_u16(), location: None, etag: None, body }
}

/// An answer to store that has no body: 204.
#[must_use]
pub fn no_content() -> StoredReply {
    empty_reply(StatusCode::NO_CONTENT)
}

/// An answer to store that has a status and no body.
#[must_use]
pub fn empty_reply(status: StatusCode) -> StoredReply {
    StoredReply { status: status.as_u16(), location: None, etag: None, body: String::new() }
}

/// Runs a use case that writes, to its end even when the request is cancelled, and renders its answer.
///
/// # Errors
/// The problem of the use case's error; `overloaded` or `internal-error` if it did not run to its end.
pub async fn run_write<E, F>(service: &Service, write: impl FnOnce(Arc<App>) -> F) -> HandlerResult
where
    E: Into<Problem> + Send + 'static,
    F: Future<Output = Result<IdempotentReply, E>> + Send + 'static,
{
    match service.write(write).await? {
        Ok(answered) => Ok(into_response(answered)),
        Err(error) => Err(error.into()),
    }
}

/// Renders an answer, with [`REPLAYED_HEADER`] when it is a replay.
fn into_response(answered: IdempotentReply) -> HttpResponse {
    let (reply, again) = match answered {
        IdempotentReply::New(reply) => (reply, false),
        IdempotentReply::Replay(reply) => (reply, true),
    };
    // The status comes from the system of record, whose column can hold any number. Only successes are
    // stored, so 200 is the closest to the truth for a number that is no status.
    let mut response = HttpResponse::build(StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK));
    if let Some(location) = reply.location {
        response.insert_header((header::LOCATION, location));
    }
    if let Some(etag) = reply.etag {
        response.insert_header((header::ETAG, etag));
    }
    if again {
        response.insert_header((REPLAYED_HEADER, "true"));
    }
    // A 204 must not have a `Content-Type`, nor a body.
    if reply.body.is_empty() {
        return response.finish();
    }
    response.content_type("application/json").body(reply.body)
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn an_answer_given_again_differs_in_one_header_only() {
        let view = json!({"orderNumber": "n1"});
        let reply = StoredReply {
            location: Some("/v1/orders/n1".into()),
            etag: Some("\"1\"".into()),
            ..json_reply(StatusCode::CREATED, &view)
        };
        let (first, again) = (
            into_response(IdempotentReply::New(reply.clone())),
            into_response(IdempotentReply::Replay(reply)),
        );
        assert_eq!((first.status(), again.status()), (StatusCode::CREATED, StatusCode::CREATED));
        for name in ["location", "etag", "content-type"] {
            assert!(first.headers().contains_key(name), "{name}");
            assert_eq!(first.headers().get(name), again.headers().get(name), "{name}");
        }
        assert!(!first.headers().contains_key(REPLAYED_HEADER));
        assert_eq!(again.headers().get(REPLAYED_HEADER).unwrap(), "true");
        let body = async |it: HttpResponse| to_bytes(it.into_body()).await.unwrap();
        assert_eq!(body(first).await, body(again).await);
    }
}
