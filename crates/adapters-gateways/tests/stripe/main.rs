//! The Stripe adapter against a double of Stripe's API, and against vectors of the official library.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly: that is what it is for"
)]

mod charges;
mod double;
mod errors;
#[path = "../http/mod.rs"]
mod http;
mod lookups;
mod notices;
mod operations;
mod suite;
mod unintelligible;
mod vectors;

use std::sync::{Arc, Mutex};

use adapters_gateways::{Stripe, StripeConfig};
use domain::{
    Money, OrderNumber, Timestamp, TransactionId,
    payment::{CaptureMethod, PaymentDetails, PaymentEvent, PaymentToken},
};
use hmac::{Hmac, KeyInit, Mac};
use ports::{Answer, AttemptLog, Charge, Clock, Gateway, LookupAnswer, NoResponse, NoticeHeaders};
use sha2::Sha256;

use double::{API_KEY, Double};

/// The time at which charges are made, by both clocks.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

/// A clock that the test sets.
pub(crate) struct TestClock(Mutex<Timestamp>);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// The adapter and the double that it talks to.
pub(crate) struct Bench {
    pub(crate) double: Double,
    pub(crate) gateway: Arc<Stripe>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) log: AttemptLog,
}

pub(crate) async fn bench() -> Bench {
    bench_with(|_| {}).await
}

/// The bench of a configuration that differs from the usual one.
pub(crate) async fn bench_with(change: impl FnOnce(&mut StripeConfig)) -> Bench {
    let double = Double::open(NOW.as_millis() / 1000).await;
    let clock = Arc::new(TestClock(Mutex::new(NOW)));
    let mut config = usual_config(&double);
    change(&mut config);
    let gateway = Stripe::open(config, clock.clone()).unwrap();
    Bench { double, gateway: Arc::new(gateway), clock, log: AttemptLog::default() }
}

fn usual_config(double: &Double) -> StripeConfig {
    StripeConfig {
        api_key: Some(API_KEY.into()),
        webhook_secrets: vec!["whsec_first".into(), "whsec_second".into()],
        api_base: double.base.clone(),
        return_url: None,
    }
}

impl Bench {
    pub(crate) fn config(&self) -> StripeConfig {
        usual_config(&self.double)
    }

    pub(crate) fn gateway(&self, config: StripeConfig) -> Stripe {
        Stripe::open(config, self.clock.clone()).unwrap()
    }

    /// Lets time pass, for both clocks.
    pub(crate) fn advance(&self, seconds: i64) {
        let mut now = self.clock.0.lock().unwrap();
        *now = Timestamp::from_millis(now.as_millis() + seconds * 1000);
        self.double.state().now += seconds;
    }

    pub(crate) async fn charge(&self, charge: &Charge) -> Result<Answer, NoResponse> {
        self.gateway.charge(charge.clone(), &self.log).await
    }

    /// Charges, and returns the charge with its reference.
    pub(crate) async fn made(&self, charge: Charge) -> Charge {
        let event = expect_event(self.charge(&charge).await);
        Charge { reference: event.references.payment, ..charge }
    }

    pub(crate) async fn look_up(&self, charge: &Charge) -> LookupAnswer {
        let subject = ports::LookupSubject::Payment;
        self.gateway.look_up(ports::Lookup { charge: charge.clone(), subject }, &self.log).await.unwrap()
    }
}

pub(crate) fn money(amount: &str, currency: &str) -> Money {
    Money::parse(amount, currency).unwrap()
}

pub(crate) fn charge_with(token: &str, capture_method: CaptureMethod) -> Charge {
    Charge {
        transaction: TransactionId::new("transaction1".to_owned()),
        reference: None,
        order: OrderNumber::new("order1".to_owned()),
        token: PaymentToken::new(token.to_owned()),
        amount: money("19.98", "CNY"),
        capture_method,
        created_at: NOW,
        requested_at: NOW,
        is_repeated: false,
    }
}

pub(crate) fn automatic() -> Charge {
    charge_with("pm_card_visa", CaptureMethod::Automatic)
}

pub(crate) fn manual() -> Charge {
    charge_with("pm_card_visa", CaptureMethod::Manual)
}

#[track_caller]
pub(crate) fn expect_event(answer: Result<Answer, NoResponse>) -> PaymentEvent {
    match answer.unwrap() {
        Answer::Event(event) => *event,
        Answer::Accepted { .. } | Answer::RefundRefused(_) | Answer::OperationRefused(_) => {
            panic!("the answer is no event")
        }
    }
}

/// The details of an answer that refuses a refund, a capture or a void.
#[track_caller]
fn expect_refusal(answer: Result<Answer, NoResponse>) -> PaymentDetails {
    match answer.unwrap() {
        Answer::RefundRefused(details) | Answer::OperationRefused(details) => *details,
        Answer::Event(_) | Answer::Accepted { .. } => panic!("the answer is no refusal"),
    }
}

/// The headers with which Stripe sends a notice at this time.
pub(crate) fn sign(secret: &str, at: Timestamp, body: &[u8]) -> NoticeHeaders {
    let time = (at.as_millis() / 1000).to_string();
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    let tag = mac.chain_update(&time).chain_update(b".").chain_update(body).finalize().into_bytes();
    let signature = data_encoding::HEXLOWER.encode(&tag);
    NoticeHeaders::from([("stripe-signature".to_owned(), format!("t={time},v1={signature}"))])
}
