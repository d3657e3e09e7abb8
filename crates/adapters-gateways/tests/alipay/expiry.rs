//! The time in which a payment can be paid: the answers before, at, and after its end.

use adapters_gateways::Alipay;
use domain::payment::{EventKind, NextAction, PaymentEvent};
use ports::{Answer, AttemptLog, Charge, Gateway, Lookup, LookupAnswer, LookupSubject, ParsedNotice};

use crate::{charge, double::Failure::Code, keys, open, yuan};

const OURS: &str = "k3vq7xk2m5n4p6r7s2t3u4v5w6";
const PAYABLE: i64 = 30 * 60;
const SETTLING: i64 = 5 * 60;

async fn look_up(alipay: &Alipay, charge: Charge) -> LookupAnswer {
    let lookup = Lookup { charge, subject: LookupSubject::Payment };
    alipay.look_up(lookup, &AttemptLog::default()).await.unwrap()
}

/// Returns the events and the next action of what was found.
#[track_caller]
fn found(answer: LookupAnswer) -> (Vec<PaymentEvent>, Option<NextAction>) {
    match answer {
        LookupAnswer::Found { events, next_action, .. } => (events, next_action),
        LookupAnswer::Unknown | LookupAnswer::CannotTell => panic!("not found: {answer:?}"),
    }
}

async fn next_action(alipay: &Alipay, token: &str) -> NextAction {
    match alipay.charge(charge(token), &AttemptLog::default()).await.unwrap() {
        Answer::Accepted { next_action: Some(it), reference: None } => it,
        other @ (Answer::Event(_)
        | Answer::Accepted { .. }
        | Answer::RefundRefused(_)
        | Answer::OperationRefused(_)) => {
            panic!("the buyer must act: {other:?}")
        }
    }
}

#[tokio::test]
async fn pages_and_apps_need_no_call_and_open_what_was_signed() {
    for token in ["page", "wap", "app"] {
        let (double, alipay) = open().await;
        let action = next_action(&alipay, token).await;
        assert_eq!(double.take_methods(), Vec::<String>::new());
        double.open_action(&action).unwrap();
        double.pay_opened(OURS);
        let (events, _) = found(look_up(&alipay, charge(token)).await);
        assert_eq!((events.len(), events[0].kind), (1, EventKind::Captured));
        assert_eq!(events[0].reported, yuan("88.88").into());
    }
}

#[tokio::test]
async fn a_page_that_the_buyer_has_not_opened_stays_payable_with_the_same_address() {
    let (double, alipay) = open().await;
    let action = next_action(&alipay, "page").await;
    for seconds in [1, 600, PAYABLE - 602] {
        double.clock.advance(seconds);
        assert_eq!(found(look_up(&alipay, charge("page")).await), (Vec::new(), Some(action.clone())));
    }
    double.open_action(&action).unwrap();
    assert_eq!(found(look_up(&alipay, charge("page")).await), (Vec::new(), Some(action)), "open and unpaid");
}

#[tokio::test]
async fn a_qr_code_that_was_not_scanned_may_be_made_again_until_its_end() {
    let (double, alipay) = open().await;
    next_action(&alipay, "qr").await;
    assert_eq!(look_up(&alipay, charge("qr")).await, LookupAnswer::Unknown);
    double.clock.advance(PAYABLE);
    assert_eq!(found(look_up(&alipay, charge("qr")).await), (Vec::new(), None));
    double.take_methods();
    let late = alipay.charge(charge("qr"), &AttemptLog::default()).await.unwrap();
    assert_eq!(late, Answer::Accepted { reference: None, next_action: None });
    assert_eq!(double.take_methods(), Vec::<String>::new(), "nothing new can be paid");
}

#[tokio::test]
async fn a_payment_that_was_never_opened_fails_after_its_end_and_not_at_it() {
    for token in ["qr", "page", "wap", "app"] {
        let (double, alipay) = open().await;
        next_action(&alipay, token).await;
        double.clock.advance(PAYABLE + SETTLING - 1);
        assert_eq!(found(look_up(&alipay, charge(token)).await), (Vec::new(), None), "{token}");
        double.clock.advance(1);
        let (events, action) = found(look_up(&alipay, charge(token)).await);
        assert_eq!((events.len(), events[0].kind, action), (1, EventKind::Failed, None));
        assert_eq!(events[0].details.failure_reason.as_deref(), Some("not paid in time"));
        assert_eq!(events[0].at.as_millis(), crate::NOW.as_millis() - 123 + PAYABLE * 1_000);
    }
}

#[tokio::test]
async fn the_address_cannot_be_opened_after_its_end() {
    let (double, alipay) = open().await;
    let action = next_action(&alipay, "page").await;
    double.clock.advance(PAYABLE);
    assert!(double.open_action(&action).is_err());
}

#[tokio::test]
async fn an_opened_and_unpaid_payment_is_closed_before_it_fails() {
    let (double, alipay) = open().await;
    double.open_action(&next_action(&alipay, "page").await).unwrap();
    double.clock.advance(PAYABLE + SETTLING - 1);
    assert_eq!(found(look_up(&alipay, charge("page")).await), (Vec::new(), None));
    double.clock.advance(1);
    double.take_methods();
    let (events, _) = found(look_up(&alipay, charge("page")).await);
    assert_eq!((events.len(), events[0].kind), (1, EventKind::Failed));
    assert_eq!(double.take_methods(), ["query", "close"]);
    let (again, _) = found(look_up(&alipay, charge("page")).await);
    assert_eq!((again[0].kind, again[0].at, &again[0].id), (EventKind::Failed, events[0].at, &events[0].id));
}

