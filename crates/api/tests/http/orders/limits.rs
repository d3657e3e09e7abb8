//! How much one customer may take.

use serde_json::json;

use crate::harness::{Client, Reply, Server, field, gateway, item};

/// Refused for having done too much, with what a client needs to know.
fn is_limited(reply: &Reply, limit: &str) {
    reply.refused(429, "too-many-requests");
    assert_eq!(reply.header("ratelimit-limit"), Some(limit));
    assert!(reply.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    assert!(reply.header("ratelimit").is_some() && reply.header("ratelimit-policy").is_some());
}

async fn place(customer: &Client, product: &str, key: &str) -> Reply {
    customer.post("/v1/orders", &json!({"items": [item(product, 1)]})).idempotent(key).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_has_only_so_many_unpaid_orders() {
    let server = Server::with(&[("IDEM_OPEN_ORDERS_PER_USER", "2")]);
    let operator = server.operator().await;
    let (customer, other) = (server.customer().await, server.customer().await);
    let product = operator.product("2.00", Some(10)).await;
    let first = place(&customer, &product, "a").await.ok(201);
    place(&customer, &product, "b").await.ok(201);
    is_limited(&place(&customer, &product, "c").await, "2");
    assert!(place(&customer, &product, "b").await.is_replayed(), "which is not a new one");
    assert_eq!(operator.stock(&product).await, 8);
    place(&other, &product, "a").await.ok(201);
    customer.pay(&first, "tok_visa").await;
    let again = place(&customer, &product, "c").await;
    again.ok(201);
    assert!(!again.is_replayed(), "the refusal is not kept under the key");
    is_limited(&place(&customer, &product, "d").await, "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_places_only_so_many_orders_within_a_minute() {
    let server = Server::with(&[("IDEM_ORDERS_PER_MINUTE", "3")]);
    let operator = server.operator().await;
    let (customer, other) = (server.customer().await, server.customer().await);
    let product = operator.product("2.00", Some(10)).await;
    for key in ["a", "b", "c"] {
        place(&customer, &product, key).await.ok(201);
        assert!(place(&customer, &product, key).await.is_replayed(), "which does not count");
    }
    is_limited(&place(&customer, &product, "d").await, "3");
    place(&other, &product, "a").await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_are_not_tried_out() {
    let server = Server::with(&[("IDEM_DECLINES_PER_ORDER", "2"), ("IDEM_DECLINES_PER_USER", "3")]);
    let operator = server.operator().await;
    let (customer, other) = (server.customer().await, server.customer().await);
    let product = operator.product("2.00", None).await;
    let attempt = async |customer: &Client, order: &serde_json::Value, token: &str| {
        let path = format!("/v1/orders/{}/payments", field(order, "orderNumber"));
        customer.post_once(&path, &gateway(token, "AUTOMATIC")).await
    };
    let (one, two) = (customer.order(&product, 1).await, customer.order(&product, 1).await);
    for _ in 0..2 {
        assert_eq!(attempt(&customer, &one, "tok_declined").await.ok(201)["status"], "FAILED");
    }
    is_limited(&attempt(&customer, &one, "tok_visa").await, "2");
    assert_eq!(attempt(&customer, &two, "tok_declined").await.ok(201)["status"], "FAILED");
    is_limited(&attempt(&customer, &two, "tok_visa").await, "3");
    let order = other.order(&product, 1).await;
    assert_eq!(attempt(&other, &order, "tok_visa").await.ok(201)["status"], "CAPTURED");
}
