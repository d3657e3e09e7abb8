use std::io::Read;

use actix_web::{body::to_bytes, test::TestRequest};
use flate2::read::GzDecoder;

use super::*;

const LONG: usize = 2_000;

fn asked(accepted: &str) -> HttpRequest {
    TestRequest::get().insert_header((header::ACCEPT_ENCODING, accepted)).to_http_request()
}

/// An answer of JSON with that many bytes and the tag of version 3.
fn answer(bytes: usize) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::ETAG, "\"3\""))
        .body("{\"a\":1}\n".repeat(bytes / 8))
}

/// Coding, tag, `Vary` and bytes of the answer.
async fn compressed(request: &HttpRequest, response: HttpResponse) -> (String, String, String, Vec<u8>) {
    let response = compress_response(request, response).await;
    let text =
        |name: HeaderName| response.headers().get(name).map_or("", |it| it.to_str().unwrap()).to_owned();
    let (coding, tag, vary) = (text(header::CONTENT_ENCODING), text(header::ETAG), text(header::VARY));
    (coding, tag, vary, to_bytes(response.into_body()).await.unwrap().to_vec())
}

fn unpack(coding: &str, bytes: &[u8]) -> Vec<u8> {
    match coding {
        "gzip" => {
            let mut plain = Vec::new();
            GzDecoder::new(bytes).read_to_end(&mut plain).unwrap();
            plain
        }
        "zstd" => zstd::stream::decode_all(bytes).unwrap(),
        _ => bytes.to_vec(),
    }
}

#[tokio::test]
async fn an_answer_is_compressed_as_its_client_likes_best_and_has_a_tag_of_its_own() {
    for (accepted, wanted, tag) in [
        ("gzip", "gzip", "\"3-gzip\""),
        ("zstd", "zstd", "\"3-zstd\""),
        ("gzip, deflate, br, zstd;q=0.5", "gzip", "\"3-gzip\""),
        ("gzip;q=0.2, zstd;q=0.5", "zstd", "\"3-zstd\""),
        ("gzip;q=0, zstd;q=0", "", "\"3\""),
        ("identity", "", "\"3\""),
        ("br", "", "\"3\""),
    ] {
        for bytes in [LONG, 4 * INLINE_BYTES_MAX] {
            let (coding, sent_tag, vary, body) = compressed(&asked(accepted), answer(bytes)).await;
            assert_eq!((coding.as_str(), sent_tag.as_str(), vary.as_str()), (wanted, tag, "accept-encoding"));
            assert_eq!(wanted.is_empty(), body.len() == bytes, "{accepted}");
            assert_eq!(unpack(wanted, &body), "{\"a\":1}\n".repeat(bytes / 8).as_bytes(), "{accepted}");
        }
    }
}

#[tokio::test]
async fn what_is_short_or_made_while_it_is_sent_or_no_text_stays_as_it_is() {
    let stream = || futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from(vec![b'a'; LONG]))]);
    let answers = [
        answer(1_000),
        HttpResponse::Ok().content_type("text/csv").streaming(stream()),
        HttpResponse::Ok().content_type("image/png").body(vec![0; LONG]),
        HttpResponse::Ok().content_type("text/event-stream").body(vec![b'a'; LONG]),
        HttpResponse::Ok()
            .content_type("text/plain")
            .insert_header(("content-encoding", "br"))
            .body(vec![0; LONG]),
    ];
    for response in answers {
        let before = response.headers().get(header::CONTENT_ENCODING).cloned();
        let response = compress_response(&asked("gzip"), response).await;
        assert_eq!(response.headers().get(header::CONTENT_ENCODING), before.as_ref());
        assert!(!response.headers().contains_key(header::VARY));
    }
}

#[tokio::test]
async fn a_client_that_has_the_compressed_form_is_answered_with_its_tag() {
    let unchanged = || HttpResponse::NotModified().insert_header((header::ETAG, "\"3\"")).finish();
    let asked = |accepted: &str, tag: &str| {
        TestRequest::get()
            .insert_header((header::ACCEPT_ENCODING, accepted))
            .insert_header((header::IF_NONE_MATCH, tag))
            .to_http_request()
    };
    for (request, tag) in [
        (asked("gzip", "\"3-gzip\""), "\"3-gzip\""),
        (asked("gzip", "\"3\""), "\"3\""),
        (asked("identity", "\"3-gzip\""), "\"3\""),
    ] {
        assert_eq!(compressed(&request, unchanged()).await.1, tag);
    }
}

#[test]
fn only_the_name_of_a_coding_is_taken_from_a_tag() {
    assert_eq!(strip_coding("\"3-gzip\""), Some("\"3\"".into()));
    assert_eq!(strip_coding("W/\"3-zstd\""), Some("W/\"3\"".into()));
    for other in ["\"3\"", "\"3-br\"", "\"3gzip\"", "3-gzip", "\"gzip\""] {
        assert_eq!(strip_coding(other), None, "{other}");
    }
}
