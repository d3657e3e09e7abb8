//! One customer's shopping: places, pays, cancels, and asks again for what was answered already.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use fastrand::Rng;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    ChaosError, Operation,
    accounts::open_customer,
    client::{Answer, Client, RetryableRequest, find_text},
    signature::sign_notice,
};

/// The id of the only product, which all customers buy.
pub(crate) const PRODUCT: &str = "tea";
/// The price of a piece.
pub(crate) const PRICE: &str = "3.00";
/// Orders of one customer; then the shopper registers another, so that accounts are made during faults, too.
const ORDERS_PER_CUSTOMER: u32 = 8;
/// The name of the customer of the calm round, which is no shopper's.
const CALM_CUSTOMER: &str = "customercalm";
/// Looks at the payment of the calm round until it is captured: with the pauses a minute.
const CAPTURE_LOOKS_MAX: u32 = 600;
const CAPTURE_PAUSE: Duration = Duration::from_millis(100);
/// One request in this number is sent once more after its answer, to both instances at once.
const AGAIN: u32 = 3;

/// What a shopper needs.
#[derive(Debug)]
pub(crate) struct Shopper {
    /// A client without a session.
    pub(crate) guest: Client,
    /// A client of the operator.
    pub(crate) operator: Client,
    /// The number of the shopper, in all names and keys.
    pub(crate) number: usize,
    /// Its source of chance.
    pub(crate) rng: Rng,
    /// Whether the shop has closed: then it ends what it has begun.
    pub(crate) is_closed: Arc<AtomicBool>,
}

/// The keys of one round of shopping.
struct Keys {
    prefix: String,
    next: u32,
}

impl Keys {
    fn next_key(&mut self) -> String {
        self.next = self.next.saturating_add(1);
        format!("{}-{}", self.prefix, self.next)
    }
}

impl Shopper {
    /// Shops until the shop closes; returns the number of rounds.
    pub(crate) async fn shop(mut self) -> Result<u32, ChaosError> {
        let mut rounds: u32 = 0;
        let mut customer = None;
        while !self.is_closed.load(Ordering::SeqCst) {
            let (name, client) = match customer.take() {
                Some(it) if rounds.checked_rem(ORDERS_PER_CUSTOMER) != Some(0) => it,
                Some(_) | None => {
                    let name = format!("customer{}x{rounds}", self.number);
                    let client = open_customer(&self.guest, &name).await?;
                    (name, client)
                }
            };
            let keys = Keys { prefix: format!("s{}r{rounds}", self.number), next: 0 };
            self.buy_something(&client, &name, keys).await?;
            customer = Some((name, client));
            rounds = rounds.saturating_add(1);
        }
        Ok(rounds)
    }

    async fn buy_something(&mut self, client: &Client, name: &str, mut keys: Keys) -> Result<(), ChaosError> {
        let quantity = self.rng.u32(1..3);
        let body = json!({"items": [{"productId": PRODUCT, "quantity": quantity}]});
        let place = RetryableRequest::post("/v1/orders", body).keyed(&keys.next_key());
        let order = self.ask_again(client, &place, Operation::Place(name.to_owned()), &[201]).await?.json();
        let number = find_text(&order, "orderNumber").to_owned();
        self.read_often(client, &number, 1).await?;
        match self.rng.u8(0..7) {
            0 => {
                let payment = self.pay_order(client, &number, "tok_visa", "AUTOMATIC", &mut keys).await?;
                self.refund_payment(&payment, &mut keys).await?;
            }
            1 => {
                let payment = self.pay_order(client, &number, "tok_visa", "MANUAL", &mut keys).await?;
                self.capture_payment(&payment, &mut keys).await?;
            }
            2 => {
                let payment = self.pay_order(client, &number, "tok_pending", "AUTOMATIC", &mut keys).await?;
                self.deliver_capture(&payment).await?;
            }
            3 => {
                self.pay_order(client, &number, "tok_timeout", "AUTOMATIC", &mut keys).await?;
            }
            4 => {
                self.pay_order(client, &number, "tok_declined", "AUTOMATIC", &mut keys).await?;
                self.cancel_order(client, &number).await?;
            }
            5 => self.cancel_order(client, &number).await?,
            _ => {
                // A payment and a cancellation at once: one of them comes first, and money is not lost.
                let token = self.rng.choice(["tok_visa", "tok_pending", "tok_timeout"]).unwrap_or("tok_visa");
                let pay = payment_of(&number, token, "AUTOMATIC").keyed(&keys.next_key());
                let operation = Operation::Pay(number.clone());
                let (paid, cancelled) = tokio::join!(
                    client.send_from_and_record(0, &pay, &operation, &[201, 409]),
                    self.cancel_from(1, client, &number)
                );
                paid?;
                cancelled?;
            }
        }
        Ok(())
    }

