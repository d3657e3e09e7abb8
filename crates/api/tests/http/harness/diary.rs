//! What was asked and answered, so that it can be asked again.

use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::{Client, PATIENCE, Reply, eventually, field, unique};

/// A request with its key, and the answer if there was one.
#[derive(Clone)]
pub(crate) struct Asked {
    /// Where it goes.
    pub(crate) path: String,
    body: Value,
    key: String,
    /// What was said.
    pub(crate) answer: Option<Reply>,
}

impl Asked {
    /// A request that has not been sent.
    pub(crate) fn new(path: &str, body: Value) -> Self {
        Self { path: path.to_owned(), body, key: unique("asked"), answer: None }
    }

    /// Sends it, for the first time or again.
    pub(crate) async fn send(&self, client: &Client) -> Option<Reply> {
        client.post(&self.path, &self.body).idempotent(&self.key).attempt().await.ok()
    }
}

/// What one customer has asked.
#[derive(Clone, Default)]
pub(crate) struct Diary(Arc<Mutex<Vec<Asked>>>);

impl Diary {
    /// Writes down a request, answered or not.
    pub(crate) fn note(&self, asked: Asked) {
        self.0.lock().unwrap().push(asked);
    }

    /// How many requests were answered.
    pub(crate) fn answers(&self) -> usize {
        self.0.lock().unwrap().iter().filter(|it| it.answer.is_some()).count()
    }

    /// How many requests were not answered.
    pub(crate) fn unanswered(&self) -> usize {
        self.0.lock().unwrap().iter().filter(|it| it.answer.is_none()).count()
    }

    /// Asks for everything again: what was answered is answered alike, what was not is done once. Tells how many orders
    /// there are.
    pub(crate) async fn ask_again(&self, customer: &Client) -> usize {
        let all = self.0.lock().unwrap().clone();
        for it in &all {
            let send = async || it.send(customer).await.filter(|it| !it.is_for_later());
            let again = eventually("no request holds the key any more", PATIENCE, send).await;
            if let Some(first) = &it.answer {
                assert_eq!((again.status, &again.text), (first.status, &first.text), "{}", it.path);
                assert!(again.is_replayed(), "{}", it.path);
            }
            again.ok(201);
            let third = it.send(customer).await.expect("it answers again");
            let expected = (201, &again.text, true);
            assert_eq!((third.status, &third.text, third.is_replayed()), expected, "{}", it.path);
        }
        let orders = all.iter().filter(|it| it.path == "/v1/orders").count();
        assert_eq!(customer.all("/v1/orders").await.len(), orders, "each once");
        orders
    }
}

impl Client {
    /// Waits until no payment of an order that is not paid yet is open, as an operator.
    pub(crate) async fn settled(&self) {
        let look = async || {
            for order in self.all("/v1/orders?status=PENDING").await {
                let payments =
                    self.all(&format!("/v1/orders/{}/payments", field(&order, "orderNumber"))).await;
                if payments.iter().any(|it| it["status"] == "PENDING") {
                    return None;
                }
            }
            Some(())
        };
        eventually("every open payment is settled", PATIENCE, look).await;
    }
}
