//! Looking at an order.

use serde_json::json;

use crate::harness::{Client, PASSWORD, Reply, field, gateway, shared, unique};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_sent_only_when_it_has_changed() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("1.00", None).await, 1).await;
    let path = format!("/v1/orders/{}", field(&order, "orderNumber"));
    let get = |tag: &str| customer.get(&path).header("if-none-match", tag);
    for tag in ["\"1\"", "W/\"1\"", "\"7\", \"1\"", "*"] {
        let reply = get(tag).await;
        assert_eq!(
            (reply.status, reply.text.as_str(), reply.header("etag")),
            (304, "", Some("\"1\"")),
            "{tag}"
        );
    }
    customer.moved(&order, "CANCELLED").await;
    let reply = get("\"1\"").await;
    assert_eq!(reply.ok(200)["version"], 2);
    assert_eq!(reply.header("etag"), Some("\"2\""));
}

/// The operator's view has the customer's name and address.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_gets_an_order_again_when_its_customer_has_changed() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("1.00", None).await, 1).await;
    let path = format!("/v1/orders/{}", field(&order, "orderNumber"));
    let get = || operator.get(&path).header("if-none-match", "\"1\"");
    assert_eq!(get().await.status, 304);
    let email = format!("{}@example.com", unique("moved"));
    let change = json!({"email": email, "currentPassword": PASSWORD});
    customer.put("/v1/me/email", &change).await.ok(200);
    let reply = get().await;
    assert_eq!((&reply.ok(200)["customer"]["email"], reply.header("etag")), (&json!(email), Some("\"1\"")));
}

/// Everything that can be asked about an order and its payment.
async fn asked(client: &Client, number: &str, transaction: &str) -> Vec<Reply> {
    let order = format!("/v1/orders/{number}");
    vec![
        client.get(&order).await,
        client.get(&format!("{order}/history")).await,
        client.get(&format!("{order}/payments")).await,
        client.post(&format!("{order}/transitions"), &json!({"to": "CANCELLED"})).await,
        client.post_once(&format!("{order}/payments"), &gateway("tok_visa", "AUTOMATIC")).await,
        client.get(&format!("/v1/payments/{transaction}")).await,
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_another_user_is_like_one_that_does_not_exist() {
    let (operator, owner) = (shared().operator().await, shared().customer().await);
    let order = owner.order(&operator.product("1.00", None).await, 1).await;
    let paid = owner.pay_by(&order, "tok_visa", "MANUAL").await;
    let stranger = shared().customer().await;
    let others = asked(&stranger, field(&order, "orderNumber"), field(&paid, "transactionId")).await;
    let missing = asked(&stranger, "aaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaa").await;
    for (others, missing) in others.iter().zip(&missing) {
        others.refused(404, "not-found");
        assert_eq!(others.anonymous(), missing.anonymous(), "{}", others.asked);
    }
    assert_eq!(owner.reread(&order).await["status"], "PENDING");
    assert!(stranger.all("/v1/orders").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_reader_gets_an_older_version_than_was_answered() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("1.00", None).await;
    for _ in 0..10 {
        let order = customer.order(&product, 1).await;
        assert_eq!(customer.reread(&order).await["version"], 1);
        customer.pay(&order, "tok_visa").await;
        let paid = customer.reread(&order).await;
        assert_eq!((&paid["status"], &paid["version"]), (&json!("PAID"), &json!(2)));
        assert_eq!(paid["expiresAt"], json!(null), "it does not expire any more");
        let moved = operator.moved(&order, "PROCESSING").await;
        assert_eq!(customer.reread(&order).await["version"], moved["version"]);
    }
}
