//! What a genuine notice does.

use serde_json::{Value, json};

use crate::harness::{Client, Notice, shared};

pub(super) async fn undecided(price: &str) -> (Client, Client, Value, Value) {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let (order, waiting) = customer.undecided(&operator.product(price, None).await).await;
    (operator, customer, order, waiting)
}

pub(super) async fn told(client: &Client, notice: &Notice) {
    assert!(!notice.deliver(client).await, "it is new: {}", notice.body);
}

pub(super) async fn stands(client: &Client, transaction: &Value, status: &str, refunded: &str) {
    let it = client.payment(transaction).await;
    assert_eq!((&it["status"], &it["refundedAmount"]), (&json!(status), &json!(refunded)), "{it}");
}

pub(super) async fn path(customer: &Client, order: &Value) -> Vec<String> {
    customer.path(order).await.into_iter().map(|(to, by)| format!("{to} by {by}")).collect()
}

const PAID: [&str; 2] = ["PENDING by CUSTOMER", "PAID by GATEWAY"];

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_makes_the_order_paid_once() {
    let (operator, customer, order, waiting) = undecided("5.00").await;
    let notice = Notice::of("payment.captured", &waiting);
    told(&customer, &notice).await;
    let paid = customer.payment(&waiting).await;
    assert_eq!((&paid["status"], &paid["capturedAmount"]), (&json!("CAPTURED"), &json!("5.00")));
    assert_eq!((&paid["authorizationCode"], &paid["cardLast4"]), (&json!("A1B2C3"), &json!("4242")));
    assert_eq!(path(&customer, &order).await, PAID);
    let version = customer.reread(&order).await["version"].clone();
    for _ in 0..3 {
        assert!(notice.deliver(&customer).await, "the same event again");
    }
    told(&customer, &Notice::of("payment.captured", &waiting)).await;
    told(&customer, &Notice::of("payment.authorized", &waiting)).await;
    assert_eq!(path(&customer, &order).await, PAID, "another event that says what is already true");
    assert_eq!(customer.reread(&order).await["version"], version);
    assert!(operator.findings(&waiting).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_one_event_at_the_same_moment_one_is_new() {
    let (_, customer, order, waiting) = undecided("5.00").await;
    let notice = Notice::of("payment.captured", &waiting);
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (client, notice) = (customer.clone(), notice.clone());
        asked.spawn(async move { notice.deliver(&client).await });
    }
    let duplicates = asked.join_all().await.into_iter().filter(|it| *it).count();
    assert_eq!(duplicates, 15);
    assert_eq!(path(&customer, &order).await, PAID);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorisation_is_not_money() {
    let (_, customer, order, waiting) = undecided("5.00").await;
    told(&customer, &Notice::of("payment.authorized", &waiting)).await;
    stands(&customer, &waiting, "AUTHORIZED", "0.00").await;
    assert_eq!(customer.reread(&order).await["status"], "PENDING");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_ends_a_payment_that_is_not_captured() {
    let (operator, customer, order, waiting) = undecided("5.00").await;
    let failed = |it: &Value| Notice::saying("payment.failed", it, &json!({"failureReason": "no funds"}));
    told(&customer, &failed(&waiting)).await;
    assert_eq!(customer.payment(&waiting).await["failureReason"], "no funds");
    stands(&customer, &waiting, "FAILED", "0.00").await;
    let held = customer.pay_by(&order, "tok_visa", "MANUAL").await;
    told(&customer, &failed(&held)).await;
    stands(&customer, &held, "FAILED", "0.00").await;
    let paid = customer.pay(&order, "tok_visa").await;
    told(&customer, &failed(&paid)).await;
    stands(&customer, &paid, "CAPTURED", "0.00").await;
    assert_eq!(customer.payment(&paid).await["failureReason"], Value::Null);
    assert_eq!(path(&customer, &order).await, PAID);
    assert_eq!(operator.kinds(&paid).await, ["contradiction"], "captured, and failed afterwards");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_void_ends_an_authorisation() {
    let (_, customer, order, waiting) = undecided("5.00").await;
    told(&customer, &Notice::of("payment.authorized", &waiting)).await;
    told(&customer, &Notice::of("payment.voided", &waiting)).await;
    stands(&customer, &waiting, "VOIDED", "0.00").await;
    assert_eq!(customer.reread(&order).await["status"], "PENDING");
    customer.pay(&order, "tok_visa").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_began_at_the_gateway_makes_both_moves() {
    let (operator, customer, order, waiting) = undecided("5.00").await;
    told(&customer, &Notice::of("payment.captured", &waiting)).await;
    told(&customer, &Notice::refund("refund.succeeded", &waiting, "their-refund-1", "2.00")).await;
    stands(&customer, &waiting, "CAPTURED", "2.00").await;
    assert_eq!(customer.reread(&order).await["status"], "PAID", "a part leaves the order where it is");
    told(&customer, &Notice::refund("refund.succeeded", &waiting, "their-refund-2", "3.00")).await;
    stands(&customer, &waiting, "REFUNDED", "5.00").await;
    assert_eq!(path(&customer, &order).await[2..], ["REFUND_PENDING by GATEWAY", "REFUNDED by GATEWAY"]);
    let list =
        operator.all(&format!("/v1/payments/{}/refunds", waiting["transactionId"].as_str().unwrap())).await;
    let ids: Vec<_> = list.iter().map(|it| it["refundId"].as_str().unwrap()).collect();
    assert_eq!(ids, ["their-refund-1", "their-refund-2"]);
    assert!(list.iter().all(|it| it["requestedBy"] == json!({"type": "GATEWAY", "id": null})));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_is_counted_once_however_often_it_is_reported() {
    let (operator, customer, _, waiting) = undecided("5.00").await;
    told(&customer, &Notice::of("payment.captured", &waiting)).await;
    for _ in 0..3 {
        told(&customer, &Notice::refund("refund.succeeded", &waiting, "their-refund", "2.00")).await;
    }
    stands(&customer, &waiting, "CAPTURED", "2.00").await;
    let ours = operator.operate(&waiting, "refunds", &json!({"amount": "1.00"})).await.ok(201);
    let id = ours["refundId"].as_str().unwrap();
    told(&customer, &Notice::refund("refund.succeeded", &waiting, id, "1.00")).await;
    stands(&customer, &waiting, "CAPTURED", "3.00").await;
    told(&customer, &Notice::refund("refund.failed", &waiting, id, "1.00")).await;
    stands(&customer, &waiting, "CAPTURED", "2.00").await;
    told(&customer, &Notice::refund("refund.failed", &waiting, "unheard-of", "1.00")).await;
    operator
        .operate(&waiting, "refunds", &json!({"amount": "3.01"}))
        .await
        .refused(409, "refund-exceeds-captured");
}

#[tokio::test(flavor = "multi_thread")]
async fn out_of_order_ends_as_in_order() {
    let (operator, customer, order, waiting) = undecided("5.00").await;
    told(&customer, &Notice::refund("refund.succeeded", &waiting, "early", "5.00")).await;
    stands(&customer, &waiting, "PENDING", "0.00").await;
    told(&customer, &Notice::of("payment.captured", &waiting)).await;
    stands(&customer, &waiting, "REFUNDED", "5.00").await;
    told(&customer, &Notice::of("payment.authorized", &waiting)).await;
    stands(&customer, &waiting, "REFUNDED", "5.00").await;
    let all = ["PENDING by CUSTOMER", "PAID by GATEWAY", "REFUND_PENDING by GATEWAY", "REFUNDED by GATEWAY"];
    assert_eq!(path(&customer, &order).await, all);
    assert!(operator.findings(&waiting).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_that_is_won_keeps_the_money() {
    let (operator, customer, order, waiting) = undecided("5.00").await;
    told(&customer, &Notice::of("payment.disputed", &waiting)).await;
    told(&customer, &Notice::of("payment.captured", &waiting)).await;
    stands(&customer, &waiting, "DISPUTED", "0.00").await;
    told(&customer, &Notice::of("dispute.won", &waiting)).await;
    stands(&customer, &waiting, "CAPTURED", "0.00").await;
    assert_eq!(path(&customer, &order).await, PAID);
    assert_eq!(operator.kinds(&waiting).await, ["dispute"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_that_is_lost_gives_all_the_money_back() {
    let (operator, customer, order, waiting) = undecided("5.00").await;
    told(&customer, &Notice::of("payment.captured", &waiting)).await;
    told(&customer, &Notice::of("dispute.lost", &waiting)).await;
    stands(&customer, &waiting, "REFUNDED", "0.00").await;
    assert_eq!(customer.payment(&waiting).await["disputedAmount"], "5.00");
    assert_eq!(customer.reread(&order).await["status"], "REFUNDED");
    operator.operate(&waiting, "refunds", &json!({})).await.refused(409, "payment-not-refundable");
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_comes_after_the_cancellation_goes_back() {
    let (operator, customer, order, waiting) = undecided("5.00").await;
    customer.moved(&order, "CANCELLED").await;
    told(&customer, &Notice::of("payment.captured", &waiting)).await;
    let back = customer.payment_becomes(&waiting, "REFUNDED").await;
    assert_eq!((&back["capturedAmount"], &back["refundedAmount"]), (&json!("5.00"), &json!("5.00")));
    assert_eq!(path(&customer, &order).await, ["PENDING by CUSTOMER", "CANCELLED by CUSTOMER"]);
    assert_eq!(operator.kinds(&waiting).await, ["late-capture"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn late_money_that_is_back_already_is_not_given_back_again() {
    for (early, refunds) in [("refund.succeeded", 1), ("dispute.lost", 0)] {
        let (operator, customer, order, waiting) = undecided("5.00").await;
        customer.moved(&order, "CANCELLED").await;
        let notice = match refunds {
            0 => Notice::of(early, &waiting),
            _ => Notice::refund(early, &waiting, "theirs", "5.00"),
        };
        told(&customer, &notice).await;
        told(&customer, &Notice::of("payment.captured", &waiting)).await;
        stands(&customer, &waiting, "REFUNDED", if refunds == 0 { "0.00" } else { "5.00" }).await;
        let path = format!("/v1/payments/{}/refunds", waiting["transactionId"].as_str().unwrap());
        assert_eq!(operator.all(&path).await.len(), refunds, "{early}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_that_gateways_add_are_ignored() {
    let (_, customer, order, waiting) = undecided("5.00").await;
    let mut body: Value = serde_json::from_str(&Notice::of("payment.captured", &waiting).body).unwrap();
    body["apiVersion"] = json!(3);
    body["data"]["risk"] = json!({"score": 0.2});
    told(&customer, &Notice::text(&body.to_string())).await;
    assert_eq!(path(&customer, &order).await, PAID);
}
