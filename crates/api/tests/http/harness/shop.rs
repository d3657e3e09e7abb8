//! Everyday errands.

use serde_json::{Value, json};

use super::{Client, PATIENCE, eventually, unique};

/// A text member of a view.
#[track_caller]
pub(crate) fn field<'v>(view: &'v Value, name: &str) -> &'v str {
    view[name].as_str().unwrap_or_else(|| panic!("{name} in {view}"))
}

/// One line of an order.
pub(crate) fn item(product: &str, quantity: u32) -> Value {
    json!({"productId": product, "quantity": quantity})
}

/// How to pay with one of the sandbox's tokens.
pub(crate) fn gateway(token: &str, capture_method: &str) -> Value {
    json!({"gateway": "sandbox", "paymentMethod": {"token": token}, "captureMethod": capture_method})
}

impl Client {
    /// Puts a new product on the shelf, in CNY; `None` is a stock that is not tracked.
    pub(crate) async fn product(&self, price: &str, stock: Option<u32>) -> String {
        self.product_in("CNY", price, stock).await
    }

    /// The same in any currency.
    pub(crate) async fn product_in(&self, currency: &str, price: &str, stock: Option<u32>) -> String {
        let id = unique("sku");
        let offer =
            json!({"name": "Tea", "price": price, "currency": currency, "stock": stock, "active": true});
        self.put(&format!("/v1/products/{id}"), &offer).patiently().await.ok(201);
        id
    }

    /// Adjusts the stock of a product.
    pub(crate) fn adjust(&self, product: &str, by: i64) -> super::Request {
        let body = json!({"by": by, "reason": "Counted"});
        self.post_once(&format!("/v1/products/{product}/stock-adjustments"), &body)
    }

    /// How many of a product are left.
    pub(crate) async fn stock(&self, product: &str) -> i64 {
        self.get(&format!("/v1/products/{product}")).patiently().await.ok(200)["stock"].as_i64().unwrap()
    }

    /// Places an order for one product.
    pub(crate) async fn order(&self, product: &str, quantity: u32) -> Value {
        self.post_once("/v1/orders", &json!({"items": [item(product, quantity)]})).patiently().await.ok(201)
    }

    /// The order as it stands now.
    pub(crate) async fn reread(&self, order: &Value) -> Value {
        self.get(&format!("/v1/orders/{}", field(order, "orderNumber"))).patiently().await.ok(200)
    }

    /// The rows of an order's history.
    pub(crate) async fn history(&self, order: &Value) -> Vec<Value> {
        let path = format!("/v1/orders/{}/history", field(order, "orderNumber"));
        let history = self.get(&path).patiently().await.ok(200);
        history["data"].as_array().unwrap().clone()
    }

    /// The statuses that an order has gone through, with who did it.
    pub(crate) async fn path(&self, order: &Value) -> Vec<(String, String)> {
        let rows = self.history(order).await;
        rows.iter()
            .map(|it| (field(it, "toStatus").to_owned(), field(&it["changedBy"], "type").to_owned()))
            .collect()
    }

    /// Moves an order.
    pub(crate) async fn moved(&self, order: &Value, to: &str) -> Value {
        let path = format!("/v1/orders/{}/transitions", field(order, "orderNumber"));
        self.post(&path, &json!({"to": to})).await.ok(200)
    }

    /// Refuses a refund that was asked for: the order goes back to where it was.
    pub(crate) async fn refuse_refund(&self, order: &Value, to: &str) -> Value {
        let seen = format!("\"{}\"", self.reread(order).await["version"]);
        let path = format!("/v1/orders/{}/transitions", field(order, "orderNumber"));
        self.post(&path, &json!({"to": to})).header("if-match", &seen).await.ok(200)
    }

    /// Pays with one of the sandbox's tokens, money taken at once.
    pub(crate) async fn pay(&self, order: &Value, token: &str) -> Value {
        self.pay_by(order, token, "AUTOMATIC").await
    }

    /// Pays with one of the sandbox's tokens.
    pub(crate) async fn pay_by(&self, order: &Value, token: &str, capture_method: &str) -> Value {
        let path = format!("/v1/orders/{}/payments", field(order, "orderNumber"));
        self.post_once(&path, &gateway(token, capture_method)).patiently().await.ok(201)
    }

    /// The transaction as it stands now.
    pub(crate) async fn payment(&self, transaction: &Value) -> Value {
        self.get(&format!("/v1/payments/{}", field(transaction, "transactionId"))).patiently().await.ok(200)
    }

    /// Asks for a capture, a void or a refund.
    pub(crate) fn operate(&self, transaction: &Value, what: &str, body: &Value) -> super::Request {
        self.post_once(&format!("/v1/payments/{}/{what}", field(transaction, "transactionId")), body)
    }

    /// Waits until a transaction stands where it should.
    pub(crate) async fn payment_becomes(&self, transaction: &Value, status: &str) -> Value {
        let look = async || Some(self.payment(transaction).await).filter(|it| it["status"] == status);
        eventually(&format!("the payment becomes {status}"), PATIENCE, look).await
    }

    /// Waits until an order stands where it should.
    pub(crate) async fn order_becomes(&self, order: &Value, status: &str) -> Value {
        let look = async || Some(self.reread(order).await).filter(|it| it["status"] == status);
        eventually(&format!("the order becomes {status}"), PATIENCE, look).await
    }

    /// An order with a transaction that waits for the gateway's word.
    pub(crate) async fn undecided(&self, product: &str) -> (Value, Value) {
        let order = self.order(product, 1).await;
        let transaction = self.pay(&order, "tok_pending").await;
        assert_eq!(transaction["status"], "PENDING", "{transaction}");
        (order, transaction)
    }

    /// Everything on all pages of a list.
    pub(crate) async fn all(&self, path: &str) -> Vec<Value> {
        const PAGES_MAX: usize = 100;
        let join = if path.contains('?') { '&' } else { '?' };
        let mut all = Vec::new();
        let mut asked = format!("{path}{join}limit=100");
        for _ in 0..PAGES_MAX {
            let page = self.get(&asked).patiently().await.ok(200);
            all.extend(page["data"].as_array().unwrap().iter().cloned());
            let Some(cursor) = page["nextCursor"].as_str() else { return all };
            asked = format!("{path}{join}limit=100&cursor={cursor}");
        }
        panic!("{path} has no end");
    }

    /// The findings that operators were notified of about a transaction.
    pub(crate) async fn findings(&self, transaction: &Value) -> Vec<Value> {
        let all = self.all("/v1/operations/findings").await;
        all.into_iter().filter(|it| it["transactionId"] == transaction["transactionId"]).collect()
    }

    /// Their kinds, oldest first.
    pub(crate) async fn kinds(&self, transaction: &Value) -> Vec<String> {
        let found = self.findings(transaction).await;
        found.iter().rev().map(|it| it["kind"].as_str().unwrap().to_owned()).collect()
    }
}
