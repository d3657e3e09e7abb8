//! Captures, voids and refunds.

use std::time::Duration;

use domain::{
    RefundId,
    payment::{EventKind, ReportedAmount},
};
use ports::{Answer, Charge, Gateway, NoResponse};
use serde_json::json;

use crate::{
    Bench, NOW, automatic, bench,
    double::{Fault, KEY_SECONDS},
    expect_event, expect_refusal, manual, money,
};

async fn capture(it: &Bench, charge: &Charge, amount: &str) -> Result<Answer, NoResponse> {
    it.gateway.capture(charge.clone(), money(amount, "CNY"), &it.log).await
}

async fn refund(it: &Bench, charge: &Charge, id: &str, amount: &str) -> Result<Answer, NoResponse> {
    it.gateway.refund(charge.clone(), RefundId::new(id.to_owned()), money(amount, "CNY"), &it.log).await
}

#[tokio::test]
async fn a_capture_has_its_amount_in_its_key_and_reports_what_was_received() {
    let it = bench().await;
    let charge = it.made(manual()).await;
    let event = expect_event(capture(&it, &charge, "5").await);
    assert_eq!((event.kind, event.reported.amount.as_str()), (EventKind::Captured, "5.00"));
    assert_eq!(it.double.state().arrived[1].key, "capture-500-1790000000000:transaction1");
    assert_eq!(it.double.state().arrived[1].line, "POST /v1/payment_intents/pi_1/capture");
}

#[tokio::test]
async fn what_cannot_be_captured_or_voided_any_more_is_reported_as_it_is() {
    let it = bench().await;
    let charge = it.made(manual()).await;
    expect_event(capture(&it, &charge, "5").await);
    it.advance(KEY_SECONDS);
    let again = expect_event(capture(&it, &charge, "5").await);
    assert_eq!((again.kind, again.reported.amount.as_str()), (EventKind::Captured, "5.00"));
    let void = expect_event(it.gateway.void(charge.clone(), &it.log).await);
    assert_eq!(void.kind, EventKind::Captured);

    let it = bench().await;
    let charge = it.made(manual()).await;
    it.double.state().cancel(0, "automatic");
    assert_eq!(expect_event(capture(&it, &charge, "5").await).kind, EventKind::Failed, "it has expired");
    assert_eq!(expect_event(it.gateway.void(charge, &it.log).await).kind, EventKind::Failed);
}

#[tokio::test]
async fn a_refused_operation_on_held_money_says_why_and_a_new_request_is_not_answered_by_the_old_refusal() {
    let it = bench().await;
    let charge = it.made(manual()).await;
    let details = expect_refusal(capture(&it, &charge, "20").await);
    assert_eq!(details.response_code.as_deref(), Some("amount_too_large"));
    let odd = Charge { amount: money("5.130", "KWD"), ..charge.clone() };
    let odd_part = it.gateway.capture(odd, money("1.001", "KWD"), &it.log).await;
    assert!(expect_refusal(odd_part).failure_reason.unwrap().contains("represent"));

    it.double.state().refuses_operations = true;
    for answer in [capture(&it, &charge, "0.30").await, it.gateway.void(charge.clone(), &it.log).await] {
        assert_eq!(expect_refusal(answer).response_code.as_deref(), Some("amount_too_small"));
    }
    it.double.state().refuses_operations = false;
    expect_refusal(capture(&it, &charge, "0.30").await);
    expect_refusal(it.gateway.void(charge.clone(), &it.log).await);
    let later = Charge { requested_at: NOW.saturating_add(Duration::from_secs(60)), ..charge };
    let event = expect_event(it.gateway.void(later, &it.log).await);
    assert_eq!(event.kind, EventKind::Voided);
    it.double.assert_content();
}

#[tokio::test]
async fn an_operation_finds_a_payment_whose_reference_is_not_known() {
    let it = bench().await;
    it.made(manual()).await;
    assert_eq!(expect_event(capture(&it, &manual(), "19.98").await).kind, EventKind::Captured);
    let event = expect_event(refund(&it, &manual(), "r1", "1").await);
    assert_eq!(event.references.payment.unwrap().as_str(), "pi_1");
    let nowhere = bench().await;
    assert!(matches!(capture(&nowhere, &manual(), "19.98").await, Err(NoResponse::Lost)));
    assert!(matches!(nowhere.gateway.void(manual(), &nowhere.log).await, Err(NoResponse::Lost)));
    assert!(matches!(refund(&nowhere, &manual(), "r1", "1").await, Err(NoResponse::Lost)));
}

