//! Lookups by our id and by reference.

use domain::{
    RefundId,
    payment::{CaptureMethod, EventKind, GatewayReference, ReportedAmount},
};
use ports::{Charge, Gateway, Lookup, LookupAnswer, LookupRemarks, LookupSubject};

use crate::{
    Bench, NOW, automatic, bench, charge_with,
    double::{Fault, LIMITED_KEY},
    expect_event, manual,
};

fn kinds(answer: LookupAnswer) -> Vec<EventKind> {
    match answer {
        LookupAnswer::Found { events, .. } => events.iter().map(|it| it.kind).collect(),
        other @ (LookupAnswer::Unknown | LookupAnswer::CannotTell) => panic!("{other:?}"),
    }
}

async fn look_up_refund(it: &Bench, charge: &Charge, id: &str, reference: Option<&str>) -> LookupAnswer {
    let reference = reference.map(|it| GatewayReference::new(it.to_owned()));
    let subject =
        LookupSubject::Refund { id: RefundId::new(id.to_owned()), reference, amount: charge.amount };
    it.gateway.look_up(Lookup { charge: charge.clone(), subject }, &it.log).await.unwrap()
}

#[tokio::test]
async fn a_lost_answer_is_found_by_our_id_and_nothing_is_made() {
    let it = bench().await;
    it.double.fail_next(vec![Fault::LoseAnswer; 3]);
    it.charge(&automatic()).await.unwrap_err();
    for after in [0, 3_600, 30 * 3_600] {
        it.advance(after);
        assert_eq!(kinds(it.look_up(&automatic()).await), [EventKind::Captured], "{after}");
    }
    let state = it.double.state();
    assert_eq!(state.lines()[3..].iter().filter(|it| !it.starts_with("GET")).count(), 0);
    drop(state);
    it.double.assert_content();
}

#[tokio::test]
async fn a_charge_that_was_sent_again_later_is_found_too() {
    let it = bench().await;
    it.advance(5 * 3_600);
    it.made(automatic()).await;
    assert_eq!(kinds(it.look_up(&automatic()).await), [EventKind::Captured]);
}

#[tokio::test]
async fn a_long_list_is_read_page_by_page_and_then_the_search_is_asked() {
    for (others, has_search, expected) in [(1, true, true), (9, true, true), (9, false, false)] {
        let it = bench().await;
        it.made(automatic()).await;
        for number in 0..others {
            let transaction = domain::TransactionId::new(format!("other{number}"));
            it.made(Charge { transaction, ..automatic() }).await;
        }
        (it.double.state().page_max, it.double.state().has_search) = (1, has_search);
        let before = it.double.state().arrived.len();
        let answer = it.look_up(&automatic()).await;
        assert_eq!(matches!(answer, LookupAnswer::Found { .. }), expected, "{others}: {answer:?}");
        assert!(expected || answer == LookupAnswer::CannotTell, "not found is no proof");
        let state = it.double.state();
        assert!(state.arrived.len() - before <= 4, "it fits into the time of a call");
        assert_eq!(state.lines().contains(&"GET /v1/payment_intents/search"), others == 9);
    }
}

#[tokio::test]
async fn on_a_quiet_account_two_pages_prove_that_there_is_no_payment() {
    let it = bench().await;
    assert_eq!(it.look_up(&automatic()).await, LookupAnswer::Unknown);
    assert_eq!(it.double.state().lines(), ["GET /v1/payment_intents"; 2]);
}

#[tokio::test]
async fn a_busy_account_is_read_around_the_request_only() {
    let it = bench().await;
    it.made(automatic()).await;
    it.advance(120);
    for number in 0..5 {
        let transaction = domain::TransactionId::new(format!("other{number}"));
        it.made(Charge { transaction, ..automatic() }).await;
    }
    (it.double.state().page_max, it.double.state().has_search) = (1, false);
    assert_eq!(kinds(it.look_up(&automatic()).await), [EventKind::Captured], "the later ones are not read");
}

