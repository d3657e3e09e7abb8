//! Stripe.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    double::{API_KEY, Double},
    harness::{Client, Server, field, now},
};

const SECRET: &str = "whsec_of_the_story";

/// Brings the latest event of this type, as Stripe does.
async fn deliver(double: &Double, client: &Client, kind: &str) {
    let event = double.state().events.iter().rev().find(|it| it["type"] == kind).unwrap().to_string();
    let timestamp = now().as_second();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("{timestamp}.{event}").as_bytes());
    let signature = data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes());
    let request = client.request(reqwest::Method::POST, "/v1/callbacks/stripe");
    let request = request.body("application/json", event);
    let signature = format!("t={timestamp},v1={signature}");
    assert_eq!(request.header("stripe-signature", &signature).await.status, 200, "{kind}");
}

async fn open_shop(double: &Double) -> (Server, Client, Client) {
    let server = Server::with(&[
        ("IDEM_STRIPE_API_KEY", API_KEY),
        ("IDEM_STRIPE_WEBHOOK_SECRET", SECRET),
        ("IDEM_STRIPE_API_BASE", &double.base),
    ]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    (server, operator, customer)
}

async fn pay(customer: &Client, order: &Value, token: &str) -> Value {
    let body = json!({"gateway": "stripe", "paymentMethod": {"token": token}, "captureMethod": "AUTOMATIC"});
    let path = format!("/v1/orders/{}/payments", field(order, "orderNumber"));
    customer.post_once(&path, &body).patiently().await.ok(201)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_waits_for_its_notice_and_is_refunded_and_reconciled() {
    let double = Double::open(now().as_second()).await;
    let (server, operator, customer) = open_shop(&double).await;
    let product = operator.product("19.98", None).await;
    let order = customer.order(&product, 1).await;
    let payment = pay(&customer, &order, "pm_usBankAccount").await;
    assert_eq!(payment["status"], "PENDING", "{payment}");
    double.state().change_intent(0, |state, intent| state.succeed(intent));
    deliver(&double, &customer, "payment_intent.succeeded").await;
    customer.order_becomes(&order, "PAID").await;
    let paid = customer.payment(&payment).await;
    assert_eq!((&paid["status"], &paid["capturedAmount"]), (&json!("CAPTURED"), &json!("19.98")), "{paid}");
    assert!(field(&paid, "gatewayReference").starts_with("pi_"), "{paid}");
    let refund = operator.operate(&paid, "refunds", &json!({"amount": "5.00"})).await.ok(201);
    assert_eq!(refund["status"], "SUCCEEDED", "{refund}");
    deliver(&double, &customer, "refund.created").await;
    assert_eq!(customer.payment(&paid).await["refundedAmount"], "5.00");
    let output = server.place().command(&settings(&double)).args(["reconcile", "--since", "1h"]).output();
    let output = output.unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success() && said.contains("stripe"), "{said}");
    double.assert_content();
}

fn settings(double: &Double) -> [(&'static str, &str); 3] {
    [
        ("IDEM_STRIPE_API_KEY", API_KEY),
        ("IDEM_STRIPE_WEBHOOK_SECRET", SECRET),
        ("IDEM_STRIPE_API_BASE", &double.base),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_behind_the_services_back_is_found() {
    let double = Double::open(now().as_second()).await;
    let (server, operator, customer) = open_shop(&double).await;
    let order = customer.order(&operator.product("19.98", None).await, 1).await;
    let payment = pay(&customer, &order, "pm_card_visa").await;
    assert_eq!(payment["status"], "CAPTURED", "{payment}");
    // Another amount than the one that is stored here.
    double.state().intents[0]["amount_received"] = json!(1_000);
    let run = || {
        let output = server.place().command(&settings(&double)).args(["reconcile", "--since", "1h"]).output();
        let output = output.unwrap();
        (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    for _ in 0..2 {
        let (succeeded, said) = run();
        assert!(!succeeded && said.contains("amount-mismatch"), "{said}");
        assert_eq!(operator.kinds(&payment).await, ["amount-mismatch"], "once");
    }
    assert_eq!(customer.payment(&payment).await["capturedAmount"], "19.98", "nothing is mended");
    let checked = server.place().command(&settings(&double)).args(["gateways", "check"]).output().unwrap();
    let said = String::from_utf8(checked.stdout).unwrap();
    assert!(checked.status.success() && said.contains("stripe") && said.contains("ready"), "{said}");
}
