//! What every request can go wrong by.

use std::{fmt::Write as _, time::Duration};

use reqwest::Method;
use serde_json::json;
use tokio::time::timeout;

use crate::harness::{Person, item, raw, shared, unique};

const KIB_64: usize = 64 * 1024;
/// What is answered before its body has come is answered and closed within this time.
const CLOSED_WITHIN: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_path_is_a_problem_whatever_the_method() {
    let client = shared().client();
    for path in ["/v1", "/v1/nothing", "/v2/orders", "/v1/orders/a/b/c", "/problems/no-such-problem"] {
        client.get(path).await.refused(404, "not-found");
    }
    client.post("/v1/nothing", &json!({})).await.refused(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_no_id_is_not_found() {
    let customer = shared().customer().await;
    for id in ["%00", "%ff%fe", "a%20b", "..%2f..%2fetc", "%F0%9F%8D%B5", &"x".repeat(300)] {
        customer.get(&format!("/v1/orders/{id}")).await.refused(404, "not-found");
        customer.get(&format!("/v1/payments/{id}")).await.refused(404, "not-found");
        customer.get(&format!("/v1/products/{id}")).await.refused(404, "not-found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_no_id_of_a_product_cannot_be_written_to() {
    let operator = shared().operator().await;
    let offer = json!({"name": "Tea", "price": "1", "currency": "CNY", "colour": "green"});
    for id in ["%00", "a%20b", "%F0%9F%8D%B5", &"x".repeat(256)] {
        let path = format!("/v1/products/{id}");
        assert_eq!(operator.put(&path, &offer).await.faults(), ["/colour", "productId"], "with all others");
        assert_eq!(operator.patch(&path, &json!({"name": "Tea"})).await.faults(), ["productId"]);
        assert_eq!(operator.adjust(id, 1).await.faults(), ["productId"]);
        operator.get(&format!("{path}/stock-adjustments")).await.refused(404, "not-found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_method_is_answered_with_the_allowed_ones() {
    let client = shared().customer().await;
    let cases = [
        (Method::DELETE, "/v1/orders", &["GET", "HEAD", "POST"][..]),
        (Method::PUT, "/v1/orders/n1", &["GET", "HEAD", "PATCH"]),
        (Method::GET, "/v1/auth/login", &["POST"]),
        (Method::DELETE, "/v1/products/sku", &["GET", "HEAD", "PATCH", "PUT"]),
        (Method::GET, "/v1/callbacks/sandbox", &["POST"]),
        (Method::POST, "/healthz", &["GET", "HEAD"]),
    ];
    for (method, path, allowed) in cases {
        let reply = client.request(method, path).await;
        reply.refused(405, "method-not-allowed");
        let mut told: Vec<_> = reply.header("allow").expect("Allow").split(", ").collect();
        told.sort_unstable();
        assert_eq!(told, allowed, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_json_is_malformed() {
    let customer = shared().customer().await;
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let bodies: [&[u8]; 8] =
        [b"", b"{", b"{'a': 1}", b"{\"items\": [}", b"{} {}", b"\xff\xfe", b"nope", deep.as_bytes()];
    for body in bodies {
        let request = customer.post_once("/v1/orders", &json!({})).body("application/json", body);
        request.await.refused(400, "malformed-json");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_may_have_64_kib_and_not_a_byte_more() {
    let client = shared().client();
    let account = |length: usize| {
        let account = Person::new("wide").account().to_string();
        format!("{account}{}", " ".repeat(length - account.len()))
    };
    let register = |body| client.post("/v1/auth/register", &json!({})).body("application/json", body);
    register(account(KIB_64)).await.ok(201);
    register(account(KIB_64 + 1)).await.refused(413, "body-too-large");
    register(account(1024 * 1024)).await.refused(413, "body-too-large");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_unknown_length_is_limited_too() {
    let chunk = format!("{:x}\r\n{}\r\n", 8 * 1024, " ".repeat(8 * 1024));
    let mut request = "POST /v1/auth/register HTTP/1.1\r\nHost: idem\r\nConnection: close\r\n\
                       Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        .to_owned();
    write!(request, "{}0\r\n\r\n", chunk.repeat(9)).unwrap();
    let address = shared().address();
    let answer = tokio::task::spawn_blocking(move || raw(address, request)).await.unwrap().unwrap();
    assert_eq!(answer.status, 413, "{answer:?}");
    assert_eq!(answer.headers["content-type"], "application/problem+json");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_never_ends_keeps_no_connection() {
    let address = shared().address();
    let chunked = "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"";
    let declared = "Content-Length: 10\r\n\r\n{\"";
    let cases = [
        ("POST /nope", chunked, 404),
        ("POST /nope", declared, 404),
        ("DELETE /v1/orders", chunked, 405),
        ("GET /healthz", chunked, 200),
        ("HEAD /healthz", chunked, 200),
        ("POST /v1/orders", chunked, 401),
    ];
    let asked = cases.map(|(start, body, status)| {
        let request = format!("{start} HTTP/1.1\r\nHost: idem\r\nContent-Type: application/json\r\n{body}");
        // It reads until the server closes.
        (start, status, tokio::task::spawn_blocking(move || raw(address, request)))
    });
    for (start, status, answer) in asked {
        let answer = timeout(CLOSED_WITHIN, answer)
            .await
            .expect(start)
            .unwrap()
            .unwrap_or_else(|fault| panic!("{start}: {fault}"));
        assert_eq!(answer.status, status, "{start}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_said_to_be_too_large_is_refused_before_it_comes() {
    let request = "POST /v1/auth/register HTTP/1.1\r\nHost: idem\r\nContent-Type: application/json\r\n\
                   Content-Length: 65537\r\n\r\n{";
    let address = shared().address();
    let asked = tokio::task::spawn_blocking(move || raw(address, request));
    let answer = timeout(CLOSED_WITHIN, asked).await.unwrap().unwrap().unwrap();
    assert_eq!(answer.status, 413, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_is_named_twice_is_refused_and_not_repeated() {
    let client = shared().client();
    let twice = r#"{"username":"a","nested":{"twin":1,"twin":2}}"#;
    let reply = client.post("/v1/auth/register", &json!({})).body("application/json", twice).await;
    reply.refused(400, "malformed-json");
    assert_eq!(reply.json()["detail"], "The body names a member twice in one object.");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_json_is_read() {
    let client = shared().client();
    let post = |kind: &str| {
        client.post("/v1/auth/register", &json!({})).body(kind, Person::new("media").account().to_string())
    };
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application/xml"] {
        post(kind).await.refused(415, "unsupported-media-type");
    }
    for kind in ["application/json; charset=utf-8", "Application/JSON"] {
        post(kind).await.ok(201);
    }
    let untyped = client.request(Method::POST, "/v1/auth/register").await;
    untyped.refused(415, "unsupported-media-type");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_faults_are_named_at_once() {
    let customer = shared().customer().await;
    let body = json!({
        "items": [{"productId": "", "quantity": 0, "price": "9,99"}, {"quantity": 10_000}, {"productId": 1, "quantity": "2"}, 7],
        "note": "x"
    });
    let reply = customer.post_once("/v1/orders", &body).await;
    reply.refused(422, "invalid-request");
    assert_eq!(
        reply.faults(),
        [
            "/items/0/price",
            "/items/0/productId",
            "/items/0/quantity",
            "/items/1/productId",
            "/items/1/quantity",
            "/items/2/productId",
            "/items/2/quantity",
            "/items/3",
            "/note",
        ]
    );
    let empty = shared().client().post("/v1/auth/register", &json!({})).await;
    assert_eq!(
        empty.faults(),
        ["/email", "/password", "/username"],
        "missing members where they should stand"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_has_no_meaning_is_refused() {
    let client = shared().client();
    let mut account = Person::new("extra").account();
    account["role"] = json!("OPERATOR");
    account["a/b~c"] = json!(1);
    assert_eq!(client.post("/v1/auth/register", &account).await.faults(), ["/a~1b~0c", "/role"]);
    let customer = shared().customer().await;
    let mut line = item("sku", 1);
    line["discount"] = json!("100%");
    let reply = customer.post_once("/v1/orders", &json!({"items": [line]})).await;
    assert_eq!(reply.faults(), ["/items/0/discount"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_a_query_are_named_by_parameter() {
    let customer = shared().customer().await;
    for (query, named) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("status=LOST", "status"),
        ("createdAfter=yesterday", "createdAfter"),
        ("createdBefore=2026-11-22", "createdBefore"),
        ("cursor=abc", "cursor"),
        ("sort=amount", "sort"),
    ] {
        let reply = customer.get(&format!("/v1/orders?{query}")).await;
        assert_eq!(reply.faults(), [named], "{query}");
    }
    let several = customer.get("/v1/orders?limit=0&status=LOST&x=1").await;
    assert_eq!(several.faults(), ["limit", "status", "x"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_is_echoed_or_made() {
    let client = shared().client();
    let asked = |id: &str| client.get("/v1/nothing").header("x-request-id", id);
    for id in [unique("request"), "r".repeat(128), "a/b:c;d=\"e\"".to_owned()] {
        let reply = asked(&id).await;
        assert_eq!(reply.header("x-request-id"), Some(id.as_str()));
        assert_eq!(reply.json()["instance"], id);
    }
    for id in ["r".repeat(129), "two words".to_owned(), String::new()] {
        let reply = asked(&id).await;
        let made = reply.header("x-request-id").unwrap();
        assert!(made != id && !made.is_empty(), "{made}");
    }
    let one = client.get("/healthz").await;
    let other = client.get("/healthz").await;
    assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_names_the_request_id() {
    let server = shared();
    let id = unique("logged");
    server.client().get("/v1/products").header("x-request-id", &id).await.ok(200);
    let look = async || server.log().contains(&id).then_some(());
    crate::harness::eventually("a line of the log", crate::harness::PATIENCE, look).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn head_says_what_get_says_without_a_body() {
    let client = shared().customer().await;
    for path in ["/healthz", "/v1/products", "/v1/me", "/v1/orders/none", "/openapi.json"] {
        let get = client.get(path).await;
        let head = client.request(Method::HEAD, path).await;
        assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_a_token_is_answered_with_a_challenge() {
    let client = shared().client();
    for path in ["/v1/me", "/v1/orders", "/v1/orders/none", "/v1/payments/none", "/v1/operations/findings"] {
        let reply = client.get(path).await;
        reply.refused(401, "unauthorized");
        assert!(reply.header("www-authenticate").unwrap().starts_with("Bearer"), "{path}");
    }
    client.post_once("/v1/orders", &json!({"items": []})).await.refused(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn card_data_is_refused_wherever_it_turns_up() {
    let customer = shared().customer().await;
    for (body, at) in [
        (json!({"items": [item("sku", 1)], "note": "4242 4242 4242 4242"}), "/note"),
        (json!({"items": [{"productId": "5555-5555-5555-4444", "quantity": 1}]}), "/items/0/productId"),
        (json!({"items": [item("sku", 1)], "cvc": "123"}), "/cvc"),
        (json!({"items": [item("sku", 1)], "deep": {"list": [4_000_000_000_000_002_u64]}}), "/deep/list/0"),
    ] {
        let reply = customer.post_once("/v1/orders", &body).await;
        reply.refused(422, "card-data-refused");
        assert_eq!(reply.faults(), [at]);
        assert!(!reply.text.contains("4242") && !reply.text.contains("5555"), "{}", reply.text);
    }
}
