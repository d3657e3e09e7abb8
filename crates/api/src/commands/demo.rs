//! The demo: the whole life of one order, played in a terminal against a temporary server.

mod client;
mod server;

use std::{error::Error, io};

use adapters_crypto::random_secret;
use adapters_gateways::{
    secret_from_bytes,
    standard_webhooks::{WebhookSecret, sign_notice},
};
use serde_json::{Value, json};

use super::table::render_table;
use crate::terminal::print_lines;
use client::{ClientResponse, DemoClient};
use server::DemoServer;

/// How often the same notice of the gateway is delivered; only the first delivery may have an effect.
const DELIVERIES: usize = 5;
/// The id of that notice, the same in every delivery.
const EVENT: &str = "evt_demo_captured";
/// The password of both users of the demo.
const PASSWORD: &str = "demo tea ceremony";

type DemoResult<T> = Result<T, Box<dyn Error>>;

/// Plays the demo and prints every request with its outcome.
///
/// # Errors
/// When the server cannot be started, or an answer is not the expected one.
pub(super) async fn run() -> DemoResult<()> {
    let secret = secret_from_bytes(random_secret().as_bytes());
    let server = DemoServer::start(&secret).await?;
    print_lines(&format!(
        "A server of our own listens on {}.\nIts data is gone when the story ends.\n",
        server.base_url()
    ))?;
    server.create_operator("keeper", PASSWORD).await?;
    let mut story = DemoRun { client: DemoClient::new(server.base_url()), rows: Vec::new() };
    let number = story.place_orders().await?;
    story.pay_order(&number, &secret).await?;
    story.fulfil_order(&number).await?;
    story.print_requests()?;
    story.print_history(&number).await?;
    server.stop().await?;
    Ok(())
}

/// The requests that were sent so far, and what came back.
struct DemoRun {
    client: DemoClient,
    rows: Vec<[String; 4]>,
}

