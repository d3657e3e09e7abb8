//! Delivery of the sandbox's notices: twice, in the wrong order, and again after a failure.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test may panic")]

mod inbox;

use std::sync::Arc;
use std::time::Duration;

use adapters_gateways::{Sandbox, SandboxConfig, WebhookSecrets, secret_from_bytes};
use domain::{
    Money, OrderNumber, RefundId, Timestamp, TransactionId,
    payment::{CaptureMethod, PaymentToken},
};
use inbox::{Answer, Inbox};
use ports::{
    Answer as GatewayAnswer, AttemptLog, Charge, Clock, Gateway, Lookup, LookupSubject, ParsedNotice,
};

const NOW: Timestamp = Timestamp::from_millis(1_763_800_200_123);
const TAKEN: fn(usize) -> Answer = |_| Answer::Status(200);

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        NOW
    }
}

fn config() -> SandboxConfig {
    SandboxConfig {
        pending_delay: Duration::from_millis(50),
        dispute_delay: Duration::from_millis(300),
        retry_pause: Duration::from_millis(1),
        ..SandboxConfig::new(WebhookSecrets::parse(&secret_from_bytes(&[7; 32])).unwrap())
    }
}

fn once() -> SandboxConfig {
    SandboxConfig { deliveries: 1, ..config() }
}

async fn open(answers: fn(usize) -> Answer, config: SandboxConfig) -> (Inbox, Sandbox) {
    let inbox = Inbox::open(answers, Duration::ZERO).await;
    let sandbox = Sandbox::open(config, Arc::new(Stopped));
    sandbox.set_callback_base(inbox.base.clone());
    (inbox, sandbox)
}

fn charge(token: &str, capture_method: CaptureMethod) -> Charge {
    Charge {
        transaction: TransactionId::new("t1".into()),
        reference: None,
        order: OrderNumber::new("n1".into()),
        token: PaymentToken::new(token.into()),
        amount: yuan("19.98"),
        capture_method,
        created_at: NOW,
        requested_at: NOW,
        is_repeated: false,
    }
}

fn automatic(token: &str) -> Charge {
    charge(token, CaptureMethod::Automatic)
}

fn lookup(token: &str) -> Lookup {
    Lookup { charge: automatic(token), subject: LookupSubject::Payment }
}

fn yuan(amount: &str) -> Money {
    Money::parse(amount, "CNY").unwrap()
}

#[tokio::test]
async fn every_notice_comes_twice_under_one_id_and_the_newest_first() {
    let (inbox, sandbox) = open(TAKEN, config()).await;
    let GatewayAnswer::Event(answer) =
        sandbox.charge(automatic("tok_visa"), &AttemptLog::default()).await.unwrap()
    else {
        panic!("the answer is no event")
    };
    let notices = inbox.wait_for_only(4).await;
    assert_eq!(
        inbox.kinds(),
        ["payment.captured", "payment.authorized", "payment.captured", "payment.authorized"]
    );
    let ids: Vec<_> = notices.iter().map(|it| it.id()).collect();
    assert_eq!(ids[..2], ids[2..]);
    assert_ne!(ids[0], ids[1]);

    for notice in &notices {
        assert_eq!(notice.path, "/v1/callbacks/sandbox");
        assert_eq!(notice.headers["content-type"], "application/json");
        assert!(!String::from_utf8_lossy(&notice.body).contains("tok_"), "the token stays secret");
    }
    let notice = sandbox.verify_notice(&notices[0].headers, &notices[0].body, NOW).unwrap();
    assert_eq!(notice.id.as_str(), ids[0]);
    assert_eq!(
        sandbox.parse_notice(&notice, NOW),
        ParsedNotice::Event(answer),
        "the notice and the answer are the same event"
    );
}

