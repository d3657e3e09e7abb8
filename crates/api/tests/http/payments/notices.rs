//! What a gateway reported about a payment, and the findings of an order.

use serde_json::{Value, json};

use crate::harness::{PATIENCE, eventually, field, shared};

#[tokio::test(flavor = "multi_thread")]
async fn notices_are_listed_with_what_became_of_them() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("10.00", None).await;
    let payment = customer.pay(&customer.order(&product, 1).await, "tok_dispute").await;
    operator.payment_becomes(&payment, "DISPUTED").await;
    let list = format!("/v1/payments/{}/notices", field(&payment, "transactionId"));
    let notices = eventually("the dispute is among the notices", PATIENCE, async || {
        let notices = operator.all(&list).await;
        notices.iter().any(|it| it["type"] == "payment.disputed").then_some(notices)
    })
    .await;
    let disputed = notices.iter().find(|it| it["type"] == "payment.disputed").unwrap();
    assert_eq!((&disputed["gateway"], &disputed["disposition"]), (&json!("sandbox"), &json!("APPLIED")));
    let ids: std::collections::BTreeSet<_> = notices.iter().map(|it| field(it, "eventId")).collect();
    assert_eq!(ids.len(), notices.len(), "each once: {notices:#?}");
    let first = operator.get(&format!("{list}?limit=1")).await.ok(200);
    assert_eq!(first["data"], json!([notices[0]]));
    customer.get(&list).await.refused(403, "forbidden");
    operator.get("/v1/payments/no-such-payment/notices").await.refused(404, "not-found");
    operator.get(&format!("{list}?cursor=mine")).await.refused(422, "invalid-request");
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_are_listed_by_order() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("10.00", None).await;
    let [ours, other] = [customer.order(&product, 1).await, customer.order(&product, 1).await];
    for order in [&ours, &other] {
        let payment = customer.pay(order, "tok_dispute").await;
        operator.payment_becomes(&payment, "DISPUTED").await;
    }
    let list = format!("/v1/operations/findings?orderNumber={}", field(&ours, "orderNumber"));
    let findings = operator.all(&list).await;
    let about: Vec<&Value> = findings.iter().map(|it| &it["orderNumber"]).collect();
    assert_eq!(about, [&ours["orderNumber"]]);
    let resolution = format!("/v1/operations/findings/{}/resolution", field(&findings[0], "id"));
    operator.post_once(&resolution, &json!({"note": "answered"})).await.ok(200);
    assert!(operator.all(&format!("{list}&resolved=false")).await.is_empty());
    assert_eq!(operator.all(&format!("{list}&resolved=true")).await.len(), 1);
    operator.get("/v1/operations/findings?orderNumber=").await.refused(422, "invalid-request");
}
