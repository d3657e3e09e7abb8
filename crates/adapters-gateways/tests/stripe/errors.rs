//! Errors of Stripe, one by one: which are declines, which are repeated with the same key, and which stay open.

use std::time::Duration;

use domain::payment::{CaptureMethod, EventKind};
use ports::{Charge, ErrorChain, Gateway, NoResponse};

use crate::{
    automatic, bench, charge_with,
    double::{Fault, KEY_SECONDS, LIMITED_KEY},
    expect_event,
};

fn status(status: u16) -> Fault {
    Fault::Status(status, Vec::new())
}

fn with_header(status: u16, name: &'static str, value: &str) -> Fault {
    Fault::Status(status, vec![(name, value.to_owned())])
}

#[tokio::test]
async fn a_decline_is_an_event_with_the_reason_and_the_code_of_the_issuer() {
    let it = bench().await;
    let event = expect_event(it.charge(&charge_with("tok_chargeDeclined", CaptureMethod::Automatic)).await);
    assert_eq!((event.kind, event.reported.amount.as_str()), (EventKind::Failed, "19.98"));
    assert_eq!(event.details.failure_reason.as_deref(), Some("Your card has insufficient funds."));
    assert_eq!(event.details.response_code.as_deref(), Some("insufficient_funds"));
    assert_eq!(event.details.card_last4.as_deref(), Some("0341"));
    assert!(event.references.payment.is_some());
}

#[tokio::test]
async fn a_request_that_is_wrong_made_no_payment_and_its_reason_does_not_repeat_the_token() {
    let it = bench().await;
    let event = expect_event(it.charge(&charge_with("pm_missing", CaptureMethod::Automatic)).await);
    let reason = event.details.failure_reason.unwrap();
    assert_eq!(
        (event.kind, event.details.response_code.as_deref()),
        (EventKind::Failed, Some("resource_missing"))
    );
    assert_eq!(
        reason,
        "Stripe refused the request: invalid_request_error (resource_missing, parameter payment_method)"
    );
    assert!(!format!("{:?}", it.log.take()).contains("pm_missing"), "nor does the record");
    let small = Charge { amount: crate::money("0.10", "CNY"), ..automatic() };
    let event = expect_event(it.charge(&small).await);
    assert_eq!(event.details.response_code.as_deref(), Some("amount_too_small"));
}

#[tokio::test]
async fn what_stripe_cannot_serve_now_is_sent_again_with_the_same_key() {
    for faults in [
        vec![status(409), status(429)],
        vec![status(500), status(503)],
        vec![Fault::Drop, Fault::Drop],
        vec![Fault::LoseAnswer, status(502)],
        vec![with_header(429, "retry-after", "1"), with_header(400, "stripe-should-retry", "true")],
    ] {
        let it = bench().await;
        it.double.fail_next(faults);
        let event = expect_event(it.charge(&automatic()).await);
        assert_eq!(event.kind, EventKind::Captured);
        let state = it.double.state();
        assert_eq!(state.intents.len(), 1, "one payment");
        let charges: Vec<_> = state.arrived.iter().filter(|it| it.line.starts_with("POST")).collect();
        assert!(charges.len() == 3 && charges.iter().all(|it| it.key == "charge:transaction1"));
        assert!(charges.iter().all(|it| it.form == charges[0].form), "byte for byte the same");
    }
}

#[tokio::test]
async fn after_two_repetitions_the_charge_stays_open() {
    let it = bench().await;
    it.double.fail_next(vec![status(500); 3]);
    assert!(matches!(it.charge(&automatic()).await, Err(NoResponse::Unavailable(_))));
    assert_eq!(it.double.state().arrived.len(), 3);
    it.double.fail_next(vec![status(409); 3]);
    assert!(
        matches!(it.charge(&automatic()).await, Err(NoResponse::Lost)),
        "a conflict is about one request"
    );
    it.double.fail_next(vec![Fault::LoseAnswer; 3]);
    assert!(matches!(it.charge(&automatic()).await, Err(NoResponse::Lost)));
    assert_eq!(it.double.state().intents.len(), 1);
}

