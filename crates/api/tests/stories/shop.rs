//! What the stories of all gateways do.

use serde_json::{Value, json};

use crate::harness::{Client, PATIENCE, Reply, Server, eventually, field};

/// The settings of a gateway.
pub(crate) type Settings = Vec<(&'static str, String)>;

/// A server with one gateway, and the people who use it.
pub(crate) struct Shop {
    pub(crate) server: Server,
    pub(crate) operator: Client,
    pub(crate) customer: Client,
    settings: Settings,
}

fn borrow(settings: &Settings) -> Vec<(&str, &str)> {
    settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

impl Shop {
    pub(crate) async fn open(settings: Settings) -> Self {
        let server = Server::with(&borrow(&settings));
        let (operator, customer) = (server.operator().await, server.customer().await);
        Self { server, operator, customer, settings }
    }

    /// Asks to pay for an order.
    pub(crate) async fn pay(&self, order: &Value, gateway: &str, token: &str, capture_method: &str) -> Reply {
        let body = json!({
            "gateway": gateway, "paymentMethod": { "token": token }, "captureMethod": capture_method,
        });
        let path = format!("/v1/orders/{}/payments", field(order, "orderNumber"));
        self.customer.post_once(&path, &body).patiently().await
    }

    /// An order of 19.98 in CNY and its payment, which waits for the buyer.
    pub(crate) async fn begin(&self, gateway: &str, token: &str) -> (Value, Value) {
        let order = self.customer.order(&self.operator.product("19.98", None).await, 1).await;
        let payment = self.pay(&order, gateway, token, "AUTOMATIC").await.ok(201);
        assert_eq!(payment["status"], "PENDING", "{payment}");
        (order, payment)
    }

    /// Runs a command of the binary beside the server; returns whether it succeeded, and what it has printed.
    pub(crate) fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output = self.server.place().command(&borrow(&self.settings)).args(arguments).output().unwrap();
        (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    }

    /// The kinds of all findings, sorted.
    pub(crate) async fn finding_kinds(&self) -> Vec<String> {
        let all = self.operator.all("/v1/operations/findings").await;
        let mut kinds: Vec<_> = all.iter().map(|it| field(it, "kind").to_owned()).collect();
        kinds.sort();
        kinds
    }

    /// The number of notices with this outcome.
    pub(crate) async fn count_notices(&self, outcome: &str) -> u64 {
        let start = format!("idem_callbacks_total{{outcome=\"{outcome}\"}} ");
        let metrics = self.customer.get("/metrics").await.text;
        metrics.lines().find_map(|it| it.strip_prefix(&start)).map_or(0, |it| it.parse().unwrap())
    }

    /// Waits until the payment states what the buyer must do.
    pub(crate) async fn action_appears(&self, payment: &Value) -> Value {
        let look = async || Some(self.customer.payment(payment).await["nextAction"].clone());
        let look = async || look().await.filter(|it| !it.is_null());
        eventually("the payment states an action", PATIENCE, look).await
    }

    /// Waits until a refund has succeeded.
    pub(crate) async fn refund_succeeds(&self, payment: &Value, refund: &Value) {
        let path = format!("/v1/payments/{}/refunds", field(payment, "transactionId"));
        let is_done = |it: &Value| it["refundId"] == refund["refundId"] && it["status"] == "SUCCEEDED";
        let look = async || self.operator.all(&path).await.iter().any(is_done).then_some(());
        eventually("the refund succeeds", PATIENCE, look).await;
    }

    /// Checks that no difference is found between the service and this gateway, which is ready.
    pub(crate) fn agrees_with(&self, gateway: &str) {
        let (succeeded, said) = self.run(&["reconcile", "--since", "1h", "--gateway", gateway]);
        assert!(succeeded && said.contains(gateway), "{said}");
        let (succeeded, said) = self.run(&["gateways", "check"]);
        assert!(succeeded && said.contains(gateway) && said.contains("ready"), "{said}");
    }
}

/// The statuses that an order has gone through, oldest first.
pub(crate) async fn statuses(client: &Client, order: &Value) -> Vec<String> {
    client.path(order).await.into_iter().map(|(status, _)| status).collect()
}
