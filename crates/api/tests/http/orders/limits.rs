//! How much one customer may take.

use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::{Client, Reply, Server, field, gateway, item};

/// How many orders are placed at the same moment.
const RUSH: usize = 24;

/// Refused for having done too much, with what a client needs to know.
fn is_limited(reply: &Reply, limit: &str, what: &str) {
    let problem = reply.refused(429, "too-many-requests");
    assert!(field(&problem, "detail").starts_with(&format!("Too many {what}")), "{problem}");
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
    is_limited(&place(&customer, &product, "c").await, "2", "unpaid orders");
    assert!(place(&customer, &product, "b").await.is_replayed(), "which is not a new one");
    assert_eq!(operator.stock(&product).await, 8);
    place(&other, &product, "a").await.ok(201);
    customer.pay(&first, "tok_visa").await;
    let again = place(&customer, &product, "c").await;
    again.ok(201);
    assert!(!again.is_replayed(), "the refusal is not kept under the key");
    is_limited(&place(&customer, &product, "d").await, "2", "unpaid orders");
}

/// Also those that are placed at the same moment, on two instances, under keys of their own.
#[tokio::test(flavor = "multi_thread")]
async fn no_rush_gets_a_customer_more_unpaid_orders_or_pieces() {
    let settings = [("IDEM_OPEN_ORDERS_PER_USER", "7"), ("IDEM_OPEN_PIECES_PER_USER", "20")];
    let server = Server::with(&settings);
    let second = server.beside(&settings);
    let operator = server.operator().await;
    let products = [operator.product("2.00", Some(1_000)).await, operator.product("2.00", Some(1_000)).await];
    for (product, pieces, expected) in [(&products[0], 1, 7), (&products[1], 6, 3)] {
        let customer = server.customer().await;
        let body = json!({"items": [item(product, pieces)]});
        let mut rush = JoinSet::new();
        for (key, server) in [&server, &second].into_iter().cycle().take(RUSH).enumerate() {
            let customer = customer.at(server.address());
            rush.spawn(customer.post("/v1/orders", &body).idempotent(&format!("rush-{key}")).patiently());
        }
        let replies = rush.join_all().await;
        let (placed, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|it| it.status == 201);
        refused.iter().for_each(|it| drop(it.refused(429, "too-many-requests")));
        assert_eq!(placed.len(), expected);
        let held = i64::try_from(expected).unwrap() * i64::from(pieces);
        assert_eq!(operator.stock(product).await, 1_000 - held);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_holds_only_so_many_pieces_of_a_product_unpaid() {
    let server = Server::with(&[("IDEM_OPEN_PIECES_PER_USER", "10000")]);
    let operator = server.operator().await;
    let (customer, other) = (server.customer().await, server.customer().await);
    let product = operator.product("2.00", Some(50_000)).await;
    let ask = async |customer: &Client, key: &str, pieces: u32| {
        customer.post("/v1/orders", &json!({"items": [item(&product, pieces)]})).idempotent(key).await
    };
    let first = ask(&customer, "a", 9_999).await.ok(201);
    is_limited(&ask(&customer, "b", 2).await, "10000", "pieces of one product");
    ask(&customer, "c", 1).await.ok(201);
    ask(&other, "a", 9_999).await.ok(201);
    customer.pay(&first, "tok_visa").await;
    ask(&customer, "b", 2).await.ok(201);
    let untracked = operator.product("2.00", None).await;
    for key in ["d", "e"] {
        let body = json!({"items": [item(&untracked, 9_999)]});
        customer.post("/v1/orders", &body).idempotent(key).await.ok(201);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_more_pieces_than_may_ever_be_held_is_invalid() {
    let server = Server::with(&[("IDEM_OPEN_PIECES_PER_USER", "5")]);
    let operator = server.operator().await;
    let (customer, product) = (server.customer().await, operator.product("2.00", Some(100)).await);
    let body = json!({"items": [item(&product, 3), item(&product, 3)]});
    let reply = customer.post("/v1/orders", &body).idempotent("a").await;
    reply.refused(422, "invalid-request");
    assert_eq!(reply.faults(), ["/items/0/quantity", "/items/1/quantity"]);
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
    is_limited(&place(&customer, &product, "d").await, "3", "orders of this user within");
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
    is_limited(&attempt(&customer, &one, "tok_visa").await, "2", "declined payments of this order");
    assert_eq!(attempt(&customer, &two, "tok_declined").await.ok(201)["status"], "FAILED");
    is_limited(&attempt(&customer, &two, "tok_visa").await, "3", "declined payments of this user");
    let order = other.order(&product, 1).await;
    assert_eq!(attempt(&other, &order, "tok_visa").await.ok(201)["status"], "CAPTURED");
}
