//! The whole story in a terminal: one order, told against a server of its own.

mod client;
mod server;

use std::{error::Error, io};

use adapters_crypto::random_secret;
use adapters_gateways::{
    secret_from_bytes,
    standard_webhooks::{Secret, sign},
};
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use serde_json::{Value, json};

use crate::terminal::print;
use client::{Answer, Client};
use server::Server;

/// How often the gateway's one notice is delivered.
const DELIVERIES: usize = 5;
/// The id of that notice.
const EVENT: &str = "evt_demo_captured";
/// Passwords of the two people in the story.
const PASSWORD: &str = "demo tea ceremony";

type Told<T> = Result<T, Box<dyn Error>>;

/// Tells the story.
///
/// # Errors
/// When the server cannot be started, or answers otherwise than the story goes.
pub(super) async fn run() -> Told<()> {
    let secret = secret_from_bytes(random_secret().as_bytes());
    let server = Server::start(&secret).await?;
    print(&format!(
        "A server of our own listens on {}; its data is gone when the story ends.\n",
        server.base()
    ))?;
    server.create_operator("shopkeeper", PASSWORD).await?;
    let mut story = Story { client: Client::new(server.base()), lines: Vec::new() };
    let number = story.order().await?;
    story.pay(&number, &secret).await?;
    story.follow(&number).await?;
    story.tell()?;
    story.timeline(&number).await?;
    server.stop().await?;
    Ok(())
}

/// What was sent and what came back.
struct Story {
    client: Client,
    lines: Vec<[String; 4]>,
}

impl Story {
    async fn order(&mut self) -> Told<String> {
        let shopkeeper = self.client.login("shopkeeper", PASSWORD).await?;
        self.client.tokens.insert("shopkeeper", shopkeeper);
        let tea = json!({"name": "Tea", "price": "9.99", "currency": "CNY", "stock": 10, "active": true});
        self.act("shopkeeper", "PUT", "/v1/products/tea", &tea, None, 201, "ten pieces at 9.99 CNY").await?;
        let ada = json!({"username": "ada", "email": "ada@example.com", "password": PASSWORD});
        self.act("ada", "POST", "/v1/auth/register", &ada, None, 201, "a new account").await?;
        let token = self.client.login("ada", PASSWORD).await?;
        self.client.tokens.insert("ada", token);
        let basket = json!({"items": [{"productId": "tea", "quantity": 2}]});
        let key = Some("order-1");
        let first =
            self.act("ada", "POST", "/v1/orders", &basket, key, 201, "19.98 CNY, two pieces held").await?;
        let again =
            self.act("ada", "POST", "/v1/orders", &basket, key, 201, "replayed, byte by byte").await?;
        expect(first.body == again.body && again.replayed, "the same order again is the same answer")?;
        let other = json!({"items": [{"productId": "tea", "quantity": 3}]});
        self.act("ada", "POST", "/v1/orders", &other, key, 422, "refused: the key was for another order")
            .await?;
        let many = json!({"items": [{"productId": "tea", "quantity": 9}]});
        let key = Some("order-2");
        self.act("ada", "POST", "/v1/orders", &many, key, 409, "refused: only eight are left").await?;
        text(&first.json()?, "/orderNumber")
    }

    async fn pay(&mut self, number: &str, secret: &str) -> Told<()> {
        let path = format!("/v1/orders/{number}/payments");
        let payment = json!({"gateway": "sandbox", "paymentMethod": {"token": "tok_pending"}});
        let key = Some("pay-1");
        let begun =
            self.act("ada", "POST", &path, &payment, key, 201, "PENDING: the gateway will call back").await?;
        let key = Some("pay-2");
        self.act("ada", "POST", &path, &payment, key, 409, "refused: one live payment an order").await?;
        let notice = captured(&begun.json()?)?;
        let signature = signature(secret, &notice)?;
        for delivery in 1..=DELIVERIES {
            let answer = self.client.notice(EVENT, &signature, &notice).await?;
            let duplicate = answer.json()?.pointer("/duplicate") == Some(&Value::Bool(true));
            expect(answer.status == 200 && duplicate == (delivery > 1), "one delivery has an effect")?;
            let note = if duplicate { "known: no effect" } else { "captured: the order is PAID" };
            self.note("gateway", "POST /v1/callbacks/sandbox", 200, &format!("delivery {delivery}: {note}"));
        }
        Ok(())
    }