impl DemoRun {
    async fn place_orders(&mut self) -> DemoResult<String> {
        let keeper = self.client.login("keeper", PASSWORD).await?;
        self.client.tokens.insert("keeper", keeper);
        let tea = json!({"name": "Tea", "price": "9.99", "currency": "CNY", "stock": 10, "active": true});
        self.send_step("keeper", "PUT", "/v1/products/tea", &tea, None, 201, "ten pieces at 9.99 CNY")
            .await?;
        let ada = json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD});
        self.send_step("ada", "POST", "/v1/auth/register", &ada, None, 201, "a new account").await?;
        let token = self.client.login("ada", PASSWORD).await?;
        self.client.tokens.insert("ada", token);
        let basket = json!({"items": [{"productId": "tea", "quantity": 2}]});
        let key = Some("order-1");
        let first = self
            .send_step("ada", "POST", "/v1/orders", &basket, key, 201, "19.98 CNY, two pieces held")
            .await?;
        let again =
            self.send_step("ada", "POST", "/v1/orders", &basket, key, 201, "replayed, byte by byte").await?;
        check_outcome(first.body == again.body && again.replayed, "the same order again is the same answer")?;
        let other = json!({"items": [{"productId": "tea", "quantity": 3}]});
        self.send_step("ada", "POST", "/v1/orders", &other, key, 422, "the key is another order's").await?;
        let many = json!({"items": [{"productId": "tea", "quantity": 9}]});
        let key = Some("order-2");
        self.send_step("ada", "POST", "/v1/orders", &many, key, 409, "refused: only eight are left").await?;
        text_at(&first.parse_json()?, "/orderNumber")
    }

    async fn pay_order(&mut self, number: &str, secret: &str) -> DemoResult<()> {
        let path = format!("/v1/orders/{number}/payments");
        let payment = json!({"gateway": "sandbox", "paymentMethod": {"token": "tok_pending"}});
        let key = Some("pay-1");
        let begun =
            self.send_step("ada", "POST", &path, &payment, key, 201, "PENDING until it calls back").await?;
        let key = Some("pay-2");
        self.send_step("ada", "POST", &path, &payment, key, 409, "one live payment an order").await?;
        let notice = capture_notice(&begun.parse_json()?)?;
        let signature = notice_signature(secret, &notice)?;
        for delivery in 1..=DELIVERIES {
            let answer = self.client.deliver_notice(EVENT, &signature, &notice).await?;
            let duplicate = answer.parse_json()?.pointer("/duplicate") == Some(&Value::Bool(true));
            check_outcome(answer.status == 200 && duplicate == (delivery > 1), "one delivery has an effect")?;
            let note = if duplicate { "known: no effect" } else { "order is PAID" };
            self.add_row(
                "gateway",
                "POST /v1/callbacks/sandbox",
                200,
                &format!("delivery {delivery}: {note}"),
            );
        }
        Ok(())
    }

    async fn fulfil_order(&mut self, number: &str) -> DemoResult<()> {
        let path = format!("/v1/orders/{number}/transitions");
        #[rustfmt::skip]
        let moves = [
            ("ada",    "SHIPPED",    409, "not a customer's"),
            ("keeper", "PROCESSING", 200, "being made ready"),
            ("keeper", "DELIVERED",  409, "not shipped yet"),
            ("keeper", "SHIPPED",    200, "on its way"),
            ("keeper", "DELIVERED",  200, "arrived"),
            ("ada",    "COMPLETED",  200, "she is content"),
        ];
        for (who, to, status, note) in moves {
            let note = format!("{to}: {note}");
            self.send_step(who, "POST", &path, &json!({"to": to}), None, status, &note).await?;
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "a line of the story: who does what, and what comes of it")]
    async fn send_step(
        &mut self,
        who: &'static str,
        method: &str,
        path: &str,
        body: &Value,
        key: Option<&str>,
        status: u16,
        note: &str,
    ) -> DemoResult<ClientResponse> {
        let answer = self.client.send_json(who, method, path, body, key).await?;
        check_outcome(
            answer.status == status,
            &format!("{method} {path} answers {status}, not {}", answer.status),
        )?;
        self.add_row(who, &format!("{method} {}", shorten_path(path)), status, note);
        Ok(answer)
    }

    fn add_row(&mut self, who: &str, what: &str, status: u16, note: &str) {
        self.rows.push([who, what, &status.to_string(), note].map(str::to_owned));
    }

    fn print_requests(&self) -> io::Result<()> {
        print_lines("What was sent, and what was answered (…: the order's path):")?;
        print_lines(&render_table(&["who", "request", "status", "what it means"], &self.rows))
    }

    async fn print_history(&self, number: &str) -> DemoResult<()> {
        let history = self.client.get("ada", &format!("/v1/orders/{number}/history")).await?.parse_json()?;
        let entries = history.pointer("/data").and_then(Value::as_array).ok_or("no history")?;
        let line = |it: &Value| {
            let part = |at: &str| it.pointer(at).and_then(Value::as_str).unwrap_or("-").to_owned();
            [part("/createdAt"), part("/fromStatus"), part("/toStatus"), part("/changedBy/type")]
        };
        let lines: Vec<_> = entries.iter().map(line).collect();
        print_lines("\nWhat happened to the order: one line a change, one unbroken path.")?;
        Ok(print_lines(&render_table(&["when", "from", "to", "by"], &lines))?)
    }
}

/// A path with `…` instead of the order's: 80 columns have no room for its number in each line.
fn shorten_path(path: &str) -> String {
    let below = path.strip_prefix("/v1/orders/").and_then(|it| it.split_once('/'));
    below.map_or_else(|| path.to_owned(), |(_, action)| format!("…/{action}"))
}

/// The gateway's notice that the payment is captured.
fn capture_notice(transaction: &Value) -> DemoResult<String> {
    let part = |at: &str| text_at(transaction, at);
    // The demo plays the gateway itself: the server's sandbox is set to settle after an hour, so that the
    // notices in the table are the only ones.
    let data = json!({
        "transactionId": part("/transactionId")?,
        "orderNumber": part("/orderNumber")?,
        "amount": part("/amount")?,
        "currency": part("/currency")?,
        "cardLast4": "4242",
        "cardBrand": "visa",
        "authorizationCode": "A1B2C3",
        "responseCode": "00",
    });
    Ok(json!({"type": "payment.captured", "timestamp": part("/createdAt")?, "data": data}).to_string())
}

/// The notice's timestamp in seconds, and its signature.
fn notice_signature(secret: &str, notice: &str) -> DemoResult<(i64, String)> {
    let at = jiff::Timestamp::now().as_second();
    Ok((at, sign_notice(&WebhookSecret::parse(secret)?, EVENT, at, notice.as_bytes())))
}

fn text_at(body: &Value, at: &str) -> DemoResult<String> {
    let found = body.pointer(at).and_then(Value::as_str);
    Ok(found.ok_or_else(|| format!("an answer without {at}"))?.to_owned())
}

fn check_outcome(holds: bool, what: &str) -> DemoResult<()> {
    if holds { Ok(()) } else { Err(format!("the story went wrong; it should be that {what}").into()) }
}