#[tokio::test]
async fn a_list_that_is_too_long_for_one_answer_leads_to_the_search() {
    let it = bench().await;
    it.made(automatic()).await;
    it.double.state().has_long_lists = true;
    assert_eq!(kinds(it.look_up(&automatic()).await), [EventKind::Captured]);
    let state = it.double.state();
    let expected =
        ["GET /v1/payment_intents", "GET /v1/payment_intents/search", "GET /v1/payment_intents/pi_1"];
    assert_eq!(state.lines()[1..], expected, "it is not read again");
}

/// Charges with a buyer who must act, and lets time pass.
async fn leave_payment(minutes: i64) -> (Bench, Charge) {
    let it = bench().await;
    let charge = charge_with("pm_card_authenticationRequired", CaptureMethod::Automatic);
    it.charge(&charge).await.unwrap();
    it.advance(minutes * 60);
    (it, charge)
}

#[tokio::test]
async fn a_payment_that_the_buyer_leaves_is_ended_after_its_time() {
    for status in ["requires_action", "requires_confirmation"] {
        let (it, charge) = leave_payment(33).await;
        it.double.state().change_intent(0, |_, intent| intent["status"] = status.into());
        let LookupAnswer::Found { events, next_action, .. } = it.look_up(&charge).await else {
            panic!("it is found")
        };
        assert_eq!((events.len(), events[0].kind, next_action), (1, EventKind::Failed, None), "{status}");
        assert_eq!(events[0].details.failure_reason.as_deref(), Some("not paid in time"));
        assert_eq!(it.double.state().intents[0]["status"], "canceled");
        let cancel = it.double.state().arrived.last().unwrap().clone();
        assert_eq!(
            (cancel.line.as_str(), cancel.key.as_str()),
            ("POST /v1/payment_intents/pi_1/cancel", "void-1790000000000:transaction1")
        );
        assert_eq!(kinds(it.look_up(&charge).await), [EventKind::Failed], "and stays so");
        it.double.assert_content();
    }
}

#[tokio::test]
async fn a_payment_in_time_or_in_progress_is_not_ended() {
    let (it, charge) = leave_payment(31).await;
    assert_eq!(kinds(it.look_up(&charge).await), []);
    it.double.state().change_intent(0, |_, intent| intent["status"] = "processing".into());
    it.advance(3_600);
    assert_eq!(kinds(it.look_up(&charge).await), []);
    let state = it.double.state();
    assert!(state.lines()[1..].iter().all(|it| it.starts_with("GET")), "{:?}", state.lines());
}

#[tokio::test]
async fn a_payment_that_cannot_be_ended_stays_open() {
    let (it, charge) = leave_payment(33).await;
    let charge = Charge { reference: Some(GatewayReference::new("pi_1".into())), ..charge };
    // The buyer pays between the lookup and the cancellation.
    it.double.state().pays_at_cancellation = true;
    let LookupAnswer::Found { events, next_action, .. } = it.look_up(&charge).await else {
        panic!("it is found")
    };
    assert!(events.is_empty() && next_action.is_some());
    assert_eq!(kinds(it.look_up(&charge).await), [EventKind::Captured]);
}

#[tokio::test]
async fn a_reference_that_stripe_does_not_know_is_no_proof() {
    let it = bench().await;
    let reference = Some(GatewayReference::new("pi_of_another_account".to_owned()));
    assert_eq!(it.look_up(&Charge { reference, ..automatic() }).await, LookupAnswer::CannotTell);
    let charge = it.made(automatic()).await;
    assert_eq!(look_up_refund(&it, &charge, "r1", Some("re_unknown")).await, LookupAnswer::CannotTell);
    let unmade = look_up_refund(&it, &manual_of("transaction9"), "r1", None).await;
    assert_eq!(unmade, LookupAnswer::CannotTell, "the payment is unknown");
}

fn manual_of(transaction: &str) -> Charge {
    Charge { transaction: domain::TransactionId::new(transaction.to_owned()), ..manual() }
}