    /// Sends a request until it is answered, and sometimes once more to both instances: the answer is the same.
    async fn ask_again(
        &mut self,
        client: &Client,
        request: &RetryableRequest,
        operation: Operation,
        allowed: &[u16],
    ) -> Result<Answer, ChaosError> {
        let answer = client.send_from_and_record(self.rng.usize(0..2), request, &operation, allowed).await?;
        if answer.status < 300 && self.rng.u32(0..AGAIN) == 0 {
            let (one, other) = tokio::join!(
                client.send_from_and_record(0, request, &operation, allowed),
                client.send_from_and_record(1, request, &operation, allowed)
            );
            one?;
            other?;
        }
        Ok(answer)
    }

    async fn pay_order(
        &mut self,
        client: &Client,
        order: &str,
        token: &str,
        method: &str,
        keys: &mut Keys,
    ) -> Result<Value, ChaosError> {
        let request = payment_of(order, token, method).keyed(&keys.next_key());
        let answer = self.ask_again(client, &request, Operation::Pay(order.to_owned()), &[201]).await?;
        self.read_often(client, order, 1).await?;
        Ok(answer.json())
    }

    /// A part, and then everything that is left: both at once now and then.
    async fn refund_payment(&mut self, payment: &Value, keys: &mut Keys) -> Result<(), ChaosError> {
        let id = find_text(payment, "transactionId").to_owned();
        let path = format!("/v1/payments/{id}/refunds");
        let part = RetryableRequest::post(&path, json!({"amount": "1.00", "reason": "Broken"}))
            .keyed(&keys.next_key());
        let rest = RetryableRequest::post(&path, json!({"amount": "2.00", "reason": "Late"}))
            .keyed(&keys.next_key());
        let operator = self.operator.clone();
        let operation = Operation::Refund(id);
        if self.rng.bool() {
            let (one, other) = tokio::join!(
                operator.send_from_and_record(0, &part, &operation, &[201, 409]),
                operator.send_from_and_record(1, &rest, &operation, &[201, 409])
            );
            one?;
            other?;
        } else {
            self.ask_again(&operator, &part, operation, &[201, 409]).await?;
        }
        Ok(())
    }

    async fn capture_payment(&mut self, payment: &Value, keys: &mut Keys) -> Result<(), ChaosError> {
        let id = find_text(payment, "transactionId").to_owned();
        let request =
            RetryableRequest::post(&format!("/v1/payments/{id}/captures"), json!({})).keyed(&keys.next_key());
        let operator = self.operator.clone();
        self.ask_again(&operator, &request, Operation::Capture(id), &[200, 409]).await?;
        Ok(())
    }

    async fn cancel_order(&self, client: &Client, order: &str) -> Result<(), ChaosError> {
        self.cancel_from(0, client, order).await
    }

    async fn cancel_from(&self, instance: usize, client: &Client, order: &str) -> Result<(), ChaosError> {
        let path = format!("/v1/orders/{order}/transitions");
        let request = RetryableRequest::post(&path, json!({"to": "CANCELLED"}));
        let operation = Operation::Cancel(order.to_owned());
        client.send_from_and_record(instance, &request, &operation, &[200, 409]).await?;
        Ok(())
    }

