//! Random changes of bodies, queries and headers, sent to every route of the real binary.
//!
//! An accepted request must be as the document describes it, and a refusal is a problem: the client checks both. Here
//! it is added that nothing is ever an internal error.

use port_contracts::fuzz::{Mutations, outcome_of};

use super::described::{LIMITS, fetch_document, operations};
use crate::harness::{Client, Reply, Server, unique};

/// Inputs of each route in the tests.
const BODIES: u32 = 12;
const QUERIES: u32 = 8;
const HEADER_VALUES: u32 = 60;
/// The longest answer to a request that is refused, in bytes.
const REFUSAL_BYTES_MAX: usize = 32 * 1024;

/// The corpus of headers, each with genuine values.
const HEADERS: &[(&str, &[&str])] = &[
    ("idempotency-key", &["key-1", "\"quoted\\\"key\""]),
    ("if-match", &["\"1\"", "W/\"1\", \"2\"", "*"]),
    ("if-none-match", &["\"1\"", "*"]),
    ("accept-encoding", &["gzip, zstd;q=0.5", "*;q=0", "identity"]),
    ("accept", &["text/markdown;q=0.9, */*"]),
    ("authorization", &["Bearer a.b.c", "Bearer idem_0123456789abcdef", "Basic YTpi"]),
    ("traceparent", &["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"]),
    ("tracestate", &["rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"]),
    ("x-request-id", &["request-1"]),
    ("origin", &["https://shop.example"]),
    ("x-forwarded-for", &["203.0.113.7, 10.0.0.1", "[2001:db8::1]:443"]),
];

/// An answer to hostile input: never an internal error, and short when it is a refusal. Names what it was.
fn judge_reply(reply: &Reply, input: &[u8]) -> u64 {
    assert_ne!(reply.status, 500, "{}: {}: {}", reply.asked, input.escape_ascii(), reply.text);
    if reply.status >= 400 {
        assert!(reply.text.len() <= REFUSAL_BYTES_MAX, "{}: {} bytes", reply.asked, reply.text.len());
        let rules: Vec<_> = reply.json()["errors"].as_array().into_iter().flatten().cloned().collect();
        return outcome_of((
            reply.status,
            rules.iter().map(|it| it["detail"].to_string()).collect::<Vec<_>>(),
        ));
    }
    reply.status.into()
}

/// A value as a header takes it: without control characters, which no client sends and no server reads.
fn to_header_value(input: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(input).into_owned();
    reqwest::header::HeaderValue::from_str(&text).ok().map(|_| text).filter(|it| it.len() < 4_096)
}

async fn open_shop() -> (Server, Client) {
    let server = Server::with(LIMITS);
    let client = server.operator().await;
    (server, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn fuzz_bodies_of_every_route() {
    let (_server, client) = open_shop().await;
    let document = fetch_document(&client).await;
    let mut sent = 0;
    for (method, path, operation) in operations(&document.0) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        // The session of the test would end, or its password change.
        if schema.is_null() || path.ends_with("/me") || path.ends_with("/password") {
            continue;
        }
        let whole = document.sample(document.resolve(schema)).to_string();
        let mut inputs = Mutations::new(&format!("{method} {path}"), &[whole, "{}".to_owned()], BODIES);
        while let Some(input) = inputs.next() {
            let request = client.request(method.clone(), &path).body("application/json", input.clone());
            let outcome = judge_reply(&request.idempotent(&unique("fuzz")).await, &input);
            inputs.keep_if_new(&input, outcome);
            sent += 1;
        }
    }
    assert!(sent > 200, "{sent} requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn fuzz_queries_of_every_list() {
    let (_server, client) = open_shop().await;
    let document = fetch_document(&client).await;
    let mut sent = 0;
    for (method, path, operation) in operations(&document.0) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let names: Vec<_> =
            parameters.filter(|it| it["in"] == "query").filter_map(|it| it["name"].as_str()).collect();
        if method != reqwest::Method::GET || names.is_empty() {
            continue;
        }
        let corpus: Vec<_> = names.iter().map(|it| format!("{it}=1&limit=2&cursor=AAAA.BBBB")).collect();
        let mut inputs = Mutations::new(&path, &corpus, QUERIES);
        while let Some(input) = inputs.next() {
            // As a browser escapes it, so that every byte arrives.
            let query: String = input
                .iter()
                .map(|it| match it {
                    b'%' | b'&' | b'=' | b'+' => char::from(*it).to_string(),
                    it if it.is_ascii_alphanumeric() => char::from(*it).to_string(),
                    it => format!("%{it:02X}"),
                })
                .take(8_000)
                .collect();
            let outcome = judge_reply(&client.get(&format!("{path}?{query}")).await, &input);
            inputs.keep_if_new(&input, outcome);
            sent += 1;
        }
    }
    assert!(sent > 50, "{sent} requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn fuzz_headers() {
    let (server, client) = open_shop().await;
    let product = client.product("3.00", Some(5)).await;
    let guest = server.client();
    for (name, corpus) in HEADERS {
        let mut inputs = Mutations::new(name, corpus, HEADER_VALUES);
        while let Some(input) = inputs.next() {
            let Some(value) = to_header_value(&input) else { continue };
            let path = format!("/v1/products/{product}");
            // A session has this header of its own, and otherwise leads to where conditions and keys are read.
            let who = if *name == "authorization" { &guest } else { &client };
            let read = judge_reply(&who.get(&path).header(name, &value).await, &input);
            let write = who.request(reqwest::Method::PUT, &path).header(name, &value);
            let write = judge_reply(&write.body("application/json", "{}").await, &input);
            inputs.keep_if_new(&input, outcome_of((read, write)));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fuzz_callbacks_without_a_signature() {
    let (server, _) = open_shop().await;
    let guest = server.client();
    let corpus = ["{\"type\": \"payment.captured\", \"data\": {}}", "sign=a&sign_type=RSA2", ""];
    let inputs = Mutations::new("callbacks", &corpus, HEADER_VALUES);
    for input in inputs {
        for gateway in ["sandbox", "stripe", "unknown"] {
            let request = guest.request(reqwest::Method::POST, &format!("/v1/callbacks/{gateway}"));
            let request = request.header("webhook-id", "evt").header("webhook-timestamp", "1");
            let reply = request.body("application/json", input.clone()).await;
            assert!(matches!(reply.status, 400..=499), "{}: {}", reply.status, reply.text);
            judge_reply(&reply, &input);
        }
    }
}