#[tokio::test]
async fn another_instance_sends_the_same_notice_under_the_same_id() {
    let inbox = Inbox::open(TAKEN, Duration::ZERO).await;
    for base in [inbox.base.clone(), format!("{}/", inbox.base)] {
        let config = SandboxConfig { callback_base: Some(base), ..config() };
        let sandbox = Sandbox::open(config, Arc::new(Stopped));
        let before = inbox.received().len();
        sandbox.charge(automatic("tok_declined"), &AttemptLog::default()).await.unwrap();
        inbox.wait_for(before + 2).await;
    }
    let notices = inbox.received();
    assert!(notices.iter().all(|it| it.id() == notices[0].id() && it.body == notices[0].body));
}

#[tokio::test]
async fn a_notice_that_is_not_taken_comes_again_until_it_is() {
    let failures: [fn(usize) -> Answer; 4] = [
        |n| Answer::Status(if n < 2 { 503 } else { 200 }),
        |n| Answer::Status(if n < 2 { 404 } else { 204 }),
        |n| if n < 2 { Answer::Nothing } else { Answer::Status(200) },
        |n| if n < 2 { Answer::Redirect } else { Answer::Status(200) },
    ];
    for answers in failures {
        let (inbox, sandbox) = open(answers, once()).await;
        sandbox.charge(automatic("tok_declined"), &AttemptLog::default()).await.unwrap();
        let notices = inbox.wait_for_only(3).await;
        assert!(notices.iter().all(|it| it.id() == notices[0].id() && it.body == notices[0].body));
        assert!(notices.iter().all(|it| it.path == "/v1/callbacks/sandbox"), "a redirect is not followed");
    }
}

#[tokio::test]
async fn a_notice_that_is_never_taken_is_given_up() {
    let (inbox, sandbox) = open(|_| Answer::Status(500), once()).await;
    sandbox.charge(automatic("tok_declined"), &AttemptLog::default()).await.unwrap();
    inbox.wait_for(5).await;
    tokio::time::sleep(config().retry_pause * 256 + Duration::from_millis(50)).await;
    inbox.wait_for_only(5).await;
}

#[tokio::test]
async fn notices_wait_until_it_is_known_where_they_go() {
    let inbox = Inbox::open(TAKEN, Duration::ZERO).await;
    let config = SandboxConfig { retry_pause: Duration::from_millis(100), ..once() };
    let sandbox = Sandbox::open(config, Arc::new(Stopped));
    sandbox.charge(automatic("tok_declined"), &AttemptLog::default()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(60)).await;
    sandbox.set_callback_base(inbox.base.clone());
    sandbox.set_callback_base("http://127.0.0.1:1".to_owned());
    inbox.wait_for(1).await;
}

#[tokio::test]
async fn only_so_many_notices_are_on_their_way_at_once() {
    let inbox = Inbox::open(TAKEN, Duration::from_millis(50)).await;
    let sandbox = Sandbox::open(once(), Arc::new(Stopped));
    sandbox.set_callback_base(inbox.base.clone());
    for _ in 0..100 {
        sandbox.charge(automatic("tok_declined"), &AttemptLog::default()).await.unwrap();
    }
    inbox.wait_for(100).await;
    assert!((2..=32).contains(&inbox.open_max()), "{}", inbox.open_max());
}

#[tokio::test]
async fn stopping_and_dropping_end_deliveries() {
    let (inbox, sandbox) = open(TAKEN, once()).await;
    sandbox.charge(automatic("tok_visa"), &AttemptLog::default()).await.unwrap();
    sandbox.stop().await;
    sandbox.charge(automatic("tok_visa"), &AttemptLog::default()).await.unwrap();
    let (other, dropped) = open(TAKEN, once()).await;
    dropped.charge(automatic("tok_visa"), &AttemptLog::default()).await.unwrap();
    drop(dropped);
    inbox.wait_for_only(0).await;
    other.wait_for_only(0).await;
}

