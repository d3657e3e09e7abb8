//! An adapter connected to a double, and the charges of its tests.

use std::{sync::Arc, time::Duration};

use adapters_gateways::WeChat;
use domain::{
    Money, OrderNumber, RefundId, Timestamp, TransactionId,
    payment::{CaptureMethod, PaymentEvent, PaymentToken},
};
use ports::{Answer, AttemptLog, Charge, Clock, Gateway, Lookup, LookupAnswer, LookupSubject, NoResponse};

use tokio::task::JoinSet;

use crate::{
    double::{Double, TestClock},
    keys,
};

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_795_336_205_123);
pub(crate) const NATIVE: &str = "POST /v3/pay/transactions/native";
pub(crate) const QUERY: &str = "GET /v3/pay/transactions/";
pub(crate) const REFUND: &str = "POST /v3/refund/domestic/refunds";
pub(crate) const QUERY_REFUND: &str = "GET /v3/refund/domestic/refunds/";
pub(crate) const NUMBER: &str = "AB2CD3EF4GH5IJ6KL7MN2OP3QR";

/// A double and an adapter.
pub(crate) struct Bench {
    pub(crate) double: Double,
    pub(crate) gateway: WeChat,
    pub(crate) log: AttemptLog,
}

pub(crate) async fn bench() -> Bench {
    let clock = TestClock::new(NOW);
    let double = Double::open(Arc::clone(&clock)).await;
    let gateway = open(&double.base, clock);
    Bench { double, gateway, log: AttemptLog::default() }
}

pub(crate) fn open(base: &str, clock: Arc<dyn Clock>) -> WeChat {
    WeChat::open(keys::config(base), clock).unwrap()
}

pub(crate) fn charge(token: &str) -> Charge {
    Charge {
        transaction: TransactionId::new(NUMBER.to_owned()),
        reference: None,
        order: OrderNumber::new("k3vorder".to_owned()),
        token: PaymentToken::new(token.to_owned()),
        amount: Money::parse("19.98", "CNY").unwrap(),
        capture_method: CaptureMethod::Automatic,
        created_at: NOW,
        requested_at: NOW,
        is_repeated: false,
    }
}

impl Bench {
    pub(crate) async fn charge(&self) -> Result<Answer, NoResponse> {
        self.gateway.charge(charge("native"), &self.log).await
    }

    pub(crate) async fn look_up(&self) -> Result<LookupAnswer, NoResponse> {
        let lookup = Lookup { charge: charge("native"), subject: LookupSubject::Payment };
        self.gateway.look_up(lookup, &self.log).await
    }

    pub(crate) async fn refund(&self, id: &str, amount: &str) -> Result<Answer, NoResponse> {
        let (id, amount) = (RefundId::new(id.to_owned()), Money::parse(amount, "CNY").unwrap());
        self.gateway.refund(charge("native"), id, amount, &self.log).await
    }

    pub(crate) async fn look_up_refund(&self, id: &str) -> Result<LookupAnswer, NoResponse> {
        let amount = Money::parse("5", "CNY").unwrap();
        let subject = LookupSubject::Refund { id: RefundId::new(id.to_owned()), reference: None, amount };
        self.gateway.look_up(Lookup { charge: charge("native"), subject }, &self.log).await
    }

    pub(crate) async fn void(&self) -> Result<Answer, NoResponse> {
        self.gateway.void(charge("native"), &self.log).await
    }

    /// Begins the trade, and the buyer pays it.
    pub(crate) async fn begin_and_pay(&self) {
        self.charge().await.unwrap();
        self.double.pay(NUMBER);
    }

    pub(crate) fn pass(&self, minutes: u64) {
        self.double.clock.advance(Duration::from_secs(minutes * 60));
    }
}

/// Runs cases side by side, because each of them waits between its repetitions.
pub(crate) async fn run_all<C: Future<Output = ()> + Send + 'static>(cases: impl IntoIterator<Item = C>) {
    let mut running: JoinSet<()> = cases.into_iter().collect();
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
}

/// The event of an answer.
#[track_caller]
pub(crate) fn event(answer: Result<Answer, NoResponse>) -> PaymentEvent {
    match answer {
        Ok(Answer::Event(event)) => *event,
        other => panic!("no event: {other:?}"),
    }
}

/// The code of an answer that refuses a refund.
#[track_caller]
pub(crate) fn refusal_code(answer: Result<Answer, NoResponse>) -> Option<String> {
    match answer {
        Ok(Answer::RefundRefused(details)) => details.response_code,
        other => panic!("no refusal: {other:?}"),
    }
}

/// Whether what a lookup found waits for a person's decision.
#[track_caller]
pub(crate) fn needs_decision(answer: Result<LookupAnswer, NoResponse>) -> bool {
    match answer {
        Ok(LookupAnswer::Found { remarks, .. }) => remarks.decision.is_some(),
        other => panic!("not found: {other:?}"),
    }
}

/// The events of a lookup.
#[track_caller]
pub(crate) fn events(answer: Result<LookupAnswer, NoResponse>) -> Vec<PaymentEvent> {
    match answer {
        Ok(LookupAnswer::Found { events, next_action: None, .. }) => events,
        other => panic!("not found: {other:?}"),
    }
}

/// Whether the answer leaves the result open, without anything to do for the buyer.
pub(crate) fn is_open(answer: &Result<Answer, NoResponse>) -> bool {
    matches!(answer, Ok(Answer::Accepted { next_action: None, .. }))
}

/// The causes of a missing answer, as the log shows them.
#[track_caller]
pub(crate) fn causes<T: std::fmt::Debug>(answer: Result<T, NoResponse>) -> String {
    ports::ErrorChain(&answer.unwrap_err()).to_string()
}
