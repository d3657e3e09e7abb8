//! Gateways that move money: their routes, their settings, and what the commands say about them.

use std::fs;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::harness::{Client, Place, Reply, Server, field, now, shared, unique};

const SECRET: &str = "whsec_of_the_tests";
const NOTICES: [(&str, &str); 1] = [("IDEM_STRIPE_WEBHOOK_SECRET", SECRET)];

/// What a command said, on either stream, and whether it succeeded.
fn said(command: &mut std::process::Command) -> (bool, String) {
    let output = command.output().unwrap();
    let both = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(both).unwrap())
}

/// Brings a notice that is signed with this secret as Stripe signs.
async fn deliver(client: &Client, secret: &str, body: &str) -> Reply {
    let timestamp = now().as_second();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{timestamp}.{body}").as_bytes());
    let signature = data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes());
    let request = client.request(reqwest::Method::POST, "/v1/callbacks/stripe");
    let request = request.body("application/json", body.to_owned());
    request.header("stripe-signature", &format!("t={timestamp},v1={signature}")).await
}

/// A notice of Stripe about a payment that is unknown here.
fn intent_succeeded(id: &str) -> String {
    let intent = json!({
        "id": format!("pi_{id}"), "object": "payment_intent", "amount": 1998, "amount_received": 1998,
        "currency": "cny", "status": "succeeded", "created": now().as_second(), "livemode": false,
        "metadata": {"transaction_id": format!("unknown-{id}"), "order_number": "unknown"},
    });
    json!({
        "id": id, "object": "event", "api_version": "2025-09-30.clover", "created": now().as_second(),
        "livemode": false, "type": "payment_intent.succeeded", "data": {"object": intent},
    })
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn stripes_secret_alone_turns_its_notices_on_and_no_payments() {
    let server = Server::with(&NOTICES);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let body = intent_succeeded("evt_1");
    deliver(&customer, "whsec_of_another", &body).await.refused(401, "invalid-signature");
    for _ in 0..2 {
        assert_eq!(deliver(&customer, SECRET, &body).await.status, 200);
    }
    let metrics = customer.get("/metrics").await.text;
    assert!(metrics.contains(r#"idem_callbacks_total{outcome="waiting"} 1"#), "it is kept: {metrics}");
    assert!(metrics.contains(r#"idem_callbacks_total{outcome="duplicate"} 1"#), "{metrics}");
    let order = customer.order(&operator.product("5.00", None).await, 1).await;
    pay_with(&customer, &order, "stripe", "pm_card_visa").await.refused(422, "invalid-request");
}

async fn pay_with(client: &Client, order: &Value, gateway: &str, token: &str) -> Reply {
    let body = json!({"gateway": gateway, "paymentMethod": {"token": token}, "captureMethod": "AUTOMATIC"});
    client.post_once(&format!("/v1/orders/{}/payments", field(order, "orderNumber")), &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_without_settings_is_off() {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let order = customer.order(&operator.product("5.00", None).await, 1).await;
    for (gateway, token) in [("stripe", "pm_card_visa"), ("alipay", "qr"), ("wechat", "native")] {
        deliver_anything(&customer, gateway).await.refused(404, "not-found");
        pay_with(&customer, &order, gateway, token).await.refused(422, "invalid-request");
    }
}

async fn deliver_anything(client: &Client, gateway: &str) -> Reply {
    client.post(&format!("/v1/callbacks/{gateway}"), &json!({})).await
}

#[test]
fn some_settings_of_a_gateway_are_not_enough() {
    let place = Place::new();
    let (succeeded, said) = said(place.command(&[("IDEM_ALIPAY_APP_ID", "2021000000000000")]).arg("config"));
    assert!(!succeeded, "{said}");
    for missing in ["PRIVATE_KEY", "PUBLIC_KEY", "SELLER_ID"] {
        assert!(said.contains(&format!("IDEM_ALIPAY_{missing}): must be set too")), "{missing}: {said}");
    }
}

#[test]
fn keys_that_are_none_stop_the_start_and_are_not_repeated() {
    let place = Place::new();
    let settings = [
        ("IDEM_PUBLIC_URL", "https://shop.example"),
        ("IDEM_ALIPAY_APP_ID", "2021000000000000"),
        ("IDEM_ALIPAY_PRIVATE_KEY", "nonsense"),
        ("IDEM_ALIPAY_PUBLIC_KEY", "nonsense"),
        ("IDEM_ALIPAY_SELLER_ID", "2088000000000000"),
        ("IDEM_STRIPE_WEBHOOK_SECRET", SECRET),
        ("IDEM_STRIPE_API_KEY", "nonsense"),
    ];
    let (succeeded, said) = said(&mut place.command(&settings));
    assert!(!succeeded && !said.contains("nonsense"), "{said}");
    for key in ["IDEM_ALIPAY_PRIVATE_KEY", "IDEM_ALIPAY_PUBLIC_KEY", "IDEM_STRIPE_API_KEY"] {
        assert!(said.contains(&format!("({key}): must be")), "{key}: {said}");
    }
}

#[test]
fn gateways_are_listed_and_checked() {
    let place = Place::new();
    let (succeeded, list) = said(place.command(&NOTICES).arg("gateways"));
    assert!(succeeded, "{list}");
    for part in ["sandbox", "stripe", "notices only", "alipay", "off: set IDEM_ALIPAY_APP_ID", "wechat"] {
        assert!(list.contains(part), "{part} in\n{list}");
    }
    let (succeeded, checked) = said(place.command(&[]).args(["gateways", "check"]));
    assert!(succeeded && checked.contains("sandbox") && checked.contains("ready"), "{checked}");
    // The port 1 of this machine: nothing listens there.
    let unreachable = [
        ("IDEM_STRIPE_WEBHOOK_SECRET", SECRET),
        ("IDEM_STRIPE_API_KEY", "sk_test_of_the_tests"),
        ("IDEM_STRIPE_API_BASE", "http://127.0.0.1:1"),
    ];
    let (succeeded, checked) = said(place.command(&unreachable).args(["gateways", "check"]));
    assert!(
        !succeeded && checked.contains("unreachable") && checked.contains("not ready: stripe"),
        "{checked}"
    );
    assert!(!checked.contains("sk_test_of_the_tests"), "{checked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn real_money_and_test_tokens_together_are_said_loudly() {
    let settings = [
        ("IDEM_STRIPE_WEBHOOK_SECRET", SECRET),
        ("IDEM_STRIPE_API_KEY", "sk_test_of_the_tests"),
        ("IDEM_STRIPE_API_BASE", "http://127.0.0.1:1"),
    ];
    let server = Server::with(&settings);
    let log = server.log();
    assert!(log.contains("the sandbox is on beside a gateway that takes money"), "{log}");
    assert!(log.contains("Payments: stripe, sandbox"), "{log}");
}

/// Runs `api reconcile` beside a server.
fn reconcile(server: &Server, arguments: &[&str]) -> (bool, String) {
    said(server.place().command(&[]).arg("reconcile").args(arguments))
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_are_reconciled_beside_a_running_server() {
    let server = Server::with(&[]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", None).await;
    let order = customer.order(&product, 1).await;
    let paid = customer.pay(&order, "tok_visa").await;
    operator.operate(&paid, "refunds", &json!({"amount": "2.00"})).await.ok(201);
    let (succeeded, said) = reconcile(&server, &["--since", "1h"]);
    assert!(!succeeded && said.contains("--gateway sandbox"), "it moves no money: {said}");
    let (succeeded, said) = reconcile(&server, &["--since", "1h", "--gateway", "sandbox"]);
    // The command's own sandbox does not remember the refund.
    assert!(!succeeded && said.contains("not everything is settled: sandbox"), "{said}");
    let row = said.lines().find(|it| it.contains("sandbox")).unwrap();
    let cells: Vec<_> = row.split(['│', '┆']).map(str::trim).filter(|it| !it.is_empty()).collect();
    assert_eq!(cells, ["sandbox", "1", "0", "0", "1", "0", "0", "complete"], "{said}");
    assert!(operator.findings(&paid).await.is_empty());
    let (succeeded, said) = reconcile(&server, &["--since", "1h", "--gateway", "nothing"]);
    assert!(!succeeded && said.contains("configured are: sandbox"), "{said}");
}

/// A settlement file of the sandbox, with these lines.
fn settlement_file(server: &Server, lines: &[String]) -> String {
    let head = "type,transaction_id,reference,refund_id,refund_reference,amount,currency,occurred_at";
    let path = server.place().folder().join(unique("settlement.csv"));
    fs::write(&path, format!("{head}\n{}\n", lines.join("\n"))).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_file_is_compared_in_both_directions() {
    let server = Server::with(&[]);
    let (operator, customer) = (server.operator().await, server.customer().await);
    let product = operator.product("5.00", None).await;
    let mut paid = Vec::new();
    for _ in 0..2 {
        let order = customer.order(&product, 1).await;
        paid.push(customer.pay(&order, "tok_visa").await);
    }
    let line = |of: &Value, amount: &str, minutes: i64| {
        let at = now() + jiff::SignedDuration::from_mins(minutes);
        format!("payment,{},,,,{amount},CNY,{at}", field(of, "transactionId"))
    };
    let compare = |lines: &[String]| {
        let file = settlement_file(&server, lines);
        reconcile(&server, &["--statement", &file, "--gateway", "sandbox"])
    };
    let good = [line(&paid[0], "5.00", -5), line(&paid[1], "5.00", 5)];
    let (succeeded, said) = compare(&good);
    assert!(succeeded, "{said}");
    assert!(operator.findings(&paid[0]).await.is_empty());
    let elsewhere =
        format!("payment,another-system,,,,1.00,CNY,{}", now() + jiff::SignedDuration::from_mins(5));
    for _ in 0..2 {
        let (succeeded, said) = compare(&[line(&paid[0], "4.99", -5), elsewhere.clone()]);
        assert!(!succeeded && said.contains("the amount differs"), "{said}");
        assert!(said.contains("unknown here") && said.contains("does not have it"), "{said}");
        assert_eq!(operator.kinds(&paid[0]).await, ["reconciliation"], "once");
        assert_eq!(operator.kinds(&paid[1]).await, ["reconciliation"], "once");
    }
    let (succeeded, said) = compare(&["payment,t1,,,,a lot,CNY,today".to_owned()]);
    assert!(!succeeded && said.contains("line 2, column "), "{said}");
    let (succeeded, said) = reconcile(&server, &["--statement", "no-such-file.csv", "--gateway", "sandbox"]);
    assert!(!succeeded && said.contains("no-such-file.csv"), "{said}");
}
