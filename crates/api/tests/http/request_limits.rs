//! General limits on requests: of each user, each API key and each network.

use super::api_keys::service;
use crate::harness::{Client, Reply, Server, field};

const LIMITED: &[(&str, &str)] = &[
    ("IDEM_REQUESTS_PER_MINUTE_PER_USER", "40"),
    ("IDEM_REQUESTS_PER_MINUTE_PER_KEY", "5"),
    ("IDEM_REQUESTS_PER_MINUTE_PER_NETWORK", "7"),
    ("IDEM_TRUSTED_PROXIES", "127.0.0.1"),
];

/// A number that a field of the answer gives to a parameter of its first policy.
fn parameter(reply: &Reply, field: &str, name: &str) -> u64 {
    let value = reply.header(field).unwrap();
    let found = value.split(';').find_map(|it| it.strip_prefix(name)?.strip_prefix('='));
    found.unwrap_or_else(|| panic!("{name} in {value}")).parse().unwrap()
}

/// Sends reads until one is refused, and returns how many were let through before, and the refusal.
async fn use_up(client: &Client, path: &str, forwarded_for: Option<&str>) -> (usize, Reply) {
    for sent in 0..100 {
        let request = client.get(path);
        let reply = match forwarded_for {
            Some(it) => request.header("x-forwarded-for", it).await,
            None => request.await,
        };
        if reply.status == 429 {
            return (sent, reply);
        }
        reply.ok(200);
    }
    panic!("nothing is refused");
}

fn is_refused(reply: &Reply, policy: &str, quota: u64) {
    let problem = reply.refused(429, "too-many-requests");
    assert!(field(&problem, "detail").starts_with("Too many requests"), "{problem}");
    assert_eq!(reply.header("ratelimit-policy"), Some(format!("\"{policy}\";q={quota};w=60").as_str()));
    let resets = parameter(reply, "ratelimit", "t");
    assert!(reply.header("ratelimit").unwrap().starts_with(&format!("\"{policy}\";r=0;t=")));
    assert!((1..=60).contains(&resets));
    assert_eq!(reply.header("retry-after"), Some(resets.to_string().as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_sees_what_is_left_of_its_quota_and_is_refused_without_any() {
    let server = Server::with(LIMITED);
    let (customer, other) = (server.customer().await, server.customer().await);
    let first = customer.get("/v1/me").await;
    first.ok(200);
    assert_eq!(first.header("ratelimit-policy"), Some("\"user\";q=40;w=60"));
    let left = parameter(&first, "ratelimit", "r");
    let second = customer.get("/v1/orders").await;
    second.ok(200);
    assert_eq!(parameter(&second, "ratelimit", "r"), left - 1, "of all routes together");
    let (sent, refused) = use_up(&customer, "/v1/me", None).await;
    assert_eq!(u64::try_from(sent).unwrap(), left - 1);
    is_refused(&refused, "user", 40);
    other.get("/v1/me").await.ok(200);
    let public = server.client().get("/v1/products").await;
    public.ok(200);
    assert_eq!(public.header("ratelimit"), None, "no quota counts it");
    let metrics = server.client().get("/metrics").await.text;
    assert!(metrics.contains("idem_rate_limited_total{policy=\"user\"} 1\n"), "{metrics}");
    is_refused(&customer.get("/v1/products").await, "user", 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_has_a_quota_of_its_own() {
    let server = Server::with(LIMITED);
    let operator = server.operator().await;
    let (one, _) = service(&operator, &["orders:read"]).await;
    let (other, _) = service(&operator, &["orders:read"]).await;
    let (sent, refused) = use_up(&one, "/v1/orders", None).await;
    assert_eq!(sent, 5);
    is_refused(&refused, "key", 5);
    other.get("/v1/orders").await.ok(200);
    operator.get("/v1/orders").await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_has_a_quota_and_probes_gateways_and_this_machine_have_none() {
    let server = Server::with(LIMITED);
    let client = server.client();
    let (sent, refused) = use_up(&client, "/v1/products", Some("203.0.113.7")).await;
    assert_eq!(sent, 7);
    is_refused(&refused, "network", 7);
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(client.get(path).header("x-forwarded-for", "203.0.113.7").await.status, 200);
    }
    let notice = client.post("/v1/callbacks/sandbox", &serde_json::json!({}));
    notice.header("x-forwarded-for", "203.0.113.7").await.refused(401, "invalid-signature");
    let unknown = client.get("/v1/nothing").header("x-forwarded-for", "203.0.113.7").await;
    assert_eq!(unknown.status, 429, "paths are not guessed either");
    client.get("/v1/products").header("x-forwarded-for", "203.0.113.8").await.ok(200);
    for _ in 0..10 {
        client.get("/v1/products").await.ok(200);
        client.get("/v1/products").header("x-forwarded-for", "127.0.0.1").await.ok(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_of_zero_is_none() {
    let server = Server::with(&[
        ("IDEM_REQUESTS_PER_MINUTE_PER_USER", "0"),
        ("IDEM_REQUESTS_PER_MINUTE_PER_NETWORK", "0"),
        ("IDEM_TRUSTED_PROXIES", "127.0.0.1"),
    ]);
    let customer = server.customer().await;
    for _ in 0..20 {
        let reply = customer.get("/v1/me").header("x-forwarded-for", "203.0.113.7").await;
        reply.ok(200);
        assert_eq!((reply.header("ratelimit"), reply.header("ratelimit-policy")), (None, None));
    }
}
