use domain::{
    EventId, OrderNumber, TransactionId,
    payment::{EventKind, EventReferences, EventTarget, PaymentDetails, PaymentToken, ReportedAmount},
};
use ports::{Gateway, Lookup, LookupSubject};
use serde_json::{Value, json};

use super::*;
use crate::sandbox::tests::sandbox_at;

const NOW: Timestamp = Timestamp::from_millis(1_763_800_200_123);

fn charge(token: &str) -> Charge {
    Charge {
        transaction: TransactionId::new("t1".into()),
        reference: None,
        order: OrderNumber::new("n1".into()),
        token: PaymentToken::new(token.into()),
        amount: Money::parse("19.98", "CNY").unwrap(),
        capture_method: CaptureMethod::Automatic,
        created_at: NOW,
        requested_at: NOW,
        is_repeated: false,
    }
}

/// The only attempt of the log: its request, and its answer or the reason why there was none.
fn only(log: &AttemptLog) -> (String, Result<String, String>) {
    let [attempt] = <[_; 1]>::try_from(log.take()).unwrap();
    assert_eq!(attempt.sent_at, NOW);
    match attempt.outcome {
        AttemptOutcome::Answered { status: None, body } => (attempt.request, Ok(body)),
        AttemptOutcome::Failed(reason) => (attempt.request, Err(reason)),
        AttemptOutcome::Answered { status, .. } => panic!("the sandbox speaks no HTTP: {status:?}"),
    }
}

#[tokio::test]
async fn each_call_is_recorded_once_with_what_came_back() {
    let (sandbox, log) = (sandbox_at(NOW), AttemptLog::default());
    let yuan = Money::parse("5", "CNY").unwrap();
    sandbox.charge(charge("tok_visa"), &log).await.unwrap();
    let (request, answer) = only(&log);
    let expected = r#"charge {"amount":"19.98","currency":"CNY","captureMethod":"AUTOMATIC"}"#;
    assert_eq!(request, expected);
    let answer: Value = serde_json::from_str(&answer.unwrap()).unwrap();
    assert_eq!((&answer["type"], &answer["data"]["amount"]), (&json!("payment.captured"), &json!("19.98")));
    sandbox.charge(charge("tok_pending"), &log).await.unwrap();
    assert_eq!(only(&log).1.unwrap(), ACCEPTED);
    sandbox.charge(charge("tok_timeout"), &log).await.unwrap_err();
    assert_eq!(only(&log).1.unwrap_err(), "the gateway's answer was lost");
    sandbox.capture(charge("tok_visa"), yuan, &log).await.unwrap();
    assert_eq!(only(&log).0, r#"capture {"amount":"5.00","currency":"CNY"}"#);
    sandbox.void(charge("tok_visa"), &log).await.unwrap();
    assert_eq!(only(&log).0, "void {}");
    let refund = RefundId::new("r1".into());
    sandbox.refund(charge("tok_visa"), refund.clone(), yuan, &log).await.unwrap();
    assert_eq!(only(&log).0, r#"refund {"refundId":"r1","amount":"5.00","currency":"CNY"}"#);
    let subject = LookupSubject::Refund { id: refund, reference: None, amount: yuan };
    sandbox.look_up(Lookup { charge: charge("tok_visa"), subject }, &log).await.unwrap();
    let (request, answer) = only(&log);
    assert_eq!(request, r#"look-up {"refundId":"r1"}"#);
    assert!(answer.unwrap().contains("refund.succeeded"));
    let unknown = Lookup { charge: charge("tok_mine"), subject: LookupSubject::Payment };
    sandbox.look_up(unknown, &log).await.unwrap();
    assert_eq!(only(&log), ("look-up {}".to_owned(), Ok(UNKNOWN.to_owned())));
}

#[tokio::test]
async fn a_card_number_is_never_recorded() {
    let log = AttemptLog::default();
    let number = "4242424242424242";
    let event = PaymentEvent {
        id: EventId::new("e".into()),
        kind: EventKind::Failed,
        target: EventTarget::Transaction(TransactionId::new("t1".into())),
        order: None,
        reported: ReportedAmount { amount: "1".into(), currency: "CNY".into() },
        refund: None,
        dispute: None,
        references: EventReferences::default(),
        details: PaymentDetails {
            failure_reason: Some(format!("{number} was refused, cvc 123")),
            ..PaymentDetails::default()
        },
        at: NOW,
    };
    let sandbox = sandbox_at(NOW);
    let call = OpenCall::new("charge", &Request::from_charge(&charge(number)), &*sandbox.clock);
    call.end(Ok(Answer::from(event)), &log).unwrap();
    sandbox.charge(charge(number), &log).await.unwrap();
    let text = format!("{:?}", log.take());
    assert!(text.contains("************4242") && !text.contains("42424"), "{text}");
}
