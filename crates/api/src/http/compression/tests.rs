use std::io::Read;

use actix_web::{body::to_bytes, test::TestRequest};
use flate2::read::GzDecoder;

use super::*;

const LONG: usize = 2_000;

fn asked(accepted: &str) -> HttpRequest {
    TestRequest::get().insert_header((header::ACCEPT_ENCODING, accepted)).to_http_request()
}

/// An answer of JSON with that many bytes.
fn answer(bytes: usize) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body("{\"a\":1}\n".repeat(bytes / 8))
}

/// Coding, `Vary` and bytes of the answer.
async fn compress_and_read(request: &HttpRequest, response: HttpResponse) -> (String, String, Vec<u8>) {
    let response = compress_response(request, response).await;
    let text =
        |name: HeaderName| response.headers().get(name).map_or("", |it| it.to_str().unwrap()).to_owned();
    let (coding, vary) = (text(header::CONTENT_ENCODING), text(header::VARY));
    (coding, vary, to_bytes(response.into_body()).await.unwrap().to_vec())
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
async fn an_answer_is_compressed_as_its_client_likes_best() {
    for (accepted, wanted) in [
        ("gzip", "gzip"),
        ("zstd", "zstd"),
        ("gzip, deflate, br, zstd;q=0.5", "gzip"),
        ("gzip;q=0.2, zstd;q=0.5", "zstd"),
        ("gzip;q=0, zstd;q=0", ""),
        ("identity", ""),
        ("br", ""),
    ] {
        for bytes in [LONG, 4 * INLINE_BYTES_MAX] {
            let (coding, vary, body) = compress_and_read(&asked(accepted), answer(bytes)).await;
            assert_eq!((coding.as_str(), vary.as_str()), (wanted, "accept-encoding"));
            assert_eq!(wanted.is_empty(), body.len() == bytes, "{accepted}");
            assert_eq!(unpack(wanted, &body), "{\"a\":1}\n".repeat(bytes / 8).as_bytes(), "{accepted}");
        }
    }
}

#[tokio::test]
async fn what_is_short_or_tagged_or_made_while_it_is_sent_or_no_text_stays_as_it_is() {
    let stream = || futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from(vec![b'a'; LONG]))]);
    let answers = [
        answer(1_000),
        HttpResponse::Ok().content_type("text/csv").streaming(stream()),
        HttpResponse::Ok()
            .content_type("application/json")
            .insert_header((header::ETAG, "\"3\""))
            .body("1".repeat(LONG)),
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