#[tokio::test]
async fn a_repetition_that_would_be_in_vain_is_not_made() {
    let it = bench().await;
    for fault in [with_header(500, "stripe-should-retry", "false"), with_header(429, "retry-after", "3600")] {
        let before = it.double.state().arrived.len();
        it.double.fail_next([fault]);
        assert!(it.charge(&automatic()).await.is_err());
        assert_eq!(it.double.state().arrived.len(), before + 1);
    }
    // The failure is stored under the key, and the payment was not made.
    it.double.fail_next([Fault::StoredFailure]);
    assert!(it.charge(&automatic()).await.is_err());
    assert_eq!(it.look_up(&automatic()).await, ports::LookupAnswer::Unknown);
}

#[tokio::test]
async fn a_conflict_or_a_limit_is_never_a_decline_whatever_stripe_advises() {
    for code in [409, 424, 429] {
        let it = bench().await;
        let charge = it.made(automatic()).await;
        let fault = with_header(code, "stripe-should-retry", "false");
        it.double.fail_next([fault.clone(), fault]);
        let other = Charge { transaction: domain::TransactionId::new("t2".into()), ..automatic() };
        assert!(it.charge(&other).await.is_err(), "{code}");
        let id = domain::RefundId::new("r1".into());
        assert!(it.gateway.refund(charge.clone(), id, charge.amount, &it.log).await.is_err(), "{code}");
        assert_eq!(it.double.state().arrived.len(), 3, "nor is it sent again");
    }
}

#[tokio::test]
async fn refused_credentials_and_foreign_answers_are_neither_declines_nor_lost() {
    let it = bench().await;
    for key in [LIMITED_KEY, "sk_test_wrong"] {
        let mut config = it.config();
        config.api_key = Some(key.into());
        let error = it.gateway(config).charge(automatic(), &it.log).await.unwrap_err();
        let text = ErrorChain(&error).to_string();
        assert!(text.contains("API key") && !text.contains(key), "{text}");
    }
    for (code, body) in
        [(404, "<html>not Stripe</html>"), (302, ""), (200, "<html>"), (200, "[]"), (403, "{}")]
    {
        it.double.fail_next([Fault::Proxy(code, body)]);
        assert!(matches!(it.charge(&automatic()).await, Err(NoResponse::Unavailable(_))), "{code} {body}");
    }
    assert_eq!(it.double.state().intents.len(), 0);
}

#[tokio::test]
async fn a_key_that_was_used_with_other_parameters_leads_to_a_lookup_and_never_to_a_decline() {
    let it = bench().await;
    it.double.fail_next([Fault::StoredFailure]);
    it.charge(&automatic()).await.unwrap_err();
    let other = Charge { token: domain::payment::PaymentToken::new("pm_other".into()), ..automatic() };
    assert!(matches!(it.charge(&other).await, Err(NoResponse::Lost)), "no such payment is known, yet");

    let it = bench().await;
    it.made(automatic()).await;
    assert_eq!(expect_event(it.charge(&other).await).kind, EventKind::Captured, "the payment of the key");
    assert_eq!(it.double.state().intents.len(), 1);
}

#[tokio::test]
async fn a_replayed_answer_is_not_believed_to_be_the_present() {
    let it = bench().await;
    let charge = charge_with("pm_card_authenticationRequired", CaptureMethod::Automatic);
    it.charge(&charge).await.unwrap();
    it.double.state().change_intent(0, |state, intent| state.succeed(intent));
    assert_eq!(expect_event(it.charge(&charge).await).kind, EventKind::Captured);
}

#[tokio::test]
async fn an_answer_that_comes_late_is_an_answer() {
    let it = bench().await;
    it.double.fail_next([Fault::Late(Duration::from_millis(300))]);
    assert_eq!(expect_event(it.charge(&automatic()).await).kind, EventKind::Captured);
    assert_eq!(it.double.state().arrived.len(), 1);
}

#[tokio::test]
async fn the_key_is_forgotten_after_the_lifetime_that_the_adapter_states() {
    let it = bench().await;
    it.made(automatic()).await;
    it.advance(i64::try_from(it.gateway.key_lifetime().as_secs()).unwrap() - 1);
    it.made(automatic()).await;
    assert_eq!(it.double.state().intents.len(), 1, "within the lifetime it is one payment");
    it.advance(KEY_SECONDS);
    it.made(automatic()).await;
    assert_eq!(it.double.state().intents.len(), 2, "this is why nothing is repeated after it");
}
