//! Payments, captures, voids and refunds.

mod types;

use futures_util::Stream;
use hyper::Method;
use serde_json::{Map, Value};

use crate::{Client, Error, Page, Request, page::stream_pages};

pub use types::{MakeRefund, Refund, ReturnItem, StartPayment, Transaction};

/// Calls about payments: see [`Client::payments`].
#[derive(Debug, Clone, Copy)]
pub struct Payments<'c>(pub(crate) &'c Client);

impl Payments<'_> {
    /// Pays an order. A transaction that is `PENDING` has no word of the gateway yet: its event of the feed, or
    /// [`find`](Self::find), says later what became of it.
    pub fn pay(self, order_number: &str, payment: &StartPayment) -> Request<Transaction> {
        Request::write(self.0, Method::POST, self.0.url(&["orders", order_number, "payments"]), payment)
    }

    /// One transaction, for its owner and for operators and keys.
    pub fn find(self, transaction_id: &str) -> Request<Transaction> {
        Request::read(self.0, self.0.url(&["payments", transaction_id]))
    }

    /// One page of the order's transactions.
    pub fn list(self, order_number: &str) -> Request<Page<Transaction>> {
        Request::read(self.0, self.0.url(&["orders", order_number, "payments"]))
    }

    /// Captures an authorisation: this amount in major units, or all of it. The rest is released. For operators and keys with
    /// `payments:write`.
    pub fn capture(self, transaction_id: &str, amount: Option<&str>) -> Request<Transaction> {
        let mut body = Map::new();
        body.extend(amount.map(|it| ("amount".to_owned(), Value::from(it))));
        Request::write(self.0, Method::POST, self.0.url(&["payments", transaction_id, "captures"]), &body)
    }

    /// Gives up an authorisation that is not captured; for operators and keys with `payments:write`.
    pub fn void(self, transaction_id: &str) -> Request<Transaction> {
        let url = self.0.url(&["payments", transaction_id, "voids"]);
        Request::write(self.0, Method::POST, url, &Map::new())
    }

    /// Gives captured money back; for operators and keys with `refunds:write`.
    pub fn refund(self, transaction_id: &str, refund: &MakeRefund) -> Request<Refund> {
        Request::write(self.0, Method::POST, self.0.url(&["payments", transaction_id, "refunds"]), refund)
    }

    /// Every refund of the transaction.
    pub fn refunds(self, transaction_id: &str) -> impl Stream<Item = Result<Refund, Error>> + Send + use<> {
        stream_pages(self.0, self.0.url(&["payments", transaction_id, "refunds"]))
    }
}
