//! Orders that a system places for customers, and moves.

use serde_json::{Value, json};

use super::{author, service};
use crate::harness::{Client, Person, field, item, shared, unique};

fn order_for(customer: &Value, product: &str) -> Value {
    json!({"items": [item(product, 1)], "customerId": customer, "reference": "PO-1"})
}

async fn id_of(client: &Client) -> Value {
    client.get("/v1/me").await.ok(200)["id"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_orders_for_a_customer_who_owns_the_order() {
    let server = shared();
    let (operator, customer) = (server.operator().await, server.customer().await);
    let (shop, id) = service(&operator, &["orders:write"]).await;
    let product = operator.product("5.00", Some(3)).await;
    let customer_id = id_of(&customer).await;
    let order = shop.post_once("/v1/orders", &order_for(&customer_id, &product)).patiently().await.ok(201);
    assert_eq!(order["customer"]["id"], customer_id);
    assert_eq!(order["allowedTransitions"], json!(["CANCELLED"]));
    let own = customer.reread(&order).await;
    assert_eq!(
        (&own["amount"], &own["customer"], &own["reference"]),
        (&json!("5.00"), &Value::Null, &json!("PO-1"))
    );
    assert_eq!(customer.history(&order).await[0]["changedBy"], author(&id));
    assert_eq!(operator.stock(&product).await, 2);
    let counted = operator.get(&format!("/v1/users/{}", customer_id.as_str().unwrap())).await.ok(200);
    assert_eq!(counted["orderCount"], 1);
    let listed = shop.all(&format!("/v1/orders?userId={}", customer_id.as_str().unwrap())).await;
    assert_eq!(listed.len(), 1, "a key sees all orders, by customer too");
    assert_eq!(listed[0]["customer"]["id"], customer_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_customer_is_named_by_keys_only() {
    let server = shared();
    let (operator, customer) = (server.operator().await, server.customer().await);
    let (shop, _) = service(&operator, &["orders:write"]).await;
    let product = operator.product("5.00", None).await;
    let own = id_of(&customer).await;
    for client in [&customer, &operator] {
        let refused = client.post_once("/v1/orders", &order_for(&own, &product)).await;
        assert_eq!(refused.faults(), ["/customerId"]);
    }
    let items = json!([item(&product, 1)]);
    for (body, faults) in [
        (json!({"items": items}), &["/customerId"][..]),
        (json!({"items": items, "customerId": null}), &["/customerId"]),
        (json!({"items": [], "customerId": 7}), &["/customerId", "/items"]),
        (json!({"items": items, "customerId": unique("unknown-customer")}), &["/customerId"]),
    ] {
        assert_eq!(shop.post_once("/v1/orders", &body).await.faults(), faults, "{body}");
    }
    let person = Person::new("closed");
    let closed = person.register(&server.client()).await;
    let closed_id = id_of(&closed).await;
    operator
        .patch(&format!("/v1/users/{}", closed_id.as_str().unwrap()), &json!({"disabled": true}))
        .await
        .ok(200);
    let refused = shop.post_once("/v1/orders", &order_for(&closed_id, &product)).await;
    assert_eq!(refused.faults(), ["/customerId"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_of_a_key_is_its_own_and_not_that_of_another_key_or_a_user() {
    let server = shared();
    let (operator, customer) = (server.operator().await, server.customer().await);
    let (one, _) = service(&operator, &["orders:write"]).await;
    let (other, _) = service(&operator, &["orders:write"]).await;
    let product = operator.product("5.00", Some(9)).await;
    let (body, key) = (order_for(&id_of(&customer).await, &product), unique("key"));
    let place = async |client: &Client| client.post("/v1/orders", &body).idempotent(&key).await;
    let first = place(&one).await;
    let again = place(&one).await;
    assert_eq!((first.ok(201), first.is_replayed(), again.is_replayed()), (again.ok(201), false, true));
    assert_eq!(first.text, again.text);
    assert_ne!(place(&other).await.ok(201)["orderNumber"], first.json()["orderNumber"]);
    let own =
        customer.post("/v1/orders", &json!({"items": [item(&product, 1)]})).idempotent(&key).await.ok(201);
    assert_ne!(own["orderNumber"], first.json()["orderNumber"]);
    assert_eq!(operator.stock(&product).await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_moves_orders_as_an_operator_does_and_the_history_names_it() {
    let server = shared();
    let (operator, customer) = (server.operator().await, server.customer().await);
    let (shop, id) = service(&operator, &["orders:write"]).await;
    let product = operator.product("5.00", None).await;
    let order = customer.order(&product, 1).await;
    customer.pay(&order, "tok_visa").await;
    shop.order_becomes(&order, "PAID").await;
    for to in ["PROCESSING", "SHIPPED", "DELIVERED"] {
        shop.moved(&order, to).await;
    }
    let path = format!("/v1/orders/{}", field(&order, "orderNumber"));
    shop.patch(&path, &json!({"tracking": {"carrier": "SF", "number": "SF1", "url": null}})).await.ok(200);
    let moves = shop.history(&order).await;
    let by: Vec<_> = moves.iter().filter(|it| it["changedBy"]["type"] == "SERVICE").collect();
    assert_eq!(by.len(), 3);
    assert!(by.iter().all(|it| it["changedBy"] == author(&id)), "{moves:?}");
    let paid = json!({"to": "PAID"});
    let refused =
        shop.post(&format!("{path}/transitions"), &paid).await.refused(409, "transition-not-allowed");
    assert_eq!(refused["allowedTransitions"], json!(["COMPLETED", "REFUND_PENDING"]));
}
