use domain::{
    OrderNumber, TransactionId,
    payment::{CaptureMethod, PaymentDetails, PaymentToken},
};
use port_contracts::gateway::{GatewayControl, GatewayFixture, GatewayTraits, dashboard_event, sample_event};

use super::*;
use crate::{secret_from_bytes, standard_webhooks};

port_contracts::gateway!(fixture);

const NOW: Timestamp = Timestamp::from_millis(1_763_800_200_123);

struct Stopped(Timestamp);

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        self.0
    }
}

fn secrets() -> WebhookSecrets {
    WebhookSecrets::parse(&secret_from_bytes(&[7; 32])).unwrap()
}

/// A sandbox that sends no notices.
pub(super) fn sandbox_at(now: Timestamp) -> Sandbox {
    Sandbox::open(SandboxConfig { deliveries: 0, ..SandboxConfig::new(secrets()) }, Arc::new(Stopped(now)))
}

/// The sandbox behaves by the token.
struct TestTokens;

impl GatewayControl for TestTokens {
    fn lose_answers(&self) -> &'static str {
        "tok_timeout"
    }

    fn drop_requests(&self) -> &'static str {
        "tok_unreached"
    }
}

async fn fixture() -> GatewayFixture {
    GatewayFixture {
        gateway: Arc::new(sandbox_at(NOW)),
        other_instance: Arc::new(sandbox_at(NOW.saturating_add(Duration::from_secs(60)))),
        now: NOW,
        control: Arc::new(TestTokens),
        traits: GatewayTraits::CARDS,
        good_token: "tok_visa",
        declined_token: Some("tok_declined"),
        sign_notice: Box::new(|id, body, at| {
            standard_webhooks::signed_headers(secrets().signing_secret(), id, body, at)
        }),
        write_notice: Box::new(|_, event| notice::format_body(event).into_bytes()),
        write_notice_with_text: Box::new(|text| {
            let reason = Some(text.to_owned());
            let details = PaymentDetails { failure_reason: reason, ..PaymentDetails::default() };
            let event = PaymentEvent { details, ..sample_event(EventKind::Failed, NOW) };
            notice::format_body(&event).into_bytes()
        }),
        tamper: |body| String::from_utf8_lossy(body).replace("19.98", "19.97").into_bytes(),
        sample_event: |kind, at| Some(sample_event(kind, at)),
        dashboard_event,
        unknown_type: br#"{"type": "payment.blessed", "data": {}}"#.to_vec(),
    }
}

/// The event of an answer that has one.
fn word(answer: Result<Answer, NoResponse>) -> PaymentEvent {
    let Ok(Answer::Event(event)) = answer else { panic!("no event: {answer:?}") };
    *event
}

/// Returns the events of a payment that the sandbox knows.
async fn known(sandbox: &Sandbox, charge: &Charge) -> Vec<PaymentEvent> {
    let lookup = Lookup { charge: charge.clone(), subject: LookupSubject::Payment };
    match sandbox.look_up(lookup, &AttemptLog::default()).await.unwrap() {
        LookupAnswer::Found { events, .. } => events,
        LookupAnswer::Unknown | LookupAnswer::CannotTell => panic!("it is not known"),
    }
}

fn charge(token: &str, capture_method: CaptureMethod) -> Charge {
    Charge {
        transaction: TransactionId::new("t1".into()),
        reference: None,
        order: OrderNumber::new("n1".into()),
        token: PaymentToken::new(token.into()),
        amount: Money::parse("19.98", "CNY").unwrap(),
        capture_method,
        created_at: NOW,
        requested_at: NOW,
        is_repeated: false,
    }
}

#[tokio::test]
async fn a_pending_charge_has_no_word_before_its_delay_is_over_and_the_same_word_ever_after() {
    let delay = Duration::from_secs(10);
    for (method, kind) in
        [(CaptureMethod::Automatic, EventKind::Captured), (CaptureMethod::Manual, EventKind::Authorized)]
    {
        let charge = charge("tok_pending", method);
        let reference = Some(decision::payment_reference(&charge.transaction));
        assert_eq!(
            sandbox_at(NOW).charge(charge.clone(), &AttemptLog::default()).await.unwrap(),
            Answer::Accepted { reference, next_action: None }
        );
        let early = NOW.saturating_add(delay - Duration::from_millis(1));
        assert_eq!(known(&sandbox_at(early), &charge).await, []);
        let events = known(&sandbox_at(NOW.saturating_add(delay)), &charge).await;
        assert_eq!((events[0].kind, events[0].at), (kind, NOW.saturating_add(delay)));
        assert_eq!(known(&sandbox_at(NOW.saturating_add(delay * 99)), &charge).await, events);
    }
}

#[tokio::test]
async fn a_disputed_charge_is_captured_first() {
    let sandbox = sandbox_at(NOW);
    let automatic =
        sandbox.charge(charge("tok_dispute", CaptureMethod::Automatic), &AttemptLog::default()).await;
    assert_eq!(word(automatic).kind, EventKind::Captured);
    let manual = sandbox.charge(charge("tok_dispute", CaptureMethod::Manual), &AttemptLog::default()).await;
    assert_eq!(word(manual).kind, EventKind::Authorized);
}