    async fn follow(&mut self, number: &str) -> Told<()> {
        let path = format!("/v1/orders/{number}/transitions");
        #[rustfmt::skip]
        let moves = [
            ("ada",        "SHIPPED",    409, "refused: not a customer's move"),
            ("shopkeeper", "PROCESSING", 200, "being made ready"),
            ("shopkeeper", "DELIVERED",  409, "refused: it was not shipped"),
            ("shopkeeper", "SHIPPED",    200, "on its way"),
            ("shopkeeper", "DELIVERED",  200, "arrived"),
            ("ada",        "COMPLETED",  200, "the customer is content"),
        ];
        for (who, to, status, note) in moves {
            let note = format!("{to}: {note}");
            self.act(who, "POST", &path, &json!({"to": to}), None, status, &note).await?;
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "a line of the story: who does what, and what comes of it")]
    async fn act(
        &mut self,
        who: &'static str,
        method: &str,
        path: &str,
        body: &Value,
        key: Option<&str>,
        status: u16,
        note: &str,
    ) -> Told<Answer> {
        let answer = self.client.send(who, method, path, body, key).await?;
        expect(answer.status == status, &format!("{method} {path} answers {status}, not {}", answer.status))?;
        self.note(who, &format!("{method} {path}"), status, note);
        Ok(answer)
    }

    fn note(&mut self, who: &str, what: &str, status: u16, note: &str) {
        self.lines.push([who, what, &status.to_string(), note].map(str::to_owned));
    }

    fn tell(&self) -> io::Result<()> {
        print("What was sent, and what was answered:")?;
        print(&table(&["who", "request", "status", "what it means"], &self.lines))
    }

    async fn timeline(&self, number: &str) -> Told<()> {
        let history = self.client.get("ada", &format!("/v1/orders/{number}/history")).await?.json()?;
        let entries = history.pointer("/data").and_then(Value::as_array).ok_or("no history")?;
        let line = |it: &Value| {
            let part = |at: &str| it.pointer(at).and_then(Value::as_str).unwrap_or("-").to_owned();
            [part("/createdAt"), part("/fromStatus"), part("/toStatus"), part("/changedBy/type")]
        };
        let lines: Vec<_> = entries.iter().map(line).collect();
        print("\nWhat happened to the order: one line a change, one unbroken path.")?;
        Ok(print(&table(&["when", "from", "to", "by"], &lines))?)
    }
}

fn table(header: &[&str], lines: &[[String; 4]]) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(header);
    table.add_rows(lines);
    table.to_string()
}

/// The gateway's notice that the money is taken.
fn captured(transaction: &Value) -> Told<String> {
    let part = |at: &str| text(transaction, at);
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

/// The notice's time stamp and signature.
fn signature(secret: &str, notice: &str) -> Told<(i64, String)> {
    let at = jiff::Timestamp::now().as_second();
    Ok((at, sign(&Secret::parse(secret)?, EVENT, at, notice.as_bytes())))
}

fn text(body: &Value, at: &str) -> Told<String> {
    let found = body.pointer(at).and_then(Value::as_str);
    Ok(found.ok_or_else(|| format!("an answer without {at}"))?.to_owned())
}

fn expect(holds: bool, what: &str) -> Told<()> {
    if holds { Ok(()) } else { Err(format!("the story went wrong; it should be that {what}").into()) }
}
