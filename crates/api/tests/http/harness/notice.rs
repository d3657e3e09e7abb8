//! A gateway's notices, signed by the tests themselves after the Standard Webhooks scheme.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Client, Reply, Request, now, unique};

/// What the servers of all tests sign and check with.
pub(crate) const SECRET: &str = "whsec_dGhlLXRlc3RzLWtub3ctdGhpcy1zZWNyZXQtMzItYnl0ZXM=";

/// The signature header of a notice.
pub(crate) fn sign(secret: &str, id: &str, timestamp: i64, body: &[u8]) -> String {
    let key = BASE64.decode(secret.strip_prefix("whsec_").unwrap().as_bytes()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
}

/// A notice that is not sent yet.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    /// The event's id.
    pub(crate) id: String,
    /// What it says.
    pub(crate) body: String,
}

impl Notice {
    /// A notice about a transaction that says what the gateway would.
    pub(crate) fn of(kind: &str, transaction: &Value) -> Self {
        Self::saying(kind, transaction, &json!({}))
    }

    /// The same with some members of its data otherwise.
    pub(crate) fn saying(kind: &str, transaction: &Value, other: &Value) -> Self {
        let mut data = json!({
            "transactionId": transaction["transactionId"],
            "orderNumber": transaction["orderNumber"],
            "amount": transaction["amount"],
            "currency": transaction["currency"],
            "cardLast4": "4242", "cardBrand": "visa", "authorizationCode": "A1B2C3", "responseCode": "00",
        });
        for (name, value) in other.as_object().unwrap() {
            data[name] = value.clone();
        }
        Self::text(&json!({"type": kind, "timestamp": now().to_string(), "data": data}).to_string())
    }

    /// A refund's notice.
    pub(crate) fn refund(kind: &str, transaction: &Value, refund: &str, amount: &str) -> Self {
        Self::saying(kind, transaction, &json!({"refundId": refund, "amount": amount}))
    }

    /// The same, which the gateway says happened that many seconds later.
    pub(crate) fn later(self, seconds: i64) -> Self {
        let mut body: Value = serde_json::from_str(&self.body).unwrap();
        let at = body["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        body["timestamp"] = json!((at + jiff::SignedDuration::from_secs(seconds)).to_string());
        Self { body: body.to_string(), ..self }
    }

    /// A notice that says anything.
    pub(crate) fn text(body: &str) -> Self {
        Self { id: unique("evt"), body: body.to_owned() }
    }

    /// The request that brings it, signed now.
    pub(crate) fn signed(&self, client: &Client) -> Request {
        let timestamp = now().as_second();
        self.unsigned(client)
            .header("webhook-id", &self.id)
            .header("webhook-timestamp", &timestamp.to_string())
            .header("webhook-signature", &sign(SECRET, &self.id, timestamp, self.body.as_bytes()))
    }

    /// The request that brings it without a signature.
    pub(crate) fn unsigned(&self, client: &Client) -> Request {
        let request = client.request(reqwest::Method::POST, "/v1/callbacks/sandbox");
        request.body("application/json", self.body.clone())
    }

    /// Brings it, and tells whether the event was known already.
    pub(crate) async fn deliver(&self, client: &Client) -> bool {
        let reply: Reply = self.signed(client).await;
        let answer = reply.ok(200);
        assert_eq!(answer["received"], true, "{answer}");
        answer["duplicate"].as_bool().unwrap()
    }
}
