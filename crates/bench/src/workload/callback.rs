//! Delivering the notices of the gateway, each several times, as gateways do.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;

use super::{Client, Step, Workload, pool::Pool};
use crate::{
    clock,
    error::{BenchResult, wrong_answer},
    http::{Connection, encode_request},
    shop::{PRICE_OF_TWO, Payment, Shop},
    signature::sign_notice,
    stack::Processes,
};

/// How many are used in a second of the first round, at most.
const FIRST_PER_SECOND: usize = 1_000;

/// How often each notice is delivered, one delivery after the other.
pub(super) const DELIVERIES: u8 = 4;

/// Delivers notices that pending payments are captured.
pub(super) struct Callback {
    shop: Arc<Shop>,
    payments: Arc<Pool<Payment>>,
}

impl Callback {
    /// A workload without payments; each round makes those that it needs.
    pub(super) fn new(shop: Arc<Shop>) -> Self {
        Self { shop, payments: Arc::new(Pool::new(FIRST_PER_SECOND)) }
    }
}

#[async_trait]
impl Workload for Callback {
    fn processes(&self) -> Processes {
        self.shop.stack().processes()
    }

    async fn prepare_round(&self, seconds: u32) -> BenchResult<()> {
        let missing = self.payments.begin_round(seconds);
        self.payments.fill(self.shop.start_pending_payments(missing).await?);
        Ok(())
    }

    async fn connect(&self, _index: usize) -> BenchResult<Box<dyn Client>> {
        let connection = Connection::open(self.shop.address()).await?;
        Ok(Box::new(CallbackClient { connection, payments: Arc::clone(&self.payments), current: None }))
    }
}

struct CallbackClient {
    connection: Connection,
    payments: Arc<Pool<Payment>>,
    /// The notice that is being delivered, and the deliveries so far.
    current: Option<(Vec<u8>, u8)>,
}

#[async_trait]
impl Client for CallbackClient {
    async fn run_step(&mut self) -> BenchResult<Step> {
        let (request, delivered) = match self.current.take() {
            Some(current) => current,
            None => match self.payments.take() {
                Some(payment) => (capture_notice(&payment)?, 0),
                None => return Ok(Step::Exhausted),
            },
        };
        let reply = self.connection.send(&request).await?;
        let expected = format!(r#"{{"received":true,"duplicate":{}}}"#, delivered > 0);
        if reply.status != 200 || reply.body != expected.as_bytes() {
            return Err(wrong_answer("POST /v1/callbacks/sandbox", reply.status, reply.body));
        }
        let delivered = delivered.saturating_add(1);
        self.current = (delivered < DELIVERIES).then_some((request, delivered));
        Ok(Step::Done)
    }
}

/// The request that delivers the notice that a payment is captured, signed now.
fn capture_notice(payment: &Payment) -> BenchResult<Vec<u8>> {
    let id = format!("evt_{}", payment.transaction_id);
    let body = json!({
        "type": "payment.captured",
        "timestamp": payment.created_at,
        "data": {
            "transactionId": payment.transaction_id,
            "orderNumber": payment.order_number,
            "gatewayReference": payment.gateway_reference,
            "amount": PRICE_OF_TWO,
            "currency": "CNY",
            "cardLast4": "4242",
            "cardBrand": "visa",
            "authorizationCode": "A1B2C3",
            "responseCode": "00",
        },
    });
    let (body, second) = (body.to_string(), clock::now().as_second());
    let (timestamp, signature) = (second.to_string(), sign_notice(&id, second, &body)?);
    let headers =
        [("webhook-id", id.as_str()), ("webhook-timestamp", &timestamp), ("webhook-signature", &signature)];
    Ok(encode_request("POST", "/v1/callbacks/sandbox", &headers, &body))
}
