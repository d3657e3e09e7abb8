//! Starting a payment.

use serde_json::{Value, json};

use crate::harness::{Server, field, gateway, shared};

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_what_the_contract_shows() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("9.99", None).await, 2).await;
    let paid = customer.pay(&order, "tok_visa").await;
    for (name, value) in [
        ("orderNumber", order["orderNumber"].clone()),
        ("gateway", json!("sandbox")),
        ("status", json!("CAPTURED")),
        ("amount", json!("19.98")),
        ("currency", json!("CNY")),
        ("capturedAmount", json!("19.98")),
        ("refundedAmount", json!("0.00")),
        ("cardLast4", json!("4242")),
        ("cardBrand", json!("visa")),
        ("failureReason", Value::Null),
        ("responseCode", json!("00")),
        ("nextAction", Value::Null),
    ] {
        assert_eq!(paid[name], value, "{name}");
    }
    assert!(paid.as_object().unwrap().contains_key("nextAction"), "null, and not left out");
    assert_eq!(field(&paid, "authorizationCode").len(), 6);
    for name in ["capturedAt", "createdAt", "updatedAt"] {
        assert_eq!(field(&paid, name).len(), 24, "{name}");
    }
    assert!(field(&paid, "transactionId").len() >= 20);
    assert!(field(&paid, "gatewayReference").starts_with("sb_pay_"), "{paid}");
    assert_eq!(customer.payment(&paid).await["transactionId"], paid["transactionId"]);
    let all = customer.all(&format!("/v1/orders/{}/payments", field(&order, "orderNumber"))).await;
    assert_eq!(all.len(), 1);
    assert_eq!(customer.reread(&order).await["status"], "PAID");
}

