use std::future::poll_fn;

use actix_web::{
    body::{BoxBody, to_bytes},
    test::TestRequest,
};

use super::*;

/// A digest that is the length.
struct Lengths;

impl Digests for Lengths {
    fn sha256_hex(&self, content: &[u8]) -> String {
        content.len().to_string()
    }
}

fn asset() -> Asset {
    Asset::new("text/plain", Bytes::from("so it goes, ".repeat(10_000)))
}

async fn asked(asset: &Asset, headers: &[(&str, &str)]) -> HttpResponse {
    let request = headers.iter().fold(TestRequest::get(), |it, header| it.insert_header(*header));
    asset.respond_to(&request.to_http_request(), &Lengths).await
}

fn header(response: &HttpResponse, name: &str) -> String {
    response.headers().get(name).map(|it| it.to_str().unwrap().to_owned()).unwrap_or_default()
}

/// The pieces of a body.
async fn pieces(response: HttpResponse) -> Vec<Bytes> {
    let mut body: BoxBody = response.into_body();
    let mut all = Vec::new();
    while let Some(piece) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
        all.push(piece.unwrap());
    }
    all
}

#[tokio::test]
async fn all_answers_share_the_same_bytes() {
    let asset = asset();
    for headers in [&[][..], &[("accept-encoding", "gzip")]] {
        let (one, other) = (asked(&asset, headers).await, asked(&asset, headers).await);
        let (one, other) = (pieces(one).await, pieces(other).await);
        assert!(!one.is_empty());
        assert!(one.iter().zip(&other).all(|(one, other)| one.as_ptr() == other.as_ptr()));
    }
}

#[tokio::test]
async fn a_long_answer_is_sent_in_pieces_and_its_length_is_known() {
    let asset = asset();
    let response = asked(&asset, &[]).await;
    assert_eq!(response.body().size(), BodySize::Sized(120_000));
    let pieces = pieces(response).await;
    assert!(pieces.iter().all(|it| it.len() <= CHUNK_BYTES), "a slow reader holds one piece");
    assert_eq!(pieces.concat(), asset.plain.bytes);
}

#[tokio::test]
async fn it_is_packed_for_those_who_take_that() {
    let asset = asset();
    for takes in ["gzip", "br, gzip;q=0.5", "gzip, deflate, br, zstd"] {
        let response = asked(&asset, &[("accept-encoding", takes)]).await;
        assert_eq!(
            (header(&response, "content-encoding"), header(&response, "vary")),
            ("gzip".into(), "accept-encoding".into())
        );
        let body = to_bytes(response.into_body()).await.unwrap();
        assert!(body.len() < 2_000 && body.starts_with(&[0x1f, 0x8b]), "{takes}");
    }
    for takes in ["", "br", "gzip;q=0", "identity"] {
        let response = asked(&asset, &[("accept-encoding", takes)]).await;
        assert_eq!(
            (header(&response, "content-encoding"), header(&response, "vary")),
            (String::new(), "accept-encoding".into())
        );
        assert_eq!(to_bytes(response.into_body()).await.unwrap(), asset.plain.bytes, "{takes}");
    }
}

#[tokio::test]
async fn what_does_not_become_shorter_is_sent_as_it_is() {
    let asset = Asset::new("text/plain", Bytes::from_static(b"x"));
    assert_eq!(header(&asked(&asset, &[("accept-encoding", "gzip")]).await, "content-encoding"), "");
}

#[tokio::test]
async fn what_the_client_has_is_not_sent_again() {
    let asset = asset();
    let (plain, packed) = (asked(&asset, &[]).await, asked(&asset, &[("accept-encoding", "gzip")]).await);
    let (plain, packed) = (header(&plain, "etag"), header(&packed, "etag"));
    assert_ne!(plain, packed, "two forms, two tags");
    for known in [plain.clone(), format!("W/{plain}"), format!("\"x\", {plain}"), "*".to_owned()] {
        let response = asked(&asset, &[("if-none-match", &known)]).await;
        assert_eq!(response.status(), 304, "{known}");
        assert!(matches!(response.body().size(), BodySize::None | BodySize::Sized(0)), "{known}");
        assert_eq!(header(&response, "etag"), plain);
        assert_eq!(header(&response, "cache-control"), "public, no-cache");
        assert_eq!(header(&response, "vary"), "accept-encoding");
    }
    for other in [packed.as_str(), "\"x\"", ""] {
        assert_eq!(asked(&asset, &[("if-none-match", other)]).await.status(), 200, "{other}");
    }
}
