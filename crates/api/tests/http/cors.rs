//! Pages of other origins that call the service from a browser.

use reqwest::Method;

use crate::harness::{Client, Reply, Server};

const SHOP: &str = "https://shop.example";

async fn preflight(client: &Client, path: &str, origin: &str) -> Reply {
    client
        .request(Method::OPTIONS, path)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,idempotency-key")
        .await
}

fn allowed(reply: &Reply) -> Option<&str> {
    reply.header("access-control-allow-origin")
}

fn has_word(reply: &Reply, name: &str, word: &str) -> bool {
    reply.headers.get_all(name).iter().any(|it| it.to_str().unwrap().split(", ").any(|it| it == word))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_listed_origin_may_send_and_read_what_the_contract_needs() {
    let server = Server::with(&[("IDEM_CORS_ORIGINS", "https://shop.example, http://localhost:5173")]);
    let client = server.client();
    for origin in [SHOP, "http://localhost:5173"] {
        let reply = preflight(&client, "/v1/orders", origin).await;
        assert_eq!((reply.status, reply.text.as_str(), allowed(&reply)), (204, "", Some(origin)));
        for header in ["authorization", "content-type", "idempotency-key", "if-match"] {
            assert!(has_word(&reply, "access-control-allow-headers", header), "{header}");
        }
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            assert!(has_word(&reply, "access-control-allow-methods", method), "{method}");
        }
        assert_eq!(reply.header("access-control-max-age"), Some("7200"));
        assert_eq!(reply.header("access-control-allow-credentials"), None);
        assert!(has_word(&reply, "vary", "origin"));
    }
    // A success, an error of a handler, and an error before any handler.
    for (path, status) in [("/v1/products", 200), ("/v1/orders", 401), ("/v1/nothing", 404)] {
        let reply = client.get(path).header("origin", SHOP).await;
        assert_eq!((reply.status, allowed(&reply)), (status, Some(SHOP)), "{path}");
        for header in ["etag", "location", "retry-after", "ratelimit", "idempotent-replayed", "x-request-id"]
        {
            assert!(has_word(&reply, "access-control-expose-headers", header), "{header}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_learns_nothing() {
    let server = Server::with(&[("IDEM_CORS_ORIGINS", SHOP)]);
    let client = server.client();
    for origin in ["https://evil.example", "https://shop.example.evil.example", "http://shop.example", "null"]
    {
        let reply = preflight(&client, "/v1/orders", origin).await;
        reply.refused(405, "method-not-allowed");
        assert_eq!(allowed(&reply), None, "{origin}");
        let reply = client.get("/v1/products").header("origin", origin).await;
        assert_eq!((reply.status, allowed(&reply)), (200, None), "{origin}");
        assert!(has_word(&reply, "vary", "origin"), "a cache must not give it to the shop");
    }
    let reply = client.get("/v1/products").await;
    assert!(has_word(&reply, "vary", "origin") && allowed(&reply).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn all_origins_may_be_allowed_and_none_is_unasked() {
    let server = Server::with(&[("IDEM_CORS_ORIGINS", "*")]);
    let client = server.client();
    let reply = preflight(&client, "/v1/orders", "https://any.example").await;
    assert_eq!((reply.status, allowed(&reply)), (204, Some("*")));
    assert_eq!(allowed(&client.get("/v1/products").await), Some("*"));
    let closed = Server::with(&[]);
    let client = closed.client();
    preflight(&client, "/v1/orders", SHOP).await.refused(405, "method-not-allowed");
    let reply = client.get("/v1/products").header("origin", SHOP).await;
    assert!(reply.headers.keys().all(|it| !it.as_str().starts_with("access-control")), "{:?}", reply.headers);
    assert_eq!(reply.header("vary"), None);
}
