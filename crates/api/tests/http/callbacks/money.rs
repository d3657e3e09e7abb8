//! Money facts: several of a kind, words that come in the wrong order, and words that contradict each other.

use serde_json::{Value, json};

use super::effects::{path, stands, told, undecided};
use crate::harness::{Client, Notice};

/// A captured payment of 20.00 yuan.
async fn captured() -> (Client, Client, Value, Value) {
    let (operator, customer, order, waiting) = undecided("20.00").await;
    told(&customer, &Notice::of("payment.captured", &waiting)).await;
    (operator, customer, order, waiting)
}

fn dispute(kind: &str, transaction: &Value, amount: &str, id: Option<&str>) -> Notice {
    let mut other = json!({"amount": amount});
    if let Some(id) = id {
        other["disputeId"] = json!(id);
    }
    Notice::saying(kind, transaction, &other)
}

async fn refuses(operator: &Client, transaction: &Value, amount: &str) {
    let refused = operator.operate(transaction, "refunds", &json!({"amount": amount})).await;
    refused.refused(409, "refund-exceeds-captured");
}

async fn refuses_all(operator: &Client, transaction: &Value) {
    operator.operate(transaction, "refunds", &json!({})).await.refused(409, "payment-not-refundable");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_disputed_in_part_is_not_refunded_and_what_is_lost_is_back() {
    let (operator, customer, order, paid) = captured().await;
    told(&customer, &Notice::refund("refund.succeeded", &paid, "theirs", "5.00")).await;
    told(&customer, &dispute("payment.disputed", &paid, "15.00", None)).await;
    stands(&customer, &paid, "DISPUTED", "5.00").await;
    refuses(&operator, &paid, "15.00").await;
    refuses(&operator, &paid, "0.01").await;
    told(&customer, &dispute("dispute.lost", &paid, "15.00", None)).await;
    stands(&customer, &paid, "REFUNDED", "5.00").await;
    assert_eq!(customer.payment(&paid).await["disputedAmount"], "15.00");
    assert_eq!(customer.reread(&order).await["status"], "REFUNDED");
    assert_eq!(operator.kinds(&paid).await, ["dispute"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_dispute_withholds_the_money_again() {
    for id in [None, Some("dp_1")] {
        let (operator, customer, _, paid) = captured().await;
        told(&customer, &dispute("payment.disputed", &paid, "20.00", id).later(1)).await;
        told(&customer, &dispute("dispute.won", &paid, "20.00", id).later(2)).await;
        stands(&customer, &paid, "CAPTURED", "0.00").await;
        told(&customer, &dispute("payment.disputed", &paid, "20.00", id).later(3)).await;
        stands(&customer, &paid, "DISPUTED", "0.00").await;
        refuses(&operator, &paid, "1.00").await;
        assert_eq!(operator.kinds(&paid).await, ["dispute", "dispute"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_disputes_one_is_won_and_the_other_stays_open() {
    let (operator, customer, _, paid) = captured().await;
    told(&customer, &dispute("payment.disputed", &paid, "5.00", Some("dp_1")).later(1)).await;
    told(&customer, &dispute("payment.disputed", &paid, "15.00", Some("dp_2")).later(2)).await;
    told(&customer, &dispute("dispute.won", &paid, "5.00", Some("dp_1")).later(3)).await;
    stands(&customer, &paid, "DISPUTED", "0.00").await;
    refuses(&operator, &paid, "5.01").await;
    operator.operate(&paid, "refunds", &json!({"amount": "5.00"})).await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_fails_after_it_went_through_ends_the_same_in_both_orders_of_arrival() {
    for late in [false, true] {
        let (operator, customer, order, paid) = captured().await;
        let through = Notice::refund("refund.succeeded", &paid, "theirs", "20.00").later(1);
        let failed = Notice::refund("refund.failed", &paid, "theirs", "20.00").later(2);
        let words = if late { [failed, through] } else { [through, failed] };
        for word in &words {
            told(&customer, word).await;
        }
        stands(&customer, &paid, "CAPTURED", "0.00").await;
        assert_eq!(customer.reread(&order).await["status"], "REFUND_PENDING", "late: {late}");
        assert!(operator.kinds(&paid).await.contains(&"refund-failed".to_owned()), "late: {late}");
        let again = operator.operate(&paid, "refunds", &json!({})).await.ok(201);
        assert_eq!((&again["amount"], &again["status"]), (&json!("20.00"), &json!("SUCCEEDED")));
        customer.order_becomes(&order, "REFUNDED").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_is_back_twice_is_recorded_and_found() {
    let (operator, customer, _, paid) = captured().await;
    told(&customer, &dispute("dispute.lost", &paid, "20.00", None)).await;
    told(&customer, &Notice::refund("refund.succeeded", &paid, "theirs", "20.00")).await;
    stands(&customer, &paid, "REFUNDED", "20.00").await;
    assert_eq!(operator.kinds(&paid).await, ["dispute", "over-refunded"]);

    let (operator, customer, _, paid) = captured().await;
    told(&customer, &Notice::refund("refund.succeeded", &paid, "first", "12.00")).await;
    told(&customer, &Notice::refund("refund.succeeded", &paid, "second", "12.00")).await;
    stands(&customer, &paid, "REFUNDED", "24.00").await;
    assert_eq!(operator.kinds(&paid).await, ["over-refunded"]);

    let (operator, customer, _, paid) = captured().await;
    told(&customer, &Notice::refund("refund.succeeded", &paid, "all-at-once", "25.00")).await;
    stands(&customer, &paid, "REFUNDED", "25.00").await;
    assert_eq!(operator.kinds(&paid).await, ["over-refunded"]);
    refuses_all(&operator, &paid).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_dispute_that_is_won_brings_the_money_back_and_is_found() {
    let (operator, customer, order, paid) = captured().await;
    for (kind, seconds) in [("payment.disputed", 1), ("dispute.lost", 2), ("dispute.won", 3)] {
        told(&customer, &dispute(kind, &paid, "20.00", None).later(seconds)).await;
    }
    stands(&customer, &paid, "CAPTURED", "0.00").await;
    assert_eq!(customer.reread(&order).await["status"], "REFUNDED", "the order keeps its status");
    assert_eq!(operator.kinds(&paid).await, ["dispute", "contradiction"]);
    operator.operate(&paid, "refunds", &json!({"amount": "20.00"})).await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_was_not_asked_for_is_captured_and_found() {
    let (operator, customer, order, waiting) = undecided("20.00").await;
    told(&customer, &Notice::saying("payment.captured", &waiting, &json!({"amount": "5.00"}))).await;
    let part = customer.payment(&waiting).await;
    assert_eq!((&part["status"], &part["capturedAmount"]), (&json!("CAPTURED"), &json!("5.00")));
    assert_eq!(customer.reread(&order).await["status"], "PENDING");
    assert_eq!(operator.kinds(&waiting).await, ["partial-capture"]);
    operator
        .operate(&waiting, "refunds", &json!({"amount": "5.01"}))
        .await
        .refused(409, "refund-exceeds-captured");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_contradicts_captured_money_changes_nothing_and_is_found() {
    for kind in ["payment.failed", "payment.voided"] {
        let (operator, customer, order, paid) = captured().await;
        let before = customer.payment(&paid).await;
        told(&customer, &Notice::of(kind, &paid).later(1)).await;
        assert_eq!(customer.payment(&paid).await, before, "{kind}");
        assert_eq!(operator.kinds(&paid).await, ["contradiction"], "{kind}");
        assert_eq!(path(&customer, &order).await.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_shipped_while_it_is_disputed_is_found() {
    let (operator, customer, order, paid) = captured().await;
    told(&customer, &dispute("payment.disputed", &paid, "5.00", None)).await;
    operator.moved(&order, "PROCESSING").await;
    assert_eq!(operator.kinds(&paid).await, ["dispute"]);
    operator.moved(&order, "SHIPPED").await;
    assert_eq!(operator.kinds(&paid).await, ["dispute", "dispute"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn zeros_at_the_end_of_an_amount_mean_nothing() {
    let (operator, customer, order, waiting) = undecided("20.00").await;
    told(&customer, &Notice::saying("payment.captured", &waiting, &json!({"amount": "20.000"}))).await;
    assert_eq!(customer.reread(&order).await["status"], "PAID");
    assert!(operator.findings(&waiting).await.is_empty());
}