    /// The gateway's notice of a capture, three times: twice at once and once more.
    async fn deliver_capture(&self, payment: &Value) -> Result<(), ChaosError> {
        let member = |name: &str| payment.get(name).cloned().unwrap_or(Value::Null);
        let id = format!("evt-{}", find_text(payment, "transactionId"));
        #[expect(clippy::disallowed_methods, reason = "a signature is of the present time")]
        let second = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let data = json!({
            "transactionId": member("transactionId"), "orderNumber": member("orderNumber"),
            "amount": member("amount"), "currency": member("currency"),
        });
        let at = member("createdAt");
        let body = json!({"type": "payment.captured", "timestamp": at, "data": data}).to_string();
        let headers = vec![
            ("webhook-id", id.clone()),
            ("webhook-timestamp", second.to_string()),
            ("webhook-signature", sign_notice(&id, second, &body)?),
        ];
        let request = RetryableRequest::post("/v1/callbacks/sandbox", body).delivering(&id, headers);
        let operation = Operation::Deliver(id);
        let (one, other) = tokio::join!(
            self.guest.send_from_and_record(0, &request, &operation, &[200]),
            self.guest.send_from_and_record(1, &request, &operation, &[200])
        );
        one?;
        other?;
        self.guest.send_and_record(&request, &operation, &[200]).await?;
        Ok(())
    }

    /// Reads an order on both instances: no version is older than one that was shown before.
    async fn read_often(&self, client: &Client, number: &str, newest: u64) -> Result<u64, ChaosError> {
        let mut newest = newest;
        for instance in [0, 1, 0] {
            let request = RetryableRequest::get(&format!("/v1/orders/{number}"));
            let answer = client.send_from_until_answered(instance, &request).await?;
            let version = answer.json().get("version").and_then(Value::as_u64).unwrap_or(0);
            if answer.status != 200 || version < newest {
                let what = format!("order {number}: {} version {version} after {newest}", answer.status);
                client.history.note_wrong(what);
            }
            newest = newest.max(version);
        }
        Ok(newest)
    }
}

/// One round without a fault and without chance: an order, its payment, the capture and a refund. So every history has each
/// of them, whatever the faults left of the others.
pub(crate) async fn shop_calmly(guest: &Client, operator: &Client) -> Result<(), ChaosError> {
    let client = open_customer(guest, CALM_CUSTOMER).await?;
    let body = json!({"items": [{"productId": PRODUCT, "quantity": 1}]});
    let place = RetryableRequest::post("/v1/orders", body).keyed("calm-1");
    let operation = Operation::Place(CALM_CUSTOMER.to_owned());
    let order = client.send_and_record(&place, &operation, &[201]).await?.json();
    let number = find_text(&order, "orderNumber").to_owned();
    let pay = payment_of(&number, "tok_visa", "AUTOMATIC").keyed("calm-2");
    let payment = client.send_and_record(&pay, &Operation::Pay(number), &[201]).await?.json();
    let id = find_text(&payment, "transactionId").to_owned();
    wait_until_captured(operator, &id).await?;
    let body = json!({"amount": "1.00", "reason": "Calm"});
    let refund = RetryableRequest::post(&format!("/v1/payments/{id}/refunds"), body).keyed("calm-3");
    operator.send_and_record(&refund, &Operation::Refund(id), &[201]).await?;
    Ok(())
}

/// The notice of the capture comes after the answer to the payment.
async fn wait_until_captured(operator: &Client, id: &str) -> Result<(), ChaosError> {
    let request = RetryableRequest::get(&format!("/v1/payments/{id}"));
    for _ in 0..CAPTURE_LOOKS_MAX {
        if find_text(&operator.send_until_answered(&request).await?.json(), "status") == "CAPTURED" {
            return Ok(());
        }
        sleep(CAPTURE_PAUSE).await;
    }
    Err(format!("payment {id} is not captured, without a fault").into())
}

fn payment_of(order: &str, token: &str, method: &str) -> RetryableRequest {
    let body = json!({"gateway": "sandbox", "paymentMethod": {"token": token}, "captureMethod": method});
    RetryableRequest::post(&format!("/v1/orders/{order}/payments"), body)
}