#[tokio::test]
async fn a_payment_that_cannot_be_closed_stays_open_and_the_next_lookup_tells() {
    let (double, alipay) = open().await;
    double.open_action(&next_action(&alipay, "page").await).unwrap();
    double.clock.advance(PAYABLE + SETTLING);
    double.fail_next("alipay.trade.close", &[Code("40004", "ACQ.TRADE_STATUS_ERROR")]);
    assert_eq!(found(look_up(&alipay, charge("page")).await).0, Vec::new());
    double.pay_opened(OURS);
    assert_eq!(found(look_up(&alipay, charge("page")).await).0[0].kind, EventKind::Captured);
}

#[tokio::test]
async fn a_payment_that_alipay_has_closed_fails_and_one_that_is_refunded_does_not() {
    let (double, alipay) = open().await;
    double.open_action(&next_action(&alipay, "page").await).unwrap();
    double.close_expired(OURS);
    let (events, action) = found(look_up(&alipay, charge("page")).await);
    assert_eq!((events[0].kind, action), (EventKind::Failed, None));
    let (double, alipay) = open().await;
    double.open_action(&next_action(&alipay, "page").await).unwrap();
    double.pay_opened(OURS);
    double.close_expired(OURS);
    assert_eq!(found(look_up(&alipay, charge("page")).await).0[0].kind, EventKind::Captured);
}

#[tokio::test]
async fn a_void_closes_what_is_unpaid_and_never_returns_money() {
    let (double, alipay) = open().await;
    let log = AttemptLog::default();
    let action = next_action(&alipay, "page").await;
    let absent = alipay.void(charge("page"), &log).await.unwrap();
    assert!(matches!(absent, Answer::Accepted { .. }), "the buyer may still open it");
    double.open_action(&action).unwrap();
    for _ in 0..2 {
        let Answer::Event(event) = alipay.void(charge("page"), &log).await.unwrap() else {
            panic!("an event")
        };
        assert_eq!(event.kind, EventKind::Voided);
    }
    let (double, alipay) = open().await;
    double.open_action(&next_action(&alipay, "page").await).unwrap();
    double.pay_opened(OURS);
    let Answer::Event(event) = alipay.void(charge("page"), &log).await.unwrap() else { panic!("an event") };
    assert_eq!(event.kind, EventKind::Captured, "the buyer was quicker");
    let (double, alipay) = open().await;
    double.clock.advance(PAYABLE + SETTLING);
    let Answer::Event(event) = alipay.void(charge("page"), &log).await.unwrap() else { panic!("an event") };
    assert_eq!(event.kind, EventKind::Voided, "it can never be opened");
}

#[tokio::test]
async fn a_capture_only_looks_whether_the_buyer_has_paid() {
    let (double, alipay) = open().await;
    let log = AttemptLog::default();
    let action = next_action(&alipay, "page").await;
    let answer = alipay.capture(charge("page"), yuan("88.88"), &log).await.unwrap();
    assert!(matches!(answer, Answer::Accepted { .. }));
    double.open_action(&action).unwrap();
    double.pay_opened(OURS);
    let answer = alipay.capture(charge("page"), yuan("88.88"), &log).await.unwrap();
    assert!(matches!(answer, Answer::Event(it) if it.kind == EventKind::Captured));
}

#[tokio::test]
async fn a_notice_and_a_lookup_state_the_same_fact_however_late_and_often() {
    let (double, alipay) = open().await;
    double.open_action(&next_action(&alipay, "page").await).unwrap();
    double.clock.advance(60);
    double.pay_opened(OURS);
    let (first, second) = (double.notice(OURS), double.notice(OURS));
    let (found, _) = found(look_up(&alipay, charge("page")).await);
    double.clock.advance(25 * 3_600);
    // The later notice comes first, and the first one again after a day.
    for (form, is_first) in [(&second, false), (&first, true), (&first, true)] {
        let body = keys::sign_notice(form);
        let now = ports::Clock::now(&*double.clock);
        let notice = alipay.verify_notice(&Default::default(), &body, now).unwrap();
        assert_eq!(notice.id.as_str() == first["notify_id"], is_first);
        let ParsedNotice::Event(event) = alipay.parse_notice(&notice, now) else { panic!("an event") };
        let details = found[0].details.clone();
        assert_eq!(PaymentEvent { id: found[0].id.clone(), details, ..*event }, found[0]);
        assert_eq!(alipay.acknowledge(true).body, "success");
    }
}

#[tokio::test]
async fn a_notice_about_a_refund_of_ours_does_not_contradict() {
    let (double, alipay) = open().await;
    let log = AttemptLog::default();
    double.open_action(&next_action(&alipay, "page").await).unwrap();
    double.pay_opened(OURS);
    for (id, amount) in [("a", "5"), ("b", "83.88")] {
        let refund = domain::RefundId::new(format!("{id}1vq7xk2m5n4p6r7s2t3u4v5w6").replace('1', "2"));
        alipay.refund(charge("page"), refund, yuan(amount), &log).await.unwrap();
        let body = keys::sign_notice(&double.notice(OURS));
        let notice = alipay.verify_notice(&Default::default(), &body, crate::NOW).unwrap();
        let ParsedNotice::Event(event) = alipay.parse_notice(&notice, crate::NOW) else { panic!("an event") };
        assert_eq!((event.kind, event.reported), (EventKind::Captured, yuan("88.88").into()));
    }
}
