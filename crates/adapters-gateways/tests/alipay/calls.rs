//! Calls that fail: which are repeated, which answers are not believed, and what each refusal means.

use std::time::Duration;

use domain::payment::{CaptureMethod, EventKind, NextAction, PaymentEvent};
use ports::{
    Answer, AttemptLog, AttemptOutcome, Charge, Gateway, GatewayCheck, Lookup, LookupAnswer, LookupSubject,
    NoResponse, Unsupported,
};

use crate::{
    charge,
    double::Failure::{BadSignature, Code, Drop, Late, Lose, Status, Unsigned},
    open, yuan,
};

const PRECREATE: &str = "alipay.trade.precreate";
const QUERY: &str = "alipay.trade.query";

fn event_of(answer: Answer) -> PaymentEvent {
    match answer {
        Answer::Event(event) => *event,
        Answer::Accepted { .. } | Answer::RefundRefused(_) | Answer::OperationRefused(_) => {
            panic!("no event")
        }
    }
}

fn payment(token: &str) -> Lookup {
    Lookup { charge: charge(token), subject: LookupSubject::Payment }
}

/// A charge by QR code that was sent before.
fn repeated() -> Charge {
    Charge { is_repeated: true, ..charge("qr") }
}

/// The chain of causes, as the service logs it.
fn reason_of(error: &NoResponse) -> String {
    ports::ErrorChain(error).to_string()
}

#[tokio::test]
async fn a_charge_is_repeated_with_the_same_content_until_it_is_answered() {
    for failures in [
        [Lose, Drop],
        [Status(500, None), Status(429, Some(("retry-after", "0")))],
        [Code("20000", "isp.unknow-error"), Code("40004", "ACQ.SYSTEM_ERROR")],
        [Code("40005", "isv.app-call-limited"), Lose],
    ] {
        let (double, alipay) = open().await;
        double.fail_next(PRECREATE, &failures);
        let log = AttemptLog::default();
        let answer = alipay.charge(charge("qr"), &log).await.unwrap();
        let content = "https://qr.alipay.com/k3vq7xk2m5n4p6r7s2t3u4v5w6".to_owned();
        let next_action = Some(NextAction::QrCode { content });
        assert_eq!(answer, Answer::Accepted { reference: None, next_action }, "{failures:?}");
        assert_eq!(log.take().len(), 3, "every attempt is recorded");
        let received = std::mem::take(&mut double.state().received);
        assert!(received.windows(2).all(|it| it[0] == it[1]), "the same content");
    }
}

#[tokio::test]
async fn after_three_attempts_there_is_no_answer_and_the_reason_is_known() {
    for (failure, expected) in [
        (Status(503, None), "HTTP status 503"),
        (Code("20000", "aop.unknow-error"), "20000 aop.unknow-error"),
        (Code("40004", "ACQ.SYSTEM_ERROR"), "ACQ.SYSTEM_ERROR"),
    ] {
        let (double, alipay) = open().await;
        double.fail_next(PRECREATE, &[failure; 4]);
        let log = AttemptLog::default();
        let error = alipay.charge(charge("qr"), &log).await.unwrap_err();
        assert!(reason_of(&error).contains(expected), "{}", reason_of(&error));
        assert_eq!(log.take().len(), 3);
    }
}

#[tokio::test]
async fn a_caller_that_gives_up_leaves_a_record() {
    let (double, alipay) = open().await;
    double.fail_next(PRECREATE, &[Late(Duration::from_secs(60))]);
    let log = AttemptLog::default();
    let answer = tokio::time::timeout(Duration::from_millis(300), alipay.charge(charge("qr"), &log)).await;
    assert!(answer.is_err());
    let [attempt] = &log.take()[..] else { panic!("one attempt") };
    assert!(matches!(attempt.outcome, AttemptOutcome::Failed(_)));
}

#[tokio::test]
async fn an_answer_without_a_valid_signature_is_no_answer() {
    for failure in [BadSignature, Unsigned("10000", ""), Unsigned("40004", "ACQ.TRADE_NOT_EXIST")] {
        let (double, alipay) = open().await;
        double.fail_next(QUERY, &[failure]);
        double.fail_next(PRECREATE, &[failure]);
        let log = AttemptLog::default();
        let error = alipay.look_up(payment("page"), &log).await.unwrap_err();
        assert!(reason_of(&error).contains("signature"), "{}", reason_of(&error));
        alipay.charge(charge("qr"), &log).await.unwrap_err();
    }
}