#[tokio::test]
async fn a_lookup_reports_what_happened_oldest_first() {
    let it = bench().await;
    let charge = it.made(manual()).await;
    assert_eq!(kinds(it.look_up(&charge).await), [EventKind::Authorized]);
    it.advance(60);
    expect_event(it.gateway.capture(charge.clone(), charge.amount, &it.log).await);
    let LookupAnswer::Found { events, .. } = it.look_up(&charge).await else { panic!("it is found") };
    assert_eq!(
        events.iter().map(|it| it.kind).collect::<Vec<_>>(),
        [EventKind::Authorized, EventKind::Captured]
    );
    assert_eq!(events[0].at, NOW);
    assert!(events[1].at > NOW, "not the time of the authorisation");
}

#[tokio::test]
async fn a_cancelled_payment_was_voided_or_has_failed() {
    for (token, reason, kind) in [
        ("pm_card_visa", "requested_by_customer", EventKind::Voided),
        ("pm_card_visa", "fraudulent", EventKind::Voided),
        ("pm_card_visa", "automatic", EventKind::Failed),
        ("pm_card_visa", "expired", EventKind::Failed),
        ("pm_card_authenticationRequired", "abandoned", EventKind::Failed),
    ] {
        let it = bench().await;
        let charge = charge_with(token, CaptureMethod::Manual);
        it.charge(&charge).await.unwrap();
        it.double.state().cancel(0, reason);
        let LookupAnswer::Found { events, .. } = it.look_up(&charge).await else { panic!("it is found") };
        let last = events.last().unwrap();
        assert_eq!((last.kind, last.reported.amount.as_str()), (kind, "19.98"), "{reason}");
        assert_eq!(last.details.response_code.as_deref(), (kind == EventKind::Failed).then_some(reason));
    }
}

#[tokio::test]
async fn a_refund_is_found_by_our_id_among_others() {
    let it = bench().await;
    let charge = it.made(automatic()).await;
    it.double.state().page_max = 1;
    for id in ["r1", "r2"] {
        let amount = crate::money("5", "CNY");
        expect_event(it.gateway.refund(charge.clone(), RefundId::new(id.into()), amount, &it.log).await);
    }
    assert_eq!(kinds(look_up_refund(&it, &charge, "r1", None).await), [EventKind::RefundSucceeded]);
    assert_eq!(look_up_refund(&it, &charge, "r3", None).await, LookupAnswer::Unknown);
    let nameless = Charge { reference: None, ..charge };
    assert_eq!(kinds(look_up_refund(&it, &nameless, "r2", None).await), [EventKind::RefundSucceeded]);
}

#[tokio::test]
async fn a_lookup_that_stripe_does_not_answer_is_no_answer() {
    let it = bench().await;
    let mut config = it.config();
    config.api_key = Some(LIMITED_KEY.into());
    let lookup = Lookup { charge: automatic(), subject: LookupSubject::Payment };
    assert!(it.gateway(config).look_up(lookup.clone(), &it.log).await.is_err());
    it.double.fail_next(vec![Fault::Drop; 3]);
    assert!(it.gateway.look_up(lookup, &it.log).await.is_err());
    it.double.fail_next([Fault::Proxy(200, r#"{"object":"list","data":[]}"#)]);
    assert_eq!(
        it.look_up(&automatic()).await,
        LookupAnswer::CannotTell,
        "the list does not say that it is whole"
    );
}

#[tokio::test]
async fn a_lookup_states_what_was_given_back_in_the_dashboard_and_whether_there_is_a_dispute() {
    let it = bench().await;
    let charge = it.made(automatic()).await;
    let remarks = async || match it.look_up(&charge).await {
        LookupAnswer::Found { remarks, .. } => remarks,
        LookupAnswer::Unknown | LookupAnswer::CannotTell => panic!("it is found"),
    };
    assert_eq!(remarks().await, LookupRemarks::default(), "an answer without these members says nothing");
    for (refunded, is_disputed, amount) in [(0, false, "0.00"), (500, false, "5.00"), (1998, true, "19.98")] {
        for made in it.double.state().charges.values_mut() {
            (made["amount_refunded"], made["disputed"]) = (refunded.into(), is_disputed.into());
        }
        let refunded = Some(ReportedAmount::parse(amount, "CNY").unwrap());
        assert_eq!(remarks().await, LookupRemarks { refunded, is_disputed, decision: None });
    }
}
