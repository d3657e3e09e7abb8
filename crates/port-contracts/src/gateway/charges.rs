//! Charges, captures, voids and refunds.

use super::*;

/// The name is a valid [`GatewayName`], and the same on every instance.
pub async fn its_name_stands_in_a_url(it: &GatewayFixture) {
    assert!(GatewayName::parse(it.gateway.name().as_str()).is_ok());
    assert_eq!(it.gateway.name(), it.other_instance.name());
}

/// Every other text is refused, also one that differs from a known token by a space.
pub async fn only_tokens_that_it_knows_are_accepted(it: &GatewayFixture) {
    for token in [it.good_token, it.declined_token, it.unanswered_token] {
        assert!(it.gateway.accepts_token(token));
        assert!(!it.gateway.accepts_token(&format!("{token} ")));
    }
    for token in ["", "no such token", CARD_NUMBER] {
        assert!(!it.gateway.accepts_token(token));
    }
}

/// The answer to an automatic charge is a capture of the whole amount.
pub async fn an_automatic_charge_is_captured_whole(it: &GatewayFixture) {
    let charge = it.charge(it.good_token, CaptureMethod::Automatic);
    assert_about(
        &expect_event(it.gateway.charge(charge.clone()).await),
        EventKind::Captured,
        &charge,
        "19.98",
    );
}

/// The answer to a manual charge is an authorisation of the whole amount.
pub async fn a_manual_charge_is_held_whole(it: &GatewayFixture) {
    let charge = it.manual_charge();
    assert_about(
        &expect_event(it.gateway.charge(charge.clone()).await),
        EventKind::Authorized,
        &charge,
        "19.98",
    );
}

/// A decline is an answer with a reason, not an error.
pub async fn a_declined_charge_fails_for_a_reason(it: &GatewayFixture) {
    for method in [CaptureMethod::Automatic, CaptureMethod::Manual] {
        let charge = it.charge(it.declined_token, method);
        let event = expect_event(it.gateway.charge(charge.clone()).await);
        assert_about(&event, EventKind::Failed, &charge, "19.98");
        assert!(event.details.failure_reason.is_some());
    }
}

/// The transaction's id is the idempotency key: the same charge again has the same answer.
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

/// A key is recognised for an hour or more, so that retries and several lookups of the sweep fall into its
/// lifetime.
pub async fn a_key_lives_for_hours(it: &GatewayFixture) {
    assert!(it.gateway.key_lifetime() >= Duration::from_secs(3_600));
    assert_eq!(it.gateway.key_lifetime(), it.other_instance.key_lifetime());
}

/// Answers state the references of payment and refund, the same on every instance. No two payments or refunds
/// have the same reference.
pub async fn what_is_answered_says_what_the_gateway_calls_it(it: &GatewayFixture) {
    let (one, other) = (it.charge(it.good_token, CaptureMethod::Automatic), it.manual_charge());
    let payment_of = |event: &PaymentEvent| event.references.payment.clone().expect("a reference");
    let first = payment_of(&expect_event(it.gateway.charge(one.clone()).await));
    assert_eq!(first, payment_of(&expect_event(it.other_instance.charge(one.clone()).await)));
    assert_ne!(first, payment_of(&expect_event(it.gateway.charge(other).await)));
    let refund = async |id: &str| {
        let answer = it.gateway.refund(one.clone(), RefundId::new(id.to_owned()), yuan("5")).await;
        let event = expect_event(answer);
        assert_eq!(event.references.payment.as_ref(), Some(&first), "the reference of its payment");
        event.references.refund.expect("a reference")
    };
    assert_ne!(refund("refund-1").await, refund("refund-2").await);
}

/// A capture takes the requested amount, all of the authorisation or less; the same capture again has the
/// same result.
pub async fn a_capture_takes_what_was_asked_however_often(it: &GatewayFixture) {
    for amount in ["19.98", "5"] {
        let charge = it.manual_charge();
        expect_event(it.gateway.charge(charge.clone()).await);
        let first = expect_event(it.gateway.capture(charge.clone(), yuan(amount)).await);
        assert_about(&first, EventKind::Captured, &charge, amount);
        assert_same_event(&first, &expect_event(it.other_instance.capture(charge, yuan(amount)).await));
    }
}

/// A void releases the whole authorisation; the same void again has the same result.
pub async fn a_void_gives_up_all_of_it_however_often(it: &GatewayFixture) {
    let charge = it.manual_charge();
    expect_event(it.gateway.charge(charge.clone()).await);
    let first = expect_event(it.gateway.void(charge.clone()).await);
    assert_about(&first, EventKind::Voided, &charge, "19.98");
    assert_same_event(&first, &expect_event(it.other_instance.void(charge).await));
}

/// The event of a refund names the refund and its amount; the same refund again has the same result.
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
