//! Answers that are kept under an idempotency key, to be given again byte by byte.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use application::Answered;
use ports::StoredReply;
use serde::Serialize;

/// Says that an answer had been given before.
pub const REPLAYED_HEADER: &str = "idempotent-replayed";

/// An answer to keep: a view as JSON.
#[must_use]
pub fn stored(status: StatusCode, view: &impl Serialize) -> StoredReply {
    // A view is plain data: it can always be written.
    let body = serde_json::to_string(view).unwrap_or_default();
    StoredReply { status: status.as_u16(), location: None, etag: None, body }
}

/// An answer to keep that says nothing but that it is done.
#[must_use]
pub fn empty() -> StoredReply {
    StoredReply { status: StatusCode::NO_CONTENT.as_u16(), location: None, etag: None, body: String::new() }
}

/// Gives an answer, perhaps again.
#[must_use]
pub fn give(answered: Answered) -> HttpResponse {
    let (reply, again) = match answered {
        Answered::First(reply) => (reply, false),
        Answered::Again(reply) => (reply, true),
    };
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
            ..stored(StatusCode::CREATED, &view)
        };
        let (first, again) = (give(Answered::First(reply.clone())), give(Answered::Again(reply)));
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
