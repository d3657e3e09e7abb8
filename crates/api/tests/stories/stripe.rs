//! Stripe.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    double::{API_KEY, Double},
    harness::{Client, Server, field, now},
    shop::Shop,
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

/// Stripe counts dinars in thousandths, and the last digit must be 0.
#[tokio::test(flavor = "multi_thread")]
async fn an_amount_that_stripe_cannot_represent_is_refused_before_anything_is_done() {
    let double = Double::open(now().as_second()).await;
    let shop = Shop::open(settings(&double).map(|(name, value)| (name, value.to_owned())).into()).await;
    let order_of = async |price: &str| {
        let product = shop.operator.product_in("KWD", price, None).await;
        shop.customer.order(&product, 1).await
    };
    let order = order_of("5.124").await;
    let refused = shop.pay(&order, "stripe", "pm_card_visa", "AUTOMATIC").await;
    assert_eq!(refused.faults(), ["/gateway"]);
    assert_eq!(double.state().intents.len(), 0);
    let order = order_of("5.130").await;
    let payment = shop.pay(&order, "stripe", "pm_card_visa", "MANUAL").await.ok(201);
    assert_eq!(payment["status"], "AUTHORIZED", "{payment}");
    let operate = async |what: &str, amount: &str| {
        shop.operator.operate(&payment, what, &json!({ "amount": amount })).patiently().await
    };
    assert_eq!(operate("captures", "5.124").await.faults(), ["/amount"]);
    let captured = operate("captures", "5.130").await.ok(200);
    assert_eq!(captured["status"], "CAPTURED", "nothing was in the way: {captured}");
    assert_eq!(operate("refunds", "0.001").await.faults(), ["/amount"]);
    assert_eq!(operate("refunds", "0.010").await.ok(201)["status"], "SUCCEEDED");
    let path = format!("/v1/payments/{}/refunds", field(&payment, "transactionId"));
    assert_eq!(shop.operator.all(&path).await.len(), 1);
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
    assert_eq!(customer.payment(&payment).await["capturedAmount"], "19.98", "nothing is repaired");
    let checked = server.place().command(&settings(&double)).args(["gateways", "check"]).output().unwrap();
    let said = String::from_utf8(checked.stdout).unwrap();
    assert!(checked.status.success() && said.contains("stripe") && said.contains("ready"), "{said}");
}
