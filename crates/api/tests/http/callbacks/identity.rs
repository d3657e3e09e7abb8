//! A notice's ids are read whole, and what it says does not depend on members that no event needs.

use serde_json::{Value, json};

use crate::harness::{Client, Notice, SECRET, field, now, shared, sign, unique};

async fn undecided(price: &str) -> (Client, Client, Value, Value) {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let (order, waiting) = customer.undecided(&operator.product(price, None).await).await;
    (operator, customer, order, waiting)
}

/// Brings a notice of any bytes.
async fn deliver(client: &Client, body: &[u8]) {
    let (id, timestamp) = (unique("evt"), now().as_second());
    let request =
        client.request(reqwest::Method::POST, "/v1/callbacks/sandbox").body("application/json", body);
    let answer = request
        .header("webhook-id", &id)
        .header("webhook-timestamp", &timestamp.to_string())
        .header("webhook-signature", &sign(SECRET, &id, timestamp, body))
        .await
        .ok(200);
    assert_eq!(answer, json!({"received": true, "duplicate": false}));
}

async fn refund_ids(operator: &Client, transaction: &Value) -> Vec<String> {
    let path = format!("/v1/payments/{}/refunds", field(transaction, "transactionId"));
    operator.all(&path).await.iter().map(|it| field(it, "refundId").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_refunds_whose_ids_look_like_card_numbers_are_two_refunds() {
    let (operator, customer, order, waiting) = undecided("20.00").await;
    Notice::of("payment.captured", &waiting).deliver(&customer).await;
    let ids = ["5695069920577123", "5559470900567123"];
    for id in [ids[0], ids[1], ids[0]] {
        Notice::refund("refund.succeeded", &waiting, id, "3.00").deliver(&customer).await;
    }
    assert_eq!(customer.payment(&waiting).await["refundedAmount"], "6.00");
    let kept = refund_ids(&operator, &waiting).await;
    assert_eq!(kept.len(), 2);
    assert!(kept.iter().all(|kept| ids.iter().all(|id| !kept.contains(id))), "a digest each: {kept:?}");
    let refused = operator.operate(&waiting, "refunds", &json!({"amount": "17.00"})).await;
    refused.refused(409, "refund-exceeds-captured");
    operator.operate(&waiting, "refunds", &json!({"amount": "14.00"})).await.ok(201);
    assert_eq!(customer.order_becomes(&order, "REFUNDED").await["status"], "REFUNDED");
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_that_wait_for_their_capture_keep_their_ids() {
    let (operator, customer, _, waiting) = undecided("20.00").await;
    let ids = ["5695069920577123", "5559470900567123", "4200001234202611255569506992"];
    for id in ids {
        Notice::refund("refund.succeeded", &waiting, id, "3.00").deliver(&customer).await;
    }
    Notice::of("payment.captured", &waiting).deliver(&customer).await;
    Notice::refund("refund.succeeded", &waiting, ids[0], "3.00").deliver(&customer).await;
    assert_eq!(customer.payment(&waiting).await["refundedAmount"], "9.00");
    let kept = refund_ids(&operator, &waiting).await;
    assert_eq!(kept.len(), 3, "the one that comes again is known by its digest: {kept:?}");
    assert!(kept.contains(&ids[2].to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn long_ids_and_ids_with_a_cards_digits_in_them_are_kept_whole() {
    let (operator, customer, _, waiting) = undecided("20.00").await;
    Notice::of("payment.captured", &waiting).deliver(&customer).await;
    let ids = [
        "4200001234202611255569506992",
        "2026112522001412345695069920",
        "re_4242424242424242",
        "4242424242424242x",
        "42424242-4242-4242-adc4-5ccbde4d30e6",
    ];
    for id in ids {
        Notice::refund("refund.succeeded", &waiting, id, "1.00").deliver(&customer).await;
    }
    assert_eq!(refund_ids(&operator, &waiting).await, ids);
    assert_eq!(customer.payment(&waiting).await["refundedAmount"], "5.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ignored_member_that_some_parsers_refuse_does_not_leave_an_order_unpaid() {
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    for odd in [r#""\ud800""#, "1e999", &deep, "{\"\\udfff\":-1e-999}"] {
        let (_, customer, order, waiting) = undecided("5.00").await;
        let notice = Notice::of("payment.captured", &waiting);
        let body = notice.body.replacen('{', &format!("{{\"ignored\":{odd},"), 1);
        deliver(&customer, body.as_bytes()).await;
        assert_eq!(customer.reread(&order).await["status"], "PAID", "{odd:.40}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_that_is_no_text_does_not_leave_an_order_unpaid() {
    let (_, customer, order, waiting) = undecided("5.00").await;
    let mut body =
        Notice::of("payment.captured", &waiting).body.replacen('{', r#"{"ignored":"?","#, 1).into_bytes();
    let at = body.iter().position(|it| *it == b'?').unwrap();
    body[at] = 0xff;
    deliver(&customer, &body).await;
    assert_eq!(customer.reread(&order).await["status"], "PAID");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_detail_that_is_no_text_does_not_leave_an_order_unpaid() {
    for (odd, kept) in
        [(json!(42), json!("42")), (json!(true), json!("true")), (json!(["visa"]), Value::Null)]
    {
        let (_, customer, order, waiting) = undecided("5.00").await;
        Notice::saying("payment.captured", &waiting, &json!({"cardBrand": odd})).deliver(&customer).await;
        assert_eq!(customer.reread(&order).await["status"], "PAID");
        assert_eq!(customer.payment(&waiting).await["cardBrand"], kept);
    }
}