#[tokio::test]
async fn a_lost_answer_to_an_operation_is_no_second_effect() {
    for faults in [vec![Fault::LoseAnswer], vec![Fault::LoseAnswer, Fault::LoseAnswer]] {
        let it = bench().await;
        let charge = it.made(manual()).await;
        it.double.fail_next(faults.clone());
        assert_eq!(expect_event(capture(&it, &charge, "19.98").await).kind, EventKind::Captured);
        it.double.fail_next(faults);
        assert_eq!(expect_event(refund(&it, &charge, "r1", "5").await).kind, EventKind::RefundSucceeded);
        assert_eq!(it.double.state().refunds.len(), 1);
    }
}

#[tokio::test]
async fn refunds_are_partial_and_repeated_up_to_what_was_captured() {
    let it = bench().await;
    let charge = it.made(automatic()).await;
    for (id, amount) in [("r1", "5"), ("r2", "5"), ("r3", "9.98")] {
        let event = expect_event(refund(&it, &charge, id, amount).await);
        assert_eq!((event.kind, event.refund), (EventKind::RefundSucceeded, Some(RefundId::new(id.into()))));
        assert_eq!(event.reported, ReportedAmount::parse(&money(amount, "CNY").to_string(), "CNY").unwrap());
    }
    let details = expect_refusal(refund(&it, &charge, "r4", "0.01").await);
    assert_eq!(details.response_code.as_deref(), Some("charge_already_refunded"));
    let form = it.double.state().arrived[1].form.clone();
    let expected = [
        ("payment_intent", "pi_1"),
        ("amount", "500"),
        ("metadata[refund_id]", "r1"),
        ("metadata[transaction_id]", "transaction1"),
        ("metadata[order_number]", "order1"),
    ];
    assert_eq!(form, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(it.double.state().arrived[1].key, "refund:r1");
}

#[tokio::test]
async fn a_refund_of_too_much_fails_with_the_reason() {
    let it = bench().await;
    let charge = it.made(automatic()).await;
    let details = expect_refusal(refund(&it, &charge, "r1", "20").await);
    assert!(details.failure_reason.unwrap().starts_with("Stripe refused the request"));
    let odd = Charge { amount: money("5.130", "KWD"), ..charge };
    let odd_part = it.gateway.refund(odd, RefundId::new("r2".into()), money("1.001", "KWD"), &it.log).await;
    let reason = expect_refusal(odd_part).failure_reason.unwrap();
    assert!(reason.contains("represent"), "{reason}");
}

#[tokio::test]
async fn a_refund_that_was_made_under_a_forgotten_key_has_not_failed() {
    let it = bench().await;
    let charge = it.made(automatic()).await;
    expect_event(refund(&it, &charge, "r1", "19.98").await);
    it.advance(KEY_SECONDS);
    let event = expect_event(refund(&it, &charge, "r1", "19.98").await);
    assert_eq!(event.kind, EventKind::RefundSucceeded);
    let made = it.double.state().refunds[0]["id"].clone();
    assert_eq!(
        (made, it.double.state().refunds.len()),
        (json!(event.references.refund.unwrap().as_str()), 1)
    );
}

#[tokio::test]
async fn a_refund_whose_key_was_used_otherwise_stays_open() {
    let it = bench().await;
    let charge = it.made(automatic()).await;
    it.double.fail_next([Fault::StoredFailure]);
    assert!(refund(&it, &charge, "r1", "5").await.is_err());
    assert!(matches!(refund(&it, &charge, "r1", "6").await, Err(NoResponse::Lost)), "it may have been made");
}

#[tokio::test]
async fn a_refund_may_take_time_and_may_fail_later() {
    let it = bench().await;
    let charge = it.made(automatic()).await;
    it.double.state().slow_refunds = true;
    let answer = refund(&it, &charge, "r1", "5").await.unwrap();
    let Answer::Accepted { reference: Some(reference), next_action: None } = answer else {
        panic!("{answer:?}")
    };
    assert!(reference.as_str().starts_with("re_"));
    for (status, kind) in [("failed", EventKind::RefundFailed), ("canceled", EventKind::RefundFailed)] {
        it.double.state().refunds[0]["status"] = json!(status);
        it.double.state().refunds[0]["failure_reason"] = json!("expired_or_canceled_card");
        let event = expect_event(refund(&it, &charge, "r1", "5").await);
        assert_eq!(event.kind, kind, "the replayed answer says that it is pending");
        assert_eq!(event.details.failure_reason.as_deref(), Some("expired_or_canceled_card"));
    }
}
