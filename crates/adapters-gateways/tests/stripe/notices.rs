//! The notices of the double: whatever their order and number, they state what the answers state.

use domain::payment::{CaptureMethod, EventKind, EventTarget, PaymentEvent};
use ports::{Gateway, ParsedNotice};
use serde_json::{Value, json};

use crate::{
    Bench, NOW, automatic, bench, bench_with, charge_with, expect_event, manual, sign,
    unintelligible::{change_object, intent_object},
};

pub(crate) fn receive(it: &Bench, event: &Value) -> ParsedNotice {
    let body = event.to_string();
    let now = it.clock.0.lock().unwrap().to_owned();
    let notice =
        it.gateway.verify_notice(&sign("whsec_second", now, body.as_bytes()), body.as_bytes(), now).unwrap();
    assert_eq!(notice.id.as_str(), event["id"].as_str().unwrap());
    it.gateway.parse_notice(&notice, now)
}

/// The events of all notices that the double has sent.
fn stated(it: &Bench) -> Vec<PaymentEvent> {
    let all = it.double.state().events.clone();
    let events = all.iter().map(|event| receive(it, event));
    events
        .filter_map(|parsed| match parsed {
            ParsedNotice::Event(event) => Some(*event),
            ParsedNotice::Irrelevant { .. } => None,
            other @ (ParsedNotice::UnknownType { .. } | ParsedNotice::Unintelligible { .. }) => {
                panic!("{other:?}")
            }
        })
        .collect()
}

/// Asserts that a notice and an answer are the same fact.
#[track_caller]
fn assert_same(stated: &PaymentEvent, answered: &PaymentEvent) {
    let (id, details) = (answered.id.clone(), answered.details.clone());
    let at = answered.at;
    assert!(stated.at.as_millis().abs_diff(at.as_millis()) < 1000, "{stated:?} {answered:?}");
    assert_eq!(PaymentEvent { id, details, at, ..stated.clone() }, *answered);
}

#[tokio::test]
async fn each_answer_has_one_notice_that_states_the_same() {
    let it = bench().await;
    let charge = it.made(manual()).await;
    let authorized = stated(&it).pop().unwrap();
    assert_same(&authorized, &expect_event(it.charge(&manual()).await));
    let captured = expect_event(it.gateway.capture(charge.clone(), charge.amount, &it.log).await);
    assert_same(&stated(&it).pop().unwrap(), &captured);
    let id = domain::RefundId::new("r1".into());
    let refunded = expect_event(it.gateway.refund(charge.clone(), id, charge.amount, &it.log).await);
    assert_same(&stated(&it).pop().unwrap(), &refunded);
    assert_eq!(stated(&it).len(), 3, "the other notices add no fact");

    let it = bench().await;
    let charge = it.made(manual()).await;
    let voided = expect_event(it.gateway.void(charge, &it.log).await);
    assert_same(&stated(&it).pop().unwrap(), &voided);
    assert_eq!(stated(&it).len(), 2, "the release of the money is no refund");

    let it = bench().await;
    let declined =
        expect_event(it.charge(&charge_with("tok_chargeDeclined", CaptureMethod::Automatic)).await);
    let failed = stated(&it).pop().unwrap();
    assert_same(&failed, &declined);
    assert_eq!(failed.details.failure_reason, declined.details.failure_reason);
}

#[tokio::test]
async fn the_release_of_the_rest_of_a_partial_capture_is_no_refund() {
    for transaction in [Value::Null, json!("txn_9")] {
        let it = bench().await;
        it.double.state().release_transaction = transaction.clone();
        let charge = it.made(manual()).await;
        expect_event(it.gateway.capture(charge.clone(), crate::money("5", "CNY"), &it.log).await);
        let kinds: Vec<_> = stated(&it).iter().map(|it| it.kind).collect();
        assert_eq!(kinds, [EventKind::Authorized, EventKind::Captured], "{transaction}");
        let released = it.double.state().events.last().unwrap().clone();
        assert_eq!(
            (&released["type"], &released["data"]["object"]["amount"]),
            (&json!("refund.created"), &json!(1498)),
            "the double has sent it"
        );
        // A real refund of the same amount counts.
        let real =
            it.gateway.refund(charge, domain::RefundId::new("r1".into()), crate::money("5", "CNY"), &it.log);
        expect_event(real.await);
        assert_eq!(stated(&it).last().unwrap().kind, EventKind::RefundSucceeded);
    }
}