#[tokio::test]
async fn what_an_operator_has_to_mend_is_no_decline() {
    for failure in [
        Unsigned("40002", "isv.invalid-app-id"),
        Code("40002", "isv.invalid-signature"),
        Code("40006", "isv.insufficient-isv-permissions"),
        Code("20001", "aop.invalid-app-auth-token"),
        Code("40004", "ACQ.ACCESS_FORBIDDEN"),
        Status(404, None),
    ] {
        let (double, alipay) = open().await;
        double.fail_next(PRECREATE, &[failure]);
        let error = alipay.charge(charge("qr"), &AttemptLog::default()).await.unwrap_err();
        assert!(matches!(error, NoResponse::Unavailable(_)), "{failure:?}");
        assert_eq!(double.take_methods(), Vec::<String>::new(), "it is not repeated");
    }
}

#[tokio::test]
async fn a_first_charge_that_alipay_refuses_has_failed_for_its_reason() {
    for failure in [
        Code("40004", "ACQ.TOTAL_FEE_EXCEED"),
        Code("40004", "ACQ.EXIST_FORBIDDEN_WORD"),
        Code("40004", "ACQ.SELLER_BEEN_BLOCKED"),
        Code("40002", "isv.invalid-parameter"),
    ] {
        let (double, alipay) = open().await;
        // However long it takes to arrive.
        double.clock.advance(60);
        double.fail_next(PRECREATE, &[failure]);
        let event = event_of(alipay.charge(charge("qr"), &AttemptLog::default()).await.unwrap());
        let Code(_, code) = failure else { panic!("a code") };
        assert_eq!((event.kind, event.details.response_code.as_deref()), (EventKind::Failed, Some(code)));
        assert_eq!(event.details.failure_reason, Some(format!("说明 {code}")));
        assert_eq!(event.reported, yuan("88.88").into());
    }
}

#[tokio::test]
async fn a_refusal_does_not_fail_a_payment_whose_code_the_buyer_may_hold() {
    let refused = Code("40004", "ACQ.TOTAL_FEE_EXCEED");
    let open_answer = Answer::Accepted { reference: None, next_action: None };
    let log = AttemptLog::default();
    // The answer to the first request is lost, and its repetition within the call is refused.
    let (double, alipay) = open().await;
    double.fail_next(PRECREATE, &[Lose, refused]);
    assert_eq!(alipay.charge(charge("qr"), &log).await.unwrap(), open_answer);
    // A retry of the client resumes the payment at once.
    let (double, alipay) = open().await;
    alipay.charge(charge("qr"), &log).await.unwrap();
    double.fail_next(PRECREATE, &[refused]);
    assert_eq!(alipay.charge(repeated(), &log).await.unwrap(), open_answer);
    double.scan_code("k3vq7xk2m5n4p6r7s2t3u4v5w6");
    double.pay_opened("k3vq7xk2m5n4p6r7s2t3u4v5w6");
    let LookupAnswer::Found { events, .. } = alipay.look_up(payment("qr"), &log).await.unwrap() else {
        panic!("the buyer has paid with the first code")
    };
    assert_eq!(events[0].kind, EventKind::Captured);
}

#[tokio::test]
async fn a_payment_that_a_later_refusal_left_open_fails_at_its_end() {
    let (double, alipay) = open().await;
    let log = AttemptLog::default();
    double.fail_next(PRECREATE, &[Code("40004", "ACQ.TOTAL_FEE_EXCEED")]);
    assert!(matches!(alipay.charge(repeated(), &log).await.unwrap(), Answer::Accepted { .. }));
    double.clock.advance(35 * 60);
    let LookupAnswer::Found { events, .. } = alipay.look_up(payment("qr"), &log).await.unwrap() else {
        panic!("it is over")
    };
    assert_eq!(events[0].kind, EventKind::Failed);
}

#[tokio::test]
async fn a_charge_that_is_paid_already_is_captured() {
    let (double, alipay) = open().await;
    let log = AttemptLog::default();
    alipay.charge(charge("qr"), &log).await.unwrap();
    double.scan_code("k3vq7xk2m5n4p6r7s2t3u4v5w6");
    let scanned = alipay.charge(charge("qr"), &log).await.unwrap();
    assert!(matches!(scanned, Answer::Accepted { next_action: Some(_), .. }), "it can still be paid");
    double.pay_opened("k3vq7xk2m5n4p6r7s2t3u4v5w6");
    let event = event_of(alipay.charge(charge("qr"), &log).await.unwrap());
    assert_eq!((event.kind, event.reported), (EventKind::Captured, yuan("88.88").into()));
}