#[tokio::test]
async fn of_a_lost_answer_there_is_no_notice_either() {
    let (inbox, sandbox) = open(TAKEN, once()).await;
    sandbox.charge(automatic("tok_timeout"), &AttemptLog::default()).await.unwrap_err();
    sandbox.look_up(lookup("tok_timeout"), &AttemptLog::default()).await.unwrap();
    inbox.wait_for_only(0).await;
}

#[tokio::test]
async fn the_word_on_a_pending_charge_comes_by_notice() {
    let (inbox, sandbox) = open(TAKEN, once()).await;
    let answer = sandbox.charge(automatic("tok_pending"), &AttemptLog::default()).await.unwrap();
    assert!(matches!(answer, GatewayAnswer::Accepted { reference: Some(_), .. }));
    assert!(inbox.received().is_empty());
    let notices = inbox.wait_for_only(2).await;
    assert_eq!(inbox.kinds(), ["payment.captured", "payment.authorized"]);
    assert_eq!(notices[0].json()["timestamp"], "2025-11-22T08:30:00.173Z");
}

#[tokio::test]
async fn a_dispute_follows_the_capture() {
    let (inbox, sandbox) = open(TAKEN, once()).await;
    sandbox.charge(charge("tok_dispute", CaptureMethod::Manual), &AttemptLog::default()).await.unwrap();
    inbox.wait_for_only(1).await;
    sandbox
        .capture(charge("tok_dispute", CaptureMethod::Manual), yuan("5"), &AttemptLog::default())
        .await
        .unwrap();
    let notices = inbox.wait_for(3).await;
    assert_eq!(inbox.kinds(), ["payment.authorized", "payment.captured", "payment.disputed"]);
    assert_eq!(notices[2].json()["data"]["amount"], "5.00");
    assert_eq!(notices[2].json()["timestamp"], "2025-11-22T08:30:00.423Z");
}

#[tokio::test]
async fn a_dispute_is_said_once_more_when_its_payment_is_looked_up() {
    let (inbox, sandbox) = open(TAKEN, once()).await;
    sandbox.look_up(lookup("tok_dispute"), &AttemptLog::default()).await.unwrap();
    inbox.wait_for_only(1).await;
    assert_eq!(inbox.kinds(), ["payment.disputed"]);
}

#[tokio::test]
async fn what_is_asked_later_is_also_sent_as_a_notice() {
    let (inbox, sandbox) = open(TAKEN, once()).await;
    let manual = charge("tok_visa", CaptureMethod::Manual);
    sandbox.capture(manual.clone(), yuan("5"), &AttemptLog::default()).await.unwrap();
    inbox.wait_for(1).await;
    sandbox.void(manual.clone(), &AttemptLog::default()).await.unwrap();
    inbox.wait_for(2).await;
    sandbox.refund(manual, RefundId::new("r1".into()), yuan("3"), &AttemptLog::default()).await.unwrap();
    let notices = inbox.wait_for_only(3).await;
    assert_eq!(inbox.kinds(), ["payment.captured", "payment.voided", "refund.succeeded"]);
    assert_eq!(notices[2].json()["data"]["refundId"], "r1");
    for (member, prefix) in [("gatewayReference", "sb_pay_"), ("refundReference", "sb_ref_")] {
        assert!(notices[2].json()["data"][member].as_str().unwrap().starts_with(prefix), "{member}");
    }
    assert_eq!(notices[2].json()["data"]["amount"], "3.00");
}

#[tokio::test]
async fn a_base_with_tls_gets_its_notices_over_tls() {
    /// The first byte of a TLS record that begins a handshake.
    const HANDSHAKE: u8 = 22;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let sandbox = Sandbox::open(once(), Arc::new(Stopped));
    sandbox.set_callback_base(format!("https://{}", listener.local_addr().unwrap()));
    sandbox.charge(automatic("tok_visa"), &AttemptLog::default()).await.unwrap();
    let (mut connection, _) = listener.accept().await.unwrap();
    assert_eq!(tokio::io::AsyncReadExt::read_u8(&mut connection).await.unwrap(), HANDSHAKE);
    sandbox.stop().await;
}