#[tokio::test]
async fn a_release_that_began_in_the_dashboard_is_never_booked() {
    for (transaction, expected) in [(Value::Null, "irrelevant"), (json!("txn_9"), "unintelligible")] {
        let it = bench().await;
        it.double.state().release_transaction = transaction;
        it.made(manual()).await;
        it.double.state().capture(0, 500);
        let mut event = it.double.state().events.last().unwrap().clone();
        event["api_version"] = json!("2025-02-24.acacia");
        let parsed = receive(&it, &event);
        let is_expected = match &parsed {
            ParsedNotice::Irrelevant { .. } => expected == "irrelevant",
            ParsedNotice::Unintelligible { fault } => {
                expected == "unintelligible" && fault.contains("not captured")
            }
            ParsedNotice::Event(_) | ParsedNotice::UnknownType { .. } => false,
        };
        assert!(is_expected, "{expected}: {parsed:?}");
    }
}

#[tokio::test]
async fn an_authorisation_that_expires_has_failed() {
    let it = bench().await;
    it.made(manual()).await;
    it.advance(7 * 24 * 3_600);
    it.double.state().cancel(0, "automatic");
    let failed = stated(&it).pop().unwrap();
    assert_eq!((failed.kind, failed.reported.amount.as_str()), (EventKind::Failed, "19.98"));
    assert_eq!(
        failed.details.failure_reason.as_deref(),
        Some("the authorisation expired before it was captured")
    );
}

#[tokio::test]
async fn an_authorisation_that_is_used_up_is_no_new_one() {
    let it = bench().await;
    it.made(manual()).await;
    let mut event = it.double.state().events.last().unwrap().clone();
    assert!(matches!(receive(&it, &event), ParsedNotice::Event(_)));
    // It is also sent when the capturable amount falls to zero.
    event["data"]["object"]["status"] = json!("succeeded");
    assert!(matches!(receive(&it, &event), ParsedNotice::Irrelevant { .. }));
}

#[tokio::test]
async fn the_payment_of_another_integration_is_no_event_and_no_finding() {
    let it = bench().await;
    it.made(automatic()).await;
    let mut events = it.double.state().events.clone();
    for event in &mut events {
        event["data"]["object"]["metadata"] = json!({"cart": "7"});
        assert!(matches!(receive(&it, event), ParsedNotice::Irrelevant { .. }), "{event}");
    }
}

pub(crate) fn event_of(kind: &str, object: Value) -> Value {
    json!({"id": "evt_x", "object": "event", "type": kind, "created": NOW.as_millis() / 1000, "livemode": false,
        "data": {"object": object}})
}

#[tokio::test]
async fn a_refund_or_dispute_of_the_dashboard_names_the_payment_by_reference() {
    let it = bench().await;
    let refund = json!({"id": "re_9", "object": "refund", "amount": 500, "currency": "cny", "metadata": {},
        "payment_intent": "pi_1", "status": "succeeded", "balance_transaction": "txn_1"});
    let charge = json!({"id": "ch_1", "object": "charge", "captured": true, "payment_intent": "pi_1",
        "refunds": {"object": "list", "data": [refund]}});
    let dispute = json!({"id": "dp_1", "object": "dispute", "amount": 1998, "currency": "cny", "metadata": {},
        "payment_intent": "pi_1", "charge": "ch_1", "status": "needs_response"});
    for (kind, object) in [
        ("refund.created", refund.clone()),
        ("charge.refund.updated", refund.clone()),
        ("charge.refunded", charge),
        ("charge.dispute.created", dispute.clone()),
        ("charge.dispute.funds_withdrawn", dispute),
    ] {
        let ParsedNotice::Event(event) = receive(&it, &event_of(kind, object)) else { panic!("{kind}") };
        let EventTarget::Reference(named) = &event.target else { panic!("{kind} names our id") };
        assert_eq!((named.reference.as_str(), &event.order, &event.refund), ("pi_1", &None, &None));
        assert!(event.references.refund.is_some() != event.references.dispute.is_some());
    }
}