#[tokio::test]
async fn a_charge_whose_content_differs_stays_open() {
    let (double, alipay) = open().await;
    let log = AttemptLog::default();
    alipay.charge(charge("qr"), &log).await.unwrap();
    double.scan_code("k3vq7xk2m5n4p6r7s2t3u4v5w6");
    double.state().trades.values_mut().for_each(|it| it.content["subject"] = "of an older version".into());
    let answer = alipay.charge(charge("qr"), &log).await.unwrap();
    let Answer::Accepted { reference, next_action } = answer else { panic!("no result yet") };
    assert!(reference.is_some() && next_action.is_none());
}

#[tokio::test]
async fn a_query_that_is_refused_or_about_another_payment_cannot_tell() {
    let (double, alipay) = open().await;
    double.fail_next(QUERY, &[Code("40004", "ACQ.INVALID_PARAMETER")]);
    let log = AttemptLog::default();
    assert_eq!(alipay.look_up(payment("page"), &log).await.unwrap(), LookupAnswer::CannotTell);
    let mut lookup = payment("page");
    lookup.charge.reference = domain::payment::GatewayReference::parse("20261126220014").ok();
    assert_eq!(alipay.look_up(lookup, &log).await.unwrap(), LookupAnswer::CannotTell, "it knew it before");
}

#[tokio::test]
async fn a_check_says_what_is_right_and_what_has_to_be_mended() {
    let (double, alipay) = open().await;
    let log = AttemptLog::default();
    assert!(matches!(alipay.check(&log).await.unwrap(), GatewayCheck::Ready(_)));
    for (failure, expected) in [
        (Code("40002", "isv.invalid-signature"), "isv.invalid-signature"),
        (Unsigned("40002", "isv.invalid-app-id"), "isv.invalid-app-id"),
        (Code("40004", "ACQ.INVALID_PARAMETER"), "ACQ.INVALID_PARAMETER"),
        (BadSignature, "public keys of Alipay"),
    ] {
        double.fail_next(QUERY, &[failure]);
        let GatewayCheck::Refused(reason) = alipay.check(&log).await.unwrap() else { panic!("{failure:?}") };
        assert!(reason.contains(expected), "{reason}");
    }
    double.fail_next(QUERY, &[Drop; 3]);
    assert!(alipay.check(&log).await.is_err());
}

#[tokio::test]
async fn the_record_shows_what_was_asked_and_neither_a_signature_nor_the_buyer() {
    let (double, alipay) = open().await;
    let log = AttemptLog::default();
    alipay.charge(charge("qr"), &log).await.unwrap();
    double.scan_code("k3vq7xk2m5n4p6r7s2t3u4v5w6");
    alipay.look_up(payment("qr"), &log).await.unwrap();
    let all = log.take();
    assert_eq!(all.len(), 2);
    assert!(all[0].request.starts_with("POST ?app_id=2014072300007148"), "{}", all[0].request);
    assert!(all[0].request.contains(r#""out_trade_no":"k3vq7xk2m5n4p6r7s2t3u4v5w6""#), "{}", all[0].request);
    for attempt in &all {
        let AttemptOutcome::Answered { status, body } = &attempt.outcome else { panic!("answered") };
        assert_eq!(*status, Some(200));
        for hidden in ["sign=", "2088102122524333", "159"] {
            assert!(!attempt.request.contains(hidden) && !body.contains(hidden), "{hidden}: {body}");
        }
    }
}

#[tokio::test]
async fn only_yuan_that_alipay_can_take_are_supported() {
    let (_double, alipay) = open().await;
    let supports = |amount: &str, currency: &str, method| {
        alipay.supports(domain::Money::parse(amount, currency).unwrap(), method)
    };
    for amount in ["0.01", "100000000.00"] {
        assert_eq!(supports(amount, "CNY", CaptureMethod::Automatic), Ok(()));
    }
    assert_eq!(supports("100000000.01", "CNY", CaptureMethod::Automatic), Err(Unsupported::Amount));
    assert_eq!(supports("1", "USD", CaptureMethod::Automatic), Err(Unsupported::Currency));
    assert_eq!(supports("1", "CNY", CaptureMethod::Manual), Err(Unsupported::CaptureMethod));
}
