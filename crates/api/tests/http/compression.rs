//! Compressed answers.

use std::io::Read;

use flate2::read::GzDecoder;
use reqwest::{Response, header::HeaderMap};
use serde_json::{Value, json};

use crate::harness::{Client, Server, field, item, shared};

/// The answer to a request that accepts a coding; the harness reads texts only.
async fn accept(server: &Server, client: &Client, path: &str, headers: &[(&str, &str)]) -> Response {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = http.get(format!("http://{}{path}", server.address()));
    if let Some(token) = &client.token {
        request = request.bearer_auth(token);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).map(|it| it.to_str().unwrap())
}

async fn unpack(coding: &str, response: Response) -> Value {
    let bytes = response.bytes().await.unwrap();
    let mut plain = Vec::new();
    match coding {
        "gzip" => drop(GzDecoder::new(&*bytes).read_to_end(&mut plain).unwrap()),
        _ => plain = zstd::stream::decode_all(&*bytes).unwrap(),
    }
    serde_json::from_slice(&plain).unwrap()
}

/// An order that is longer than a kilobyte.
async fn long_order(operator: &Client, customer: &Client) -> Value {
    let mut items = Vec::new();
    for _ in 0..12 {
        items.push(item(&operator.product("2.00", None).await, 1));
    }
    customer.post_once("/v1/orders", &json!({"items": items})).await.ok(201)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_compressed_and_an_order_keeps_the_tag_of_its_version() {
    let server = shared();
    let (operator, customer) = (server.operator().await, server.customer().await);
    let order = long_order(&operator, &customer).await;
    let plain = customer.get("/v1/orders").await;
    assert_eq!(plain.header("vary"), Some("accept-encoding"));
    let path = format!("/v1/orders/{}", field(&order, "orderNumber"));
    for coding in ["gzip", "zstd"] {
        let accepted = [("accept-encoding", coding)];
        let list = accept(server, &customer, "/v1/orders", &accepted).await;
        assert_eq!(text(list.headers(), "content-encoding"), Some(coding));
        assert_eq!(text(list.headers(), "vary"), Some("accept-encoding"));
        assert_eq!(unpack(coding, list).await, plain.json());
        let single = accept(server, &customer, &path, &accepted).await;
        assert_eq!(text(single.headers(), "etag"), Some("\"1\""));
        assert_eq!(text(single.headers(), "content-encoding"), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_and_exports_are_not_compressed() {
    let server = shared();
    let (operator, customer) = (server.operator().await, server.customer().await);
    long_order(&operator, &customer).await;
    let gzip: &[(&str, &str)] = &[("accept-encoding", "gzip")];
    for _ in 0..12 {
        operator.post_once("/v1/api-keys", &json!({"name": "key", "scopes": ["orders:read"]})).await.ok(201);
    }
    let keys = accept(server, &operator, "/v1/api-keys", gzip).await;
    assert_eq!((keys.status().as_u16(), text(keys.headers(), "content-encoding")), (200, None));
    assert!(keys.bytes().await.unwrap().len() > 1024);
    let export = accept(server, &operator, "/v1/orders/export?format=ndjson", gzip).await;
    assert_eq!((export.status().as_u16(), text(export.headers(), "content-encoding")), (200, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn compression_can_be_turned_off() {
    let server = Server::with(&[("IDEM_COMPRESSION", "false")]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    long_order(&operator, &customer).await;
    let got = accept(&server, &customer, "/v1/orders", &[("accept-encoding", "gzip, zstd")]).await;
    assert_eq!(text(got.headers(), "content-encoding"), None);
    assert_eq!(text(got.headers(), "vary"), None);
}