#[tokio::test]
async fn the_status_of_a_dispute_decides_not_the_type_of_the_notice() {
    let it = bench().await;
    for (status, kind) in [
        ("needs_response", EventKind::Disputed),
        ("under_review", EventKind::Disputed),
        ("prevented", EventKind::Disputed),
        ("a_later_status", EventKind::Disputed),
        ("won", EventKind::DisputeWon),
        ("lost", EventKind::DisputeLost),
    ] {
        for notice in ["created", "updated", "closed", "funds_withdrawn", "funds_reinstated"] {
            let parsed = receive(&it, &event_of(&format!("charge.dispute.{notice}"), dispute(status)));
            let ParsedNotice::Event(event) = parsed else { panic!("{parsed:?}") };
            assert_eq!((event.kind, event.dispute.unwrap().as_str()), (kind, "dp_1"), "{status}");
        }
    }
}

#[tokio::test]
async fn an_inquiry_is_no_dispute_until_it_escalates() {
    let it = bench().await;
    for status in ["warning_needs_response", "warning_under_review", "warning_closed"] {
        for notice in ["created", "updated", "closed"] {
            let kind = format!("charge.dispute.{notice}");
            let parsed = receive(&it, &event_of(&kind, dispute(status)));
            assert_eq!(parsed, ParsedNotice::Irrelevant { kind }, "{status}");
        }
    }
    let escalated = receive(&it, &event_of("charge.dispute.updated", dispute("needs_response")));
    assert!(matches!(escalated, ParsedNotice::Event(it) if it.kind == EventKind::Disputed));
}

fn dispute(status: &str) -> Value {
    json!({"id": "dp_1", "object": "dispute", "amount": 1998, "currency": "cny", "payment_intent": "pi_1",
        "status": status})
}

#[tokio::test]
async fn a_member_that_no_event_needs_is_no_fault() {
    let it = bench().await;
    let odd = json!({"metadata": {"transaction_id": "t1", "cart": ["x"]}, "latest_charge": [],
        "last_payment_error": "odd", "canceled_at": "never", "status": 7});
    let mut event = event_of("payment_intent.succeeded", change_object(&intent_object(), &odd));
    event["created"] = json!("yesterday");
    let ParsedNotice::Event(event) = receive(&it, &event) else { panic!("it is an event") };
    assert_eq!((event.at, event.order), (NOW, None));
}

#[tokio::test]
async fn a_wrong_amount_or_currency_is_reported_as_it_is() {
    let it = bench().await;
    it.made(automatic()).await;
    let mut event = it.double.state().events.last().unwrap().clone();
    (event["data"]["object"]["amount_received"], event["data"]["object"]["currency"]) =
        (json!(1), json!("usd"));
    let ParsedNotice::Event(event) = receive(&it, &event) else { panic!("it is an event") };
    assert_eq!((event.reported.amount.as_str(), event.reported.currency.as_str()), ("0.01", "USD"));
}

#[tokio::test]
async fn repeated_and_reordered_notices_are_the_same_events() {
    let it = bench().await;
    let charge = it.made(manual()).await;
    expect_event(it.gateway.capture(charge.clone(), charge.amount, &it.log).await);
    let once = stated(&it);
    it.double.state().events.reverse();
    let again = it.double.state().events.clone();
    it.double.state().events.extend(again);
    let mut twice = stated(&it);
    twice.reverse();
    assert_eq!(twice, [once.clone(), once].concat());
}

#[tokio::test]
async fn test_mode_cannot_pay_an_order_of_live_mode() {
    let it = bench_with(|it| it.api_key = Some("sk_live_1".into())).await;
    let mut event = event_of("payment_intent.succeeded", intent_object());
    assert!(matches!(receive(&it, &event), ParsedNotice::Unintelligible { .. }));
    event["livemode"] = json!(true);
    assert!(matches!(receive(&it, &event), ParsedNotice::Event(_)));
}

#[tokio::test]
async fn notices_are_received_without_an_api_key() {
    let it = bench_with(|it| it.api_key = None).await;
    let event = event_of("payment_intent.succeeded", intent_object());
    assert!(matches!(receive(&it, &event), ParsedNotice::Event(_)));
}
