//! Giving money back.

use serde_json::{Value, json};

use crate::harness::{Client, field, shared};

async fn paid(customer: &Client, product: &str) -> (Value, Value) {
    let order = customer.order(product, 1).await;
    let paid = customer.pay(&order, "tok_visa").await;
    (order, paid)
}

async fn path(customer: &Client, order: &Value) -> Vec<String> {
    customer.path(order).await.into_iter().map(|(to, by)| format!("{to} by {by}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_is_what_the_contract_shows() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let (order, payment) = paid(&customer, &operator.product("9.00", Some(5)).await).await;
    let body = json!({"amount": "2.5", "reason": "one cup was broken"});
    let refund = operator.operate(&payment, "refunds", &body).await.ok(201);
    for (name, value) in [
        ("transactionId", payment["transactionId"].clone()),
        ("amount", json!("2.50")),
        ("currency", json!("CNY")),
        ("status", json!("SUCCEEDED")),
        ("reason", json!("one cup was broken")),
        ("requestedBy", json!({"type": "OPERATOR", "id": operator.get("/v1/me").await.ok(200)["id"]})),
    ] {
        assert_eq!(refund[name], value, "{name}");
    }
    assert!(field(&refund, "refundId").len() >= 20 && field(&refund, "createdAt").len() == 24);
    let list = operator.all(&format!("/v1/payments/{}/refunds", field(&payment, "transactionId"))).await;
    assert_eq!(list, [refund]);
    let after = customer.payment(&payment).await;
    assert_eq!((&after["status"], &after["refundedAmount"]), (&json!("CAPTURED"), &json!("2.50")));
    assert_eq!(customer.reread(&order).await["status"], "PAID", "a part leaves the order where it is");
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_add_up_to_all_and_never_to_more() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("9.00", Some(5)).await;
    let (order, payment) = paid(&customer, &product).await;
    let refund = async |body: Value| operator.operate(&payment, "refunds", &body).await;
    for amount in ["4.00", "3.00"] {
        refund(json!({"amount": amount})).await.ok(201);
    }
    refund(json!({"amount": "2.01"})).await.refused(409, "refund-exceeds-captured");
    assert_eq!(operator.stock(&product).await, 4);
    assert_eq!(refund(json!({})).await.ok(201)["amount"], "2.00", "all that is left");
    refund(json!({"amount": "0.01"})).await.refused(409, "payment-not-refundable");
    let after = customer.payment(&payment).await;
    assert_eq!((&after["status"], &after["refundedAmount"]), (&json!("REFUNDED"), &json!("9.00")));
    assert_eq!(
        path(&customer, &order).await,
        ["PENDING by CUSTOMER", "PAID by GATEWAY", "REFUND_PENDING by OPERATOR", "REFUNDED by GATEWAY",]
    );
    assert_eq!(operator.stock(&product).await, 5, "before shipping the stock comes back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_asks_and_an_operator_pays_back() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let (order, payment) = paid(&customer, &operator.product("9.00", None).await).await;
    customer.moved(&order, "REFUND_PENDING").await;
    assert_eq!(customer.payment(&payment).await["refundedAmount"], "0.00", "no money moves yet");
    operator.operate(&payment, "refunds", &json!({"amount": "9.00"})).await.ok(201);
    assert_eq!(path(&customer, &order).await[2..], ["REFUND_PENDING by CUSTOMER", "REFUNDED by GATEWAY"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_that_were_sent_do_not_come_back_to_the_stock() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("9.00", Some(5)).await;
    let (order, payment) = paid(&customer, &product).await;
    for to in ["PROCESSING", "SHIPPED", "DELIVERED"] {
        operator.moved(&order, to).await;
    }
    operator.operate(&payment, "refunds", &json!({})).await.ok(201);
    assert_eq!(customer.reread(&order).await["status"], "REFUNDED");
    assert_eq!(operator.stock(&product).await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_refunded_is_refused() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("9.00", None).await;
    let (_, payment) = paid(&customer, &product).await;
    let refund = async |body: Value| operator.operate(&payment, "refunds", &body).await;
    refund(json!({"amount": "9.01"})).await.refused(409, "refund-exceeds-captured");
    for amount in [json!("0"), json!("-1"), json!("1.001"), json!(1)] {
        assert_eq!(refund(json!({"amount": amount})).await.faults(), ["/amount"], "{amount}");
    }
    let reply = refund(json!({"amount": "1.00", "reason": "card 4242 4242 4242 4242"})).await;
    reply.refused(422, "card-data-refused");
    let held = customer.pay_by(&customer.order(&product, 1).await, "tok_visa", "MANUAL").await;
    operator.operate(&held, "refunds", &json!({})).await.refused(409, "payment-not-refundable");
    let (_, waiting) = customer.undecided(&product).await;
    operator.operate(&waiting, "refunds", &json!({})).await.refused(409, "payment-not-refundable");
    assert_eq!(customer.payment(&payment).await["refundedAmount"], "0.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_refunds_are_asked_at_once_the_sum_is_never_too_much() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let (order, payment) = paid(&customer, &operator.product("10.00", None).await).await;
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let request = operator.operate(&payment, "refunds", &json!({"amount": "1.00"}));
        asked.spawn(request.patiently());
    }
    let replies = asked.join_all().await;
    assert_eq!(replies.iter().filter(|it| it.status == 201).count(), 10);
    for refused in replies.iter().filter(|it| it.status != 201) {
        let slug = refused.json()["type"].clone();
        let known = ["/problems/refund-exceeds-captured", "/problems/payment-not-refundable"];
        assert!(refused.status == 409 && known.iter().any(|it| slug == *it), "{}", refused.text);
    }
    let list = operator.all(&format!("/v1/payments/{}/refunds", field(&payment, "transactionId"))).await;
    assert_eq!(list.len(), 10);
    customer.payment_becomes(&payment, "REFUNDED").await;
    customer.order_becomes(&order, "REFUNDED").await;
    assert_eq!(customer.payment(&payment).await["refundedAmount"], "10.00");
}
