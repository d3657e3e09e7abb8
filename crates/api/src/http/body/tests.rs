use actix_web::{error::PayloadError, test::TestRequest, web::Bytes};
use futures_util::{FutureExt, stream};
use serde_json::json;

use super::*;

const JSON: &str = "application/json";

async fn body(content_type: Option<&str>, content: impl Into<Vec<u8>>) -> Body {
    let request = TestRequest::post().set_payload(content.into());
    let request = match content_type {
        Some(it) => request.insert_header((header::CONTENT_TYPE, it)),
        None => request,
    };
    let (request, mut payload) = request.to_http_parts();
    Body::from_request(&request, &mut payload).await.unwrap()
}

fn into_value(body: JsonBody) -> Value {
    body.value
}

async fn refused(content_type: &str, content: impl Into<Vec<u8>>) -> Kind {
    body(Some(content_type), content).await.read_json().await.unwrap_err().kind()
}

#[tokio::test]
async fn json_is_read_whatever_the_parameters_of_its_type() {
    for content_type in [JSON, "application/json; charset=utf-8", "Application/JSON;x=y"] {
        assert_eq!(
            body(Some(content_type), r#"{"a":1}"#).await.read_json().await.map(into_value),
            Ok(json!({"a": 1}))
        );
    }
}

#[tokio::test]
async fn another_type_or_none_is_not_read() {
    for content_type in ["text/plain", "application/jsonp", "application/x-www-form-urlencoded", "", "*/*"] {
        assert_eq!(refused(content_type, "{}").await, Kind::UnsupportedMediaType, "{content_type}");
    }
    assert_eq!(body(None, "{}").await.read_json().await.unwrap_err().kind(), Kind::UnsupportedMediaType);
}

#[tokio::test]
async fn what_is_packed_is_not_read() {
    let request = TestRequest::post()
        .insert_header((header::CONTENT_TYPE, JSON))
        .insert_header((header::CONTENT_ENCODING, "gzip"))
        .set_payload("{}");
    let (request, mut payload) = request.to_http_parts();
    let body = Body::from_request(&request, &mut payload).await.unwrap();
    assert_eq!(body.read_json().await.unwrap_err().kind(), Kind::UnsupportedMediaType);
}

#[tokio::test]
async fn what_is_not_json_is_malformed() {
    let deep = "[".repeat(1000);
    let broken: [&[u8]; 8] =
        [b"", b"{", b"{\"a\":1,}", b"{} x", b"a=b", b"{\"a\":\"\xff\"}", b"NaN", deep.as_bytes()];
    for content in broken {
        assert_eq!(refused(JSON, content).await, Kind::MalformedJson, "{}", String::from_utf8_lossy(content));
    }
}

#[tokio::test]
async fn a_body_of_64_kib_is_read_and_one_byte_more_is_not() {
    let of = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    assert!(body(Some(JSON), of(BODY_BYTES_MAX)).await.read_json().await.is_ok());
    assert_eq!(refused(JSON, of(BODY_BYTES_MAX + 1)).await, Kind::BodyTooLarge);
}

#[tokio::test]
async fn nothing_is_an_empty_object_only_where_a_handler_says_so() {
    assert_eq!(body(None, "").await.read_json_or_empty().await.map(into_value), Ok(json!({})));
    assert_eq!(body(Some(JSON), "").await.read_json_or_empty().await.map(into_value), Ok(json!({})));
    assert_eq!(
        body(None, "{}").await.read_json_or_empty().await.unwrap_err().kind(),
        Kind::UnsupportedMediaType
    );
    assert_eq!(refused(JSON, "").await, Kind::MalformedJson);
}

#[tokio::test]
async fn card_data_is_refused_before_it_is_read() {
    assert_eq!(refused(JSON, r#"{"note":"4242424242424242"}"#).await, Kind::CardDataRefused);
}

#[tokio::test]
async fn a_length_over_the_limit_is_refused_before_anything_is_read() {
    let announced = |bytes: usize| async move {
        let never = stream::pending::<Result<Bytes, PayloadError>>().boxed_local();
        let request = TestRequest::post().insert_header((header::CONTENT_LENGTH, bytes)).to_http_request();
        let body = Body::from_request(&request, &mut never.into()).await.unwrap();
        body.read_bytes().now_or_never().map(|it| it.unwrap_err().kind())
    };
    assert_eq!(announced(BODY_BYTES_MAX + 1).await, Some(Kind::BodyTooLarge));
    assert_eq!(announced(BODY_BYTES_MAX).await, None, "it waits for the body");
}

#[test]
fn a_body_that_is_too_deep_is_refused_with_the_limit() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse_json(nested(DEPTH_MAX).as_bytes()).is_ok());
    for body in [nested(DEPTH_MAX + 1), "[".repeat(30_000), format!("{{\"a\":{}}}", nested(DEPTH_MAX))] {
        let problem = parse_json(body.as_bytes()).unwrap_err();
        let detail = "The body has more than 127 objects and lists within one another.";
        assert_eq!(problem, Problem::new(Kind::MalformedJson).with_detail(detail));
    }
}

#[tokio::test]
async fn a_number_that_is_too_large_for_any_member_is_well_formed() {
    for number in ["1e309", "-1e309", &"9".repeat(400)] {
        assert_eq!(refused(JSON, format!(r#"{{"a":[{number}]}}"#)).await, Kind::InvalidRequest, "{number}");
    }
}

#[tokio::test]
async fn a_member_that_is_named_twice_makes_a_body_malformed() {
    for content in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"{"b":{"a":null,"c":[],"a":{}}}"#,
        r#"[{"b":[{"a":1},{"a":1,"a":2}]}]"#,
    ] {
        let refused = body(Some(JSON), content).await.read_json().await.unwrap_err();
        let told =
            Problem::new(Kind::MalformedJson).with_detail("The body names a member twice in one object.");
        assert_eq!(refused, told, "{content}");
    }
}

#[tokio::test]
async fn the_same_name_in_several_objects_is_fine() {
    let content = r#"{"a":{"a":[{"a":1},{"a":-2.5}]},"b":[true,null,"x",18446744073709551615,-9223372036854775808,1e3]}"#;
    let plain: Value = serde_json::from_str(content).unwrap();
    assert_eq!(body(Some(JSON), content).await.read_json().await.map(into_value), Ok(plain));
}