#[tokio::test(flavor = "multi_thread")]
async fn money_is_captured_at_once_by_default() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("1.00", None).await, 1).await;
    let path = format!("/v1/orders/{}/payments", field(&order, "orderNumber"));
    let body = json!({"gateway": "sandbox", "paymentMethod": {"token": "tok_visa"}});
    assert_eq!(customer.post_once(&path, &body).await.ok(201)["status"], "CAPTURED");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorisation_does_not_make_an_order_paid() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("5.00", None).await, 1).await;
    let held = customer.pay_by(&order, "tok_visa", "MANUAL").await;
    assert_eq!((&held["status"], &held["capturedAmount"]), (&json!("AUTHORIZED"), &json!("0.00")));
    assert_eq!(held["capturedAt"], Value::Null);
    assert_eq!(customer.reread(&order).await["status"], "PENDING");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_order_can_still_be_paid() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("5.00", Some(3)).await, 1).await;
    let declined = customer.pay(&order, "tok_declined").await;
    assert_eq!(declined["status"], "FAILED");
    assert!(!field(&declined, "failureReason").is_empty());
    assert_eq!((&declined["capturedAmount"], &declined["authorizationCode"]), (&json!("0.00"), &Value::Null));
    assert_eq!(customer.reread(&order).await["status"], "PENDING");
    assert_eq!(customer.pay(&order, "tok_visa").await["status"], "CAPTURED");
    let all = customer.all(&format!("/v1/orders/{}/payments", field(&order, "orderNumber"))).await;
    let statuses: Vec<_> = all.iter().map(|it| field(it, "status")).collect();
    assert_eq!(statuses, ["FAILED", "CAPTURED"], "oldest first");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_else_is_tried_while_a_payment_is_live() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("5.00", None).await;
    for (token, method) in [("tok_pending", "AUTOMATIC"), ("tok_visa", "MANUAL"), ("tok_visa", "AUTOMATIC")] {
        let order = customer.order(&product, 1).await;
        customer.pay_by(&order, token, method).await;
        let path = format!("/v1/orders/{}/payments", field(&order, "orderNumber"));
        let second = customer.post_once(&path, &gateway("tok_visa", "AUTOMATIC")).await;
        second.refused(409, "order-not-payable");
        assert_eq!(customer.all(&path).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_pending_order_can_be_paid() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("5.00", None).await, 1).await;
    customer.moved(&order, "CANCELLED").await;
    let path = format!("/v1/orders/{}/payments", field(&order, "orderNumber"));
    customer.post_once(&path, &gateway("tok_visa", "AUTOMATIC")).await.refused(409, "order-not-payable");
    assert!(customer.all(&path).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_pay_is_refused() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("5.00", None).await, 1).await;
    let path = format!("/v1/orders/{}/payments", field(&order, "orderNumber"));
    for (member, value, fault) in [
        ("gateway", json!("paypal"), "/gateway"),
        ("gateway", json!("stripe"), "/gateway"),
        ("paymentMethod", json!({"token": "tok_unheard_of"}), "/paymentMethod/token"),
        ("paymentMethod", json!({}), "/paymentMethod/token"),
        ("paymentMethod", json!("tok_visa"), "/paymentMethod"),
        ("captureMethod", json!("LATER"), "/captureMethod"),
        ("amount", json!("0.01"), "/amount"),
    ] {
        let mut body = gateway("tok_visa", "AUTOMATIC");
        body[member] = value;
        let reply = customer.post_once(&path, &body).await;
        reply.refused(422, "invalid-request");
        assert_eq!(reply.faults(), [fault]);
    }
    let body =
        json!({"gateway": "sandbox", "paymentMethod": {"token": "tok_x"}, "captureMethod": 1, "amount": "1"});
    let reply = customer.post_once(&path, &body).await;
    assert_eq!(reply.faults(), ["/amount", "/captureMethod", "/paymentMethod/token"], "all at once");
    for (method, fault) in [
        (json!({"token": "4242424242424242"}), "/paymentMethod/token"),
        (json!({"token": "tok_visa", "cvc": "123"}), "/paymentMethod/cvc"),
        (json!({"token": "tok_visa", "number": 4_242_424_242_424_242_u64}), "/paymentMethod/number"),
    ] {
        let mut body = gateway("tok_visa", "AUTOMATIC");
        body["paymentMethod"] = method;
        let reply = customer.post_once(&path, &body).await;
        reply.refused(422, "card-data-refused");
        assert_eq!(reply.faults(), [fault]);
    }
    assert!(customer.all(&path).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_keys_at_once_one_pays() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("5.00", None).await;
    for token in ["tok_visa", "tok_pending"] {
        let order = customer.order(&product, 1).await;
        let path = format!("/v1/orders/{}/payments", field(&order, "orderNumber"));
        let mut asked = tokio::task::JoinSet::new();
        for _ in 0..32 {
            let request = customer.post_once(&path, &gateway(token, "AUTOMATIC"));
            asked.spawn(async move { request.await });
        }
        let replies = asked.join_all().await;
        let paid = replies.iter().filter(|it| it.status == 201).count();
        assert_eq!(paid, 1, "{token}");
        for refused in replies.iter().filter(|it| it.status != 201) {
            refused.refused(409, "order-not-payable");
        }
        assert_eq!(customer.all(&path).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_found_out() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("5.00", None).await;
    let (order, other) = (customer.order(&product, 1).await, customer.order(&product, 1).await);
    let lost = customer.pay(&order, "tok_timeout").await;
    let held = customer.pay_by(&other, "tok_timeout", "MANUAL").await;
    assert_eq!((&lost["status"], &held["status"]), (&json!("PENDING"), &json!("PENDING")));
    let path = format!("/v1/orders/{}/payments", field(&order, "orderNumber"));
    customer.post_once(&path, &gateway("tok_visa", "AUTOMATIC")).await.refused(409, "order-not-payable");
    let found = customer.payment_becomes(&lost, "CAPTURED").await;
    assert_eq!(found["capturedAmount"], "5.00");
    customer.order_becomes(&order, "PAID").await;
    customer.payment_becomes(&held, "AUTHORIZED").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_comes_later_settles_the_payment() {
    let server = Server::with(&[("IDEM_SANDBOX_PENDING_DELAY", "1s")]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let (order, waiting) = customer.undecided(&operator.product("5.00", None).await).await;
    customer.payment_becomes(&waiting, "CAPTURED").await;
    customer.order_becomes(&order, "PAID").await;
    let path: Vec<_> = customer.path(&order).await;
    assert_eq!(path.len(), 2, "though the notice came twice, and reconciliation asked: {path:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_is_reported_a_moment_later() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("5.00", None).await, 1).await;
    let paid = customer.pay(&order, "tok_dispute").await;
    assert_eq!(paid["status"], "CAPTURED");
    let disputed = customer.payment_becomes(&paid, "DISPUTED").await;
    assert_eq!(disputed["capturedAmount"], "5.00");
    assert_eq!(customer.reread(&order).await["status"], "PAID");
    let kinds: Vec<_> = operator.findings(&paid).await.iter().map(|it| it["kind"].clone()).collect();
    assert_eq!(kinds, ["dispute"]);
    operator.operate(&paid, "refunds", &json!({})).await.refused(409, "payment-not-refundable");
}
