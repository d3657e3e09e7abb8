//! Capturing what was authorised.

use serde_json::{Value, json};

use crate::harness::{Client, shared, unique};

async fn authorised(customer: &Client, product: &str) -> (Value, Value) {
    let order = customer.order(product, 1).await;
    let held = customer.pay_by(&order, "tok_visa", "MANUAL").await;
    (order, held)
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_authorised_makes_the_order_paid() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("9.00", None).await;
    for body in [json!({}), json!({"amount": "9"}), json!({"amount": "9.00"}), json!({"amount": null})] {
        let (order, held) = authorised(&customer, &product).await;
        let captured = operator.operate(&held, "captures", &body).await.ok(200);
        assert_eq!((&captured["status"], &captured["capturedAmount"]), (&json!("CAPTURED"), &json!("9.00")));
        assert_eq!(customer.reread(&order).await["status"], "PAID");
    }
    let (order, held) = authorised(&customer, &product).await;
    let path = format!("/v1/payments/{}/captures", held["transactionId"].as_str().unwrap());
    let empty = operator.request(reqwest::Method::POST, &path).idempotent(&unique("key")).await;
    assert_eq!(empty.ok(200)["status"], "CAPTURED", "a body is not needed");
    assert_eq!(customer.reread(&order).await["status"], "PAID");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partial_capture_does_not_pay_the_order_and_is_a_finding() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let (order, held) = authorised(&customer, &operator.product("9.00", None).await).await;
    let captured = operator.operate(&held, "captures", &json!({"amount": "8.99"})).await.ok(200);
    assert_eq!((&captured["status"], &captured["capturedAmount"]), (&json!("CAPTURED"), &json!("8.99")));
    assert_eq!(customer.reread(&order).await["status"], "PENDING");
    let findings = operator.findings(&held).await;
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0]["kind"], "partial-capture");
    assert_eq!(findings[0]["orderNumber"], order["orderNumber"]);
    let refund = operator.operate(&held, "refunds", &json!({"amount": "9.00"})).await;
    refund.refused(409, "refund-exceeds-captured");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_happens_once() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let (order, held) = authorised(&customer, &operator.product("9.00", None).await).await;
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let request = operator.operate(&held, "captures", &json!({}));
        asked.spawn(async move { request.await });
    }
    let replies = asked.join_all().await;
    assert_eq!(replies.iter().filter(|it| it.status == 200).count(), 1);
    for refused in replies.iter().filter(|it| it.status != 200) {
        refused.refused(409, "payment-not-capturable");
    }
    assert_eq!(customer.payment(&held).await["capturedAmount"], "9.00");
    assert_eq!(customer.path(&order).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_captured_is_refused() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("9.00", None).await;
    let (order, held) = authorised(&customer, &product).await;
    let capture = async |body: Value| operator.operate(&held, "captures", &body).await;
    capture(json!({"amount": "9.01"})).await.refused(409, "capture-exceeds-authorized");
    for amount in [json!("0"), json!("-1"), json!("9.001"), json!(9), json!("nine")] {
        assert_eq!(capture(json!({"amount": amount})).await.faults(), ["/amount"], "{amount}");
    }
    assert_eq!(capture(json!({"sum": "1.00"})).await.faults(), ["/sum"]);
    assert_eq!(customer.payment(&held).await["status"], "AUTHORIZED");
    customer.moved(&order, "CANCELLED").await;
    capture(json!({})).await.refused(409, "payment-not-capturable");
    let (_, waiting) = customer.undecided(&product).await;
    operator.operate(&waiting, "captures", &json!({})).await.refused(409, "payment-not-capturable");
    let nothing = json!({"transactionId": "none"});
    operator.operate(&nothing, "captures", &json!({})).await.refused(404, "not-found");
}