#[tokio::test]
async fn an_answer_tells_of_the_card_what_the_contract_shows() {
    let sandbox = sandbox_at(NOW);
    let good =
        word(sandbox.charge(charge("tok_visa", CaptureMethod::Automatic), &AttemptLog::default()).await)
            .details;
    assert_eq!((good.card_last4.as_deref(), good.card_brand.as_deref()), (Some("4242"), Some("visa")));
    assert_eq!((good.response_code.as_deref(), good.failure_reason), (Some("00"), None));
    let code = good.authorization_code.unwrap();
    assert!(
        code.len() == 6 && code.bytes().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit()),
        "{code}"
    );
    let mut other = charge("tok_visa", CaptureMethod::Automatic);
    other.transaction = TransactionId::new("t2".into());
    let other = word(sandbox.charge(other, &AttemptLog::default()).await).details;
    assert_ne!(other.authorization_code, Some(code), "each transaction has its own");

    let declined =
        word(sandbox.charge(charge("tok_declined", CaptureMethod::Automatic), &AttemptLog::default()).await)
            .details;
    assert_eq!(declined.failure_reason.as_deref(), Some("card declined"));
    assert_eq!((declined.response_code.as_deref(), declined.authorization_code), (Some("05"), None));
}

#[tokio::test]
async fn a_token_that_is_not_known_is_declined() {
    let event = word(
        sandbox_at(NOW).charge(charge("tok_mine", CaptureMethod::Automatic), &AttemptLog::default()).await,
    );
    assert_eq!(event.kind, EventKind::Failed);
}

#[test]
fn what_is_masked_is_still_verified_as_it_was_sent() {
    let body = br#"{"type":"payment.captured","card":"4242424242424242","cvc":"123"}"#;
    let headers =
        standard_webhooks::signed_headers(secrets().signing_secret(), "4242424242424242", body, NOW);
    let notice = sandbox_at(NOW).verify_notice(&headers, body, NOW).unwrap();
    assert_eq!(notice.raw, r#"{"card":"************4242","cvc":"***","type":"payment.captured"}"#);
    assert!(!notice.id.as_str().contains("42424242"));
}

#[test]
fn it_is_answered_as_the_contract_says() {
    let sandbox = sandbox_at(NOW);
    for (duplicate, body) in
        [(false, r#"{"received":true,"duplicate":false}"#), (true, r#"{"received":true,"duplicate":true}"#)]
    {
        let acknowledgement = sandbox.acknowledge(duplicate);
        assert_eq!((acknowledgement.status, acknowledgement.content_type), (200, "application/json"));
        assert_eq!(acknowledgement.body, body);
    }
}

#[test]
fn of_what_it_was_asked_to_do_only_so_much_is_remembered() {
    let ledger = Ledger::default();
    let event = decision::build_event(
        &charge("tok_visa", CaptureMethod::Manual),
        EventKind::Voided,
        charge("", CaptureMethod::Manual).amount,
        NOW,
    );
    let entry = |n: usize| Entry::Operation(TransactionId::new(format!("t{n}")));
    for n in 0..=10_000 {
        ledger.record(entry(n), event.clone());
        ledger.is_first_attempt(&TransactionId::new(format!("t{n}")));
    }
    assert_eq!((ledger.find(&entry(0)), ledger.find(&entry(1)).is_some()), (None, true));
    assert!(ledger.is_first_attempt(&TransactionId::new("t0".into())), "a forgotten charge is lost again");
}

#[tokio::test]
async fn a_refund_that_another_instance_made_is_not_recognised_by_its_time() {
    let charge = charge_of("t1");
    let (made, elsewhere) = (sandbox_at(NOW), sandbox_at(NOW));
    let (id, amount) = (domain::RefundId::new("r1".to_owned()), Money::parse("5", "CNY").unwrap());
    let log = AttemptLog::default();
    let Answer::Event(event) = made.refund(charge.clone(), id.clone(), amount, &log).await.unwrap() else {
        panic!("it has a result")
    };
    let look_up = async |reference| {
        let subject = LookupSubject::Refund { id: id.clone(), reference, amount };
        elsewhere.look_up(Lookup { charge: charge.clone(), subject }, &log).await.unwrap()
    };
    assert_eq!(look_up(event.references.refund).await, LookupAnswer::CannotTell);
    assert_eq!(look_up(None).await, LookupAnswer::Unknown);
    let other = GatewayReference::new("sb_ref_other".to_owned());
    assert_eq!(look_up(Some(other)).await, LookupAnswer::Unknown);
}

fn charge_of(transaction: &str) -> Charge {
    Charge {
        transaction: TransactionId::new(transaction.to_owned()),
        reference: None,
        order: OrderNumber::new("n1".to_owned()),
        token: PaymentToken::new("tok_visa".to_owned()),
        amount: Money::parse("19.98", "CNY").unwrap(),
        capture_method: CaptureMethod::Automatic,
        created_at: NOW,
        requested_at: NOW,
        is_repeated: false,
    }
}
