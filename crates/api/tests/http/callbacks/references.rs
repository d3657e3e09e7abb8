//! Notices that name things as the gateway does.

use serde_json::{Value, json};

use super::effects::{path, stands, told, undecided};
use crate::harness::{Notice, PATIENCE, eventually, field, now, shared, unique};

/// A notice about what happened in the gateway's dashboard: it knows none of our ids.
fn dashboard(kind: &str, transaction: &Value, names: &Value) -> Notice {
    let mut data = json!({"amount": transaction["amount"], "currency": transaction["currency"]});
    for (name, value) in names.as_object().unwrap() {
        data[name] = value.clone();
    }
    Notice::text(&json!({"type": kind, "timestamp": now().to_string(), "data": data}).to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_names_the_payment_by_its_reference_alone_counts_like_any_other() {
    let (_, customer, order, waiting) = undecided("5.00").await;
    let reference = field(&waiting, "gatewayReference");
    assert!(reference.starts_with("sb_pay_"), "{waiting}");
    told(&customer, &dashboard("payment.captured", &waiting, &json!({"gatewayReference": reference}))).await;
    stands(&customer, &waiting, "CAPTURED", "0.00").await;
    assert_eq!(path(&customer, &order).await, ["PENDING by CUSTOMER", "PAID by GATEWAY"]);
    let paid = customer.payment(&waiting).await;
    assert_eq!(paid["gatewayReference"], reference, "and it stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_and_disputes_begun_in_the_dashboard_are_followed_by_their_references() {
    let (operator, customer, _, waiting) = undecided("5.00").await;
    told(&customer, &Notice::of("payment.captured", &waiting)).await;
    let payment = field(&waiting, "gatewayReference");
    let (refund, dispute) = (unique("re"), unique("dp"));
    let names = json!({"gatewayReference": payment, "refundReference": refund, "amount": "2.00"});
    told(&customer, &dashboard("refund.succeeded", &waiting, &names)).await;
    stands(&customer, &waiting, "CAPTURED", "2.00").await;
    let refunds = operator.all(&format!("/v1/payments/{}/refunds", field(&waiting, "transactionId"))).await;
    assert_eq!((refunds.len(), &refunds[0]["refundId"]), (1, &json!(refund)));
    assert_eq!(refunds[0]["requestedBy"]["type"], "GATEWAY");

    let names = json!({"gatewayReference": payment, "disputeReference": dispute, "amount": "3.00"});
    told(&customer, &dashboard("payment.disputed", &waiting, &names)).await;
    stands(&customer, &waiting, "DISPUTED", "2.00").await;
    // Each is known by its own name from now on.
    let names = json!({"disputeReference": dispute, "amount": "3.00"});
    told(&customer, &dashboard("dispute.won", &waiting, &names).later(1)).await;
    let names = json!({"refundReference": refund, "amount": "2.00"});
    told(&customer, &dashboard("refund.failed", &waiting, &names).later(1)).await;
    stands(&customer, &waiting, "CAPTURED", "0.00").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_about_a_reference_that_is_not_known_yet_is_applied_when_it_is() {
    let (operator, customer, _, waiting) = undecided("5.00").await;
    told(&customer, &Notice::of("payment.captured", &waiting)).await;
    let refund = unique("re");
    let names = json!({"refundReference": refund, "amount": "2.00"});
    told(&customer, &dashboard("refund.failed", &waiting, &names).later(1)).await;
    let names =
        json!({"gatewayReference": waiting["gatewayReference"], "refundReference": refund, "amount": "2.00"});
    told(&customer, &dashboard("refund.succeeded", &waiting, &names)).await;
    let refunds = format!("/v1/payments/{}/refunds", field(&waiting, "transactionId"));
    let failed = async || (operator.all(&refunds).await[0]["status"] == "FAILED").then_some(());
    eventually("the word that waited is applied", PATIENCE, failed).await;
    stands(&customer, &waiting, "CAPTURED", "0.00").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_of_another_payment_or_a_second_one_is_a_finding_and_nothing_else() {
    let (operator, customer, order, waiting) = undecided("5.00").await;
    let (_, other) = customer.undecided(&operator.product("5.00", None).await).await;
    for reference in [field(&other, "gatewayReference"), &unique("pi")] {
        let notice = Notice::saying("payment.captured", &waiting, &json!({"gatewayReference": reference}));
        told(&customer, &notice).await;
    }
    stands(&customer, &waiting, "PENDING", "0.00").await;
    assert_eq!(customer.payment(&waiting).await["gatewayReference"], waiting["gatewayReference"]);
    assert_eq!(customer.reread(&order).await["status"], "PENDING");
    assert_eq!(operator.kinds(&waiting).await, ["contradiction", "contradiction"]);
    stands(&customer, &other, "PENDING", "0.00").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_acknowledged_byte_by_byte_as_before() {
    let (_, customer, _, waiting) = undecided("5.00").await;
    let notice = Notice::of("payment.captured", &waiting);
    for body in [r#"{"received":true,"duplicate":false}"#, r#"{"received":true,"duplicate":true}"#] {
        let reply = notice.signed(&customer).await;
        assert_eq!((reply.status, reply.text.as_str()), (200, body));
        assert_eq!(reply.header("content-type"), Some("application/json"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_that_never_reached_the_gateway_is_made_by_reconciliation_once() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("5.00", None).await, 1).await;
    let begun = customer.pay(&order, "tok_unreached").await;
    assert_eq!((&begun["status"], &begun["gatewayReference"]), (&json!("PENDING"), &Value::Null));
    let paid = customer.payment_becomes(&begun, "CAPTURED").await;
    assert!(field(&paid, "gatewayReference").starts_with("sb_pay_"));
    assert_eq!(customer.reread(&order).await["status"], "PAID");
    assert!(operator.findings(&begun).await.is_empty());
}
