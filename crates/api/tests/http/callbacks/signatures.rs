//! Who may bring a notice.

use serde_json::{Value, json};

use crate::harness::{Client, Notice, Request, SECRET, Server, now, shared, sign};

/// 32 other bytes.
const OTHER_SECRET: &str = "whsec_YW5vdGhlci1zZWNyZXQtbm9ib2R5LWtub3dzLTMyLWI=";

/// A notice with these headers.
fn with(client: &Client, notice: &Notice, id: &str, timestamp: &str, signature: &str) -> Request {
    let request = notice.unsigned(client).header("webhook-id", id);
    request.header("webhook-timestamp", timestamp).header("webhook-signature", signature)
}

async fn captured() -> (Client, Value, Notice) {
    let (operator, customer) = (shared().operator().await, shared().customer().await);
    let (_, waiting) = customer.undecided(&operator.product("5.00", None).await).await;
    let notice = Notice::of("payment.captured", &waiting);
    (customer, waiting, notice)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_is_not_genuine_has_no_effect() {
    let (client, waiting, notice) = captured().await;
    let time = now().as_second();
    let signed = |secret: &str, time: i64| sign(secret, &notice.id, time, notice.body.as_bytes());
    let good = signed(SECRET, time);
    let bare = good.strip_prefix("v1,").unwrap();
    let cases = [
        (notice.id.clone(), time.to_string(), signed(OTHER_SECRET, time)),
        ("another-id".to_owned(), time.to_string(), good.clone()),
        (notice.id.clone(), (time + 1).to_string(), good.clone()),
        (notice.id.clone(), time.to_string(), bare.to_owned()),
        (notice.id.clone(), time.to_string(), format!("v2,{bare}")),
        (notice.id.clone(), time.to_string(), "v1,".to_owned()),
        (notice.id.clone(), time.to_string(), "v1,not base64!".to_owned()),
        (notice.id.clone(), "soon".to_owned(), good.clone()),
        (notice.id.clone(), (time - 302).to_string(), signed(SECRET, time - 302)),
        (notice.id.clone(), (time + 310).to_string(), signed(SECRET, time + 310)),
    ];
    for (id, time, signature) in &cases {
        with(&client, &notice, id, time, signature).await.refused(401, "invalid-signature");
    }
    notice.unsigned(&client).await.refused(401, "invalid-signature");
    let without_id = notice.unsigned(&client).header("webhook-timestamp", &time.to_string());
    without_id.header("webhook-signature", &good).await.refused(401, "invalid-signature");
    let altered = Notice { body: notice.body.replace("5.00", "5.0"), ..notice.clone() };
    with(&client, &altered, &notice.id, &time.to_string(), &good).await.refused(401, "invalid-signature");
    assert_eq!(client.payment(&waiting).await["status"], "PENDING");
    assert!(!notice.deliver(&client).await, "nothing was recorded, so it is no duplicate");
    assert_eq!(client.payment(&waiting).await["status"], "CAPTURED");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_good_signature_among_several_is_enough() {
    let (client, waiting, notice) = captured().await;
    let time = now().as_second() - 290;
    let signature = |secret: &str| sign(secret, &notice.id, time, notice.body.as_bytes());
    let several = format!("v1a,AAAA {} {}", signature(OTHER_SECRET), signature(SECRET));
    with(&client, &notice, &notice.id, &time.to_string(), &several).await.ok(200);
    assert_eq!(client.payment(&waiting).await["status"], "CAPTURED");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_secret_is_rotated_both_are_good() {
    let both = format!("{OTHER_SECRET},{SECRET}");
    let server = Server::with(&[("IDEM_SANDBOX_SECRET", &both)]);
    let client = server.client();
    for secret in [SECRET, OTHER_SECRET] {
        let notice = Notice::text(r#"{"type": "coffee.ready", "data": {}}"#);
        let time = now().as_second();
        let signature = sign(secret, &notice.id, time, notice.body.as_bytes());
        with(&client, &notice, &notice.id, &time.to_string(), &signature).await.ok(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_not_there_is_not_found() {
    let client = shared().client();
    for gateway in ["stripe", "paypal", "SANDBOX", "none"] {
        client.post(&format!("/v1/callbacks/{gateway}"), &json!({})).await.refused(404, "not-found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_may_be_64_kib_and_no_more() {
    let client = shared().client();
    let padded = |length: usize| {
        let start = r#"{"type": "coffee.ready", "data": {}, "pad": ""#;
        Notice::text(&format!("{start}{}\"}}", "x".repeat(length - start.len() - 2)))
    };
    padded(64 * 1024).signed(&client).await.ok(200);
    padded(64 * 1024 + 1).signed(&client).await.refused(413, "body-too-large");
}
