//! Giving up what was authorised.

use serde_json::json;

use crate::harness::{Notice, shared};

#[tokio::test(flavor = "multi_thread")]
async fn an_authorisation_can_be_given_up_and_the_order_paid_otherwise() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("9.00", None).await, 1).await;
    let held = customer.pay_by(&order, "tok_visa", "MANUAL").await;
    let voided = operator.operate(&held, "voids", &json!({})).await.ok(200);
    assert_eq!((&voided["status"], &voided["capturedAmount"]), (&json!("VOIDED"), &json!("0.00")));
    for (what, slug) in [
        ("voids", "payment-not-voidable"),
        ("captures", "payment-not-capturable"),
        ("refunds", "payment-not-refundable"),
    ] {
        operator.operate(&held, what, &json!({})).await.refused(409, slug);
    }
    assert_eq!(customer.reread(&order).await["status"], "PENDING");
    assert_eq!(customer.pay(&order, "tok_visa").await["status"], "CAPTURED");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_authorisation_can_be_given_up() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("9.00", None).await;
    let paid = customer.pay(&customer.order(&product, 1).await, "tok_visa").await;
    operator.operate(&paid, "voids", &json!({})).await.refused(409, "payment-not-voidable");
    let declined = customer.pay(&customer.order(&product, 1).await, "tok_declined").await;
    operator.operate(&declined, "voids", &json!({})).await.refused(409, "payment-not-voidable");
    let held = customer.pay_by(&customer.order(&product, 1).await, "tok_visa", "MANUAL").await;
    let amount = operator.operate(&held, "voids", &json!({"amount": "1.00"})).await;
    assert_eq!(amount.faults(), ["/amount"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_an_order_gives_its_authorisation_up() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let product = operator.product("9.00", Some(5)).await;
    let order = customer.order(&product, 2).await;
    let held = customer.pay_by(&order, "tok_visa", "MANUAL").await;
    customer.moved(&order, "CANCELLED").await;
    customer.payment_becomes(&held, "VOIDED").await;
    assert_eq!(operator.stock(&product).await, 5);
    assert!(operator.findings(&held).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorisation_that_comes_after_the_cancellation_is_given_up_too() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("9.00", None).await, 1).await;
    let waiting = customer.pay_by(&order, "tok_pending", "MANUAL").await;
    customer.moved(&order, "CANCELLED").await;
    assert!(!Notice::of("payment.authorized", &waiting).deliver(&customer).await);
    customer.payment_becomes(&waiting, "VOIDED").await;
    assert_eq!(customer.reread(&order).await["status"], "CANCELLED");
}
