//! Payments, refunds, stock and findings, with the key as the author.

use serde_json::json;

use super::{
    super::feed::{end_of, read_from},
    author, service,
};
use crate::harness::{field, gateway, shared};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_key_asks_of_payments_is_shown_with_the_key() {
    let server = shared();
    let (operator, customer) = (server.operator().await, server.customer().await);
    let (payments, payments_id) = service(&operator, &["payments:write"]).await;
    let (refunds, refunds_id) = service(&operator, &["refunds:write"]).await;
    let product = operator.product("5.00", None).await;
    let order = customer.order(&product, 1).await;
    let path = format!("/v1/orders/{}/payments", field(&order, "orderNumber"));
    let paid = payments.post_once(&path, &gateway("tok_visa", "MANUAL")).patiently().await.ok(201);
    assert_eq!(paid["requestedBy"], author(&payments_id));
    payments.operate(&paid, "captures", &json!({})).patiently().await.ok(200);
    let seen = operator.payment_becomes(&paid, "CAPTURED").await;
    assert_eq!(seen["operations"][0]["requestedBy"], author(&payments_id));
    payments.operate(&paid, "refunds", &json!({})).await.refused(403, "insufficient-scope");
    let before = end_of(&operator).await;
    let refund = refunds.operate(&paid, "refunds", &json!({"amount": "1.00"})).patiently().await.ok(201);
    assert_eq!(refund["requestedBy"], author(&refunds_id));
    let in_feed = async || {
        let events = read_from(&operator, before).await.0;
        events.into_iter().find(|it| it["data"]["refundId"] == refund["refundId"])
    };
    let event = crate::harness::eventually("it is in the feed", crate::harness::PATIENCE, in_feed).await;
    assert_eq!(event["data"]["requestedBy"], author(&refunds_id));
    let of_payment = format!("/v1/payments/{}/refunds", field(&paid, "transactionId"));
    for list in [of_payment.as_str(), "/v1/refunds"] {
        let all = refunds.all(list).await;
        let shown = all.iter().find(|it| it["refundId"] == refund["refundId"]).unwrap();
        assert_eq!(shown["requestedBy"], author(&refunds_id), "{list}");
    }
    let all = payments.all("/v1/payments").await;
    let shown = all.iter().find(|it| it["transactionId"] == paid["transactionId"]).unwrap();
    assert_eq!(shown["requestedBy"], author(&payments_id));
    assert_eq!(refunds.payment(&paid).await["operations"], seen["operations"]);
    refunds.post_once(&path, &gateway("tok_visa", "MANUAL")).await.refused(403, "insufficient-scope");
    let own = customer.payment(&paid).await;
    assert!(own.get("requestedBy").is_none() && own.get("operations").is_none(), "not for customers: {own}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_key_changes_of_a_product_is_shown_with_the_key() {
    let operator = shared().operator().await;
    let (keeper, id) = service(&operator, &["products:write"]).await;
    let product = keeper.product("5.00", Some(3)).await;
    let adjusted = keeper.adjust(&product, -1).patiently().await.ok(201);
    assert_eq!(adjusted["createdBy"], author(&id));
    keeper.patch(&format!("/v1/products/{product}"), &json!({"price": "6.00"})).await.ok(200);
    let changes = operator.all(&format!("/v1/products/{product}/changes")).await;
    assert_eq!(changes.len(), 3);
    assert!(changes.iter().all(|it| it["createdBy"] == author(&id)), "{changes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_that_a_key_resolves_is_shown_with_the_key() {
    let server = shared();
    let (operator, customer) = (server.operator().await, server.customer().await);
    let (payments, id) = service(&operator, &["payments:write"]).await;
    let product = operator.product("5.00", None).await;
    let order = customer.order(&product, 1).await;
    let paid = customer.pay_by(&order, "tok_visa", "MANUAL").await;
    operator.operate(&paid, "captures", &json!({"amount": "1.00"})).patiently().await.ok(200);
    let look = async || {
        let open = payments.all("/v1/operations/findings?resolved=false").await;
        open.into_iter().find(|it| it["transactionId"] == paid["transactionId"])
    };
    let finding = crate::harness::eventually("there is a finding", crate::harness::PATIENCE, look).await;
    let path = format!("/v1/operations/findings/{}/resolution", field(&finding, "id"));
    let resolved = payments.post(&path, &json!({"note": "Seen."})).await.ok(200);
    assert_eq!(resolved["resolvedBy"], author(&id));
    let all = operator.all("/v1/operations/findings?resolved=true").await;
    let shown = all.iter().find(|it| it["id"] == finding["id"]).unwrap();
    assert_eq!(shown["resolvedBy"], author(&id));
}
