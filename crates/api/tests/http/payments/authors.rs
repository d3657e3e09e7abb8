//! Who did what with money: shown to operators only.

use serde_json::{Value, json};

use crate::harness::{Client, field, shared};

async fn id(client: &Client) -> Value {
    client.get("/v1/me").await.ok(200)["id"].clone()
}

async fn by(actor: &str, client: &Client) -> Value {
    json!({"type": actor, "id": id(client).await})
}

/// Type, amount and author of each operation.
fn operations(payment: &Value) -> Vec<Value> {
    let all = payment["operations"].as_array().unwrap();
    all.iter().map(|it| json!([it["type"], it["amount"], it["requestedBy"]])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_names_who_asked_for_it_to_operators() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("9.00", None).await, 1).await;
    let held = customer.pay_by(&order, "tok_visa", "MANUAL").await;
    let captured = operator.operate(&held, "captures", &json!({"amount": "4.00"})).await.ok(200);
    let author = by("OPERATOR", &operator).await;
    let expected = [json!(["CAPTURE", "4.00", author])];
    let list = format!("/v1/orders/{}/payments", field(&order, "orderNumber"));
    for seen in [captured, operator.payment(&held).await, operator.all(&list).await[0].clone()] {
        assert_eq!(operations(&seen), expected);
        assert!(seen["operations"][0]["createdAt"].is_string(), "{seen}");
        assert_eq!(seen["requestedBy"], by("CUSTOMER", &customer).await, "who began it");
    }
    for seen in [held.clone(), customer.payment(&held).await, customer.all(&list).await[0].clone()] {
        assert!(seen.get("operations").is_none() && seen.get("requestedBy").is_none(), "{seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_void_names_who_asked_for_it_or_who_cancelled_the_order() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("9.00", None).await;
    let order = customer.order(&product, 1).await;
    let held = customer.pay_by(&order, "tok_visa", "MANUAL").await;
    let voided = operator.operate(&held, "voids", &json!({})).await.ok(200);
    assert_eq!(operations(&voided), [json!(["VOID", "9.00", by("OPERATOR", &operator).await])]);
    let order = customer.order(&product, 1).await;
    let held = customer.pay_by(&order, "tok_visa", "MANUAL").await;
    customer.moved(&order, "CANCELLED").await;
    let voided = operator.payment_becomes(&held, "VOIDED").await;
    assert_eq!(operations(&voided), [json!(["VOID", "9.00", by("CUSTOMER", &customer).await])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_who_pays_for_a_customer_is_named() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("9.00", None).await, 1).await;
    let paid = operator.pay(&order, "tok_visa").await;
    assert_eq!(paid["requestedBy"], by("OPERATOR", &operator).await);
    assert_eq!(paid["operations"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_names_who_was_done_with_it() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("9.00", None).await, 1).await;
    let held = customer.pay_by(&order, "tok_visa", "MANUAL").await;
    operator.operate(&held, "captures", &json!({"amount": "4.00"})).await.ok(200);
    let open = operator.findings(&held).await.remove(0);
    assert_eq!((&open["kind"], &open["resolvedBy"]), (&json!("partial-capture"), &json!(null)));
    let path = format!("/v1/operations/findings/{}/resolution", field(&open, "id"));
    let closed = operator.post(&path, &json!({"note": "Sent a part."})).await.ok(200);
    let author = by("OPERATOR", &operator).await;
    for seen in [&closed, &operator.findings(&held).await[0]] {
        assert_eq!((&seen["note"], &seen["resolvedBy"]), (&json!("Sent a part."), &author));
    }
}
