//! Asking for something.

use super::*;

/// It is a [`GatewayName`] by the rules of one that is read from a URL.
pub async fn its_name_stands_in_a_url(it: &GatewayFixture) {
    assert!(GatewayName::parse(it.gateway.name().as_str()).is_ok());
    assert_eq!(it.gateway.name(), it.other_instance.name());
}

/// Nothing else, however it looks.
pub async fn only_tokens_that_it_knows_are_accepted(it: &GatewayFixture) {
    for token in [it.good_token, it.declined_token, it.unanswered_token] {
        assert!(it.gateway.accepts_token(token));
        assert!(!it.gateway.accepts_token(&format!("{token} ")));
    }
    for token in ["", "no such token", CARD_NUMBER] {
        assert!(!it.gateway.accepts_token(token));
    }
}

/// Of this transaction, for this order, at the price.
pub async fn an_automatic_charge_is_captured_whole(it: &GatewayFixture) {
    let charge = it.charge(it.good_token, CaptureMethod::Automatic);
    assert_about(
        &expect_event(it.gateway.charge(charge.clone()).await),
        EventKind::Captured,
        &charge,
        "19.98",
    );
}

/// Nothing is taken yet.
pub async fn a_manual_charge_is_held_whole(it: &GatewayFixture) {
    let charge = it.manual_charge();
    assert_about(
        &expect_event(it.gateway.charge(charge.clone()).await),
        EventKind::Authorized,
        &charge,
        "19.98",
    );
}

/// The refusal is an answer, not an error.
pub async fn a_declined_charge_fails_for_a_reason(it: &GatewayFixture) {
    for method in [CaptureMethod::Automatic, CaptureMethod::Manual] {
        let charge = it.charge(it.declined_token, method);
        let event = expect_event(it.gateway.charge(charge.clone()).await);
        assert_about(&event, EventKind::Failed, &charge, "19.98");
        assert!(event.details.failure_reason.is_some());
    }
}

/// The transaction's id is the idempotency key.
pub async fn asking_again_gives_the_first_answer_on_any_instance(it: &GatewayFixture) {
    for token in [it.good_token, it.declined_token] {
        for method in [CaptureMethod::Automatic, CaptureMethod::Manual] {
            let charge = it.charge(token, method);
            let first = expect_event(it.gateway.charge(charge.clone()).await);
            assert_eq!(expect_event(it.gateway.charge(charge.clone()).await), first);
            assert_eq!(expect_event(it.other_instance.charge(charge).await), first);
        }
    }
}

/// Long enough for a retry, and for the sweep to look a few times.
pub async fn a_key_lives_for_hours(it: &GatewayFixture) {
    assert!(it.gateway.key_lifetime() >= Duration::from_secs(3_600));
    assert_eq!(it.gateway.key_lifetime(), it.other_instance.key_lifetime());
}

/// The same on every instance; two things never have one name.
pub async fn what_is_answered_says_what_the_gateway_calls_it(it: &GatewayFixture) {
    let (one, other) = (it.charge(it.good_token, CaptureMethod::Automatic), it.manual_charge());
    let names = |event: &PaymentEvent| event.references.payment.clone().expect("it has a name");
    let first = names(&expect_event(it.gateway.charge(one.clone()).await));
    assert_eq!(first, names(&expect_event(it.other_instance.charge(one.clone()).await)));
    assert_ne!(first, names(&expect_event(it.gateway.charge(other).await)));
    let refund = async |id: &str| {
        let answer = it.gateway.refund(one.clone(), RefundId::new(id.to_owned()), yuan("5")).await;
        let event = expect_event(answer);
        assert_eq!(event.references.payment.as_ref(), Some(&first), "and of which payment");
        event.references.refund.expect("it has a name")
    };
    assert_ne!(refund("refund-1").await, refund("refund-2").await);
}

/// Of an authorisation, all or less.
pub async fn a_capture_takes_what_was_asked_however_often(it: &GatewayFixture) {
    for amount in ["19.98", "5"] {
        let charge = it.manual_charge();
        expect_event(it.gateway.charge(charge.clone()).await);
        let first = expect_event(it.gateway.capture(charge.clone(), yuan(amount)).await);
        assert_about(&first, EventKind::Captured, &charge, amount);
        assert_same_event(&first, &expect_event(it.other_instance.capture(charge, yuan(amount)).await));
    }
}

/// All that was held.
pub async fn a_void_gives_up_all_of_it_however_often(it: &GatewayFixture) {
    let charge = it.manual_charge();
    expect_event(it.gateway.charge(charge.clone()).await);
    let first = expect_event(it.gateway.void(charge.clone()).await);
    assert_about(&first, EventKind::Voided, &charge, "19.98");
    assert_same_event(&first, &expect_event(it.other_instance.void(charge).await));
}

/// It names the refund, and the amount of that one.
pub async fn a_refund_is_about_itself_however_often(it: &GatewayFixture) {
    let charge = it.charge(it.good_token, CaptureMethod::Automatic);
    expect_event(it.gateway.charge(charge.clone()).await);
    for (id, amount) in [("refund-1", "5"), ("refund-2", "14.98")] {
        let id = RefundId::new(id.to_owned());
        let first = expect_event(it.gateway.refund(charge.clone(), id.clone(), yuan(amount)).await);
        assert_about(&first, EventKind::RefundSucceeded, &charge, amount);
        assert_eq!(first.refund.as_ref(), Some(&id));
        assert_same_event(
            &first,
            &expect_event(it.other_instance.refund(charge.clone(), id, yuan(amount)).await),
        );
    }
}
