//! Charges, captures, voids and refunds.

use super::*;

/// The name is a valid [`GatewayName`], and the same on every instance.
pub async fn its_name_stands_in_a_url(it: &GatewayFixture) {
    assert!(GatewayName::parse(it.gateway.name().as_str()).is_ok());
    assert_eq!(it.gateway.name(), it.other_instance.name());
}

/// Every other text is refused, also one that differs from a known token by a space.
pub async fn only_tokens_that_it_knows_are_accepted(it: &GatewayFixture) {
    for token in it.tokens() {
        assert!(it.gateway.accepts_token(token));
        assert!(!it.gateway.accepts_token(&format!("{token} ")));
    }
    for token in ["", "no such token", CARD_NUMBER] {
        assert!(!it.gateway.accepts_token(token));
    }
}

/// The sample amount is supported; manual capture is as the fixture states.
pub async fn what_it_can_take_is_known_before_a_charge(it: &GatewayFixture) {
    assert_eq!(it.gateway.supports(yuan("19.98"), CaptureMethod::Automatic), Ok(()));
    let manual = it.gateway.supports(yuan("19.98"), CaptureMethod::Manual);
    assert_eq!(manual.is_ok(), it.traits.has_manual_capture, "{manual:?}");
}

/// The result of an automatic charge is a capture of the whole amount.
pub async fn an_automatic_charge_is_captured_whole(it: &GatewayFixture) {
    let charge = it.automatic_charge();
    assert_about(&it.settle_charge(&it.gateway, &charge).await, EventKind::Captured, &charge, "19.98");
}

/// The answer to a manual charge is an authorisation of the whole amount.
pub async fn a_manual_charge_is_held_whole(it: &GatewayFixture) {
    if it.traits.has_manual_capture {
        let charge = it.manual_charge();
        let event = it.settle_charge(&it.gateway, &charge).await;
        assert_about(&event, EventKind::Authorized, &charge, "19.98");
    }
}

/// A decline is an answer with a reason, not an error.
pub async fn a_declined_charge_fails_for_a_reason(it: &GatewayFixture) {
    for (token, method) in it
        .declined_token
        .into_iter()
        .flat_map(|it_is| it.capture_methods().iter().map(move |method| (it_is, *method)))
    {
        let charge = it.charge(token, method);
        let event = expect_event(it.gateway.charge(charge.clone(), &AttemptLog::default()).await);
        assert_about(&event, EventKind::Failed, &charge, "19.98");
        assert!(event.details.failure_reason.is_some());
    }
}

/// The transaction's id is the idempotency key: the same charge again has the same answer.
pub async fn asking_again_gives_the_first_answer_on_any_instance(it: &GatewayFixture) {
    for token in it.tokens() {
        for method in it.capture_methods() {
            let charge = it.charge(token, *method);
            let answer = async |gateway: &Arc<dyn Gateway>| {
                gateway.charge(charge.clone(), &AttemptLog::default()).await.expect("it answers")
            };
            let first = answer(&it.gateway).await;
            assert_eq!(answer(&it.gateway).await, first);
            assert_eq!(answer(&it.other_instance).await, first);
        }
    }
}

/// A key is recognised for an hour or more, so that retries and several lookups of the sweep fall into its
/// lifetime.
pub async fn a_key_lives_for_hours(it: &GatewayFixture) {
    assert!(it.gateway.key_lifetime() >= Duration::from_secs(3_600));
    assert_eq!(it.gateway.key_lifetime(), it.other_instance.key_lifetime());
}

/// Results state the references of payment and refund, the same on every instance. No two payments or refunds
/// have the same reference.
pub async fn what_is_answered_says_what_the_gateway_calls_it(it: &GatewayFixture) {
    let (one, other) = (it.automatic_charge(), it.automatic_charge());
    let payment_of = |event: &PaymentEvent| event.references.payment.clone().expect("a reference");
    let first = payment_of(&it.settle_charge(&it.gateway, &one).await);
    assert_ne!(first, payment_of(&it.settle_charge(&it.gateway, &other).await));
    let known = Charge { reference: Some(first.clone()), ..one };
    assert_eq!(first, payment_of(&last_event(look_up(&it.other_instance, &known).await)));
    let refund = async |id: &str| {
        let event = it.settle_refund(&it.gateway, &known, &RefundId::new(id.to_owned()), "5").await;
        assert_eq!(event.references.payment.as_ref(), Some(&first), "the reference of its payment");
        event.references.refund
    };
    let (one, other) = (refund("refund1").await, refund("refund2").await);
    assert_eq!(one.is_some(), it.traits.has_refund_references);
    assert!(one.is_none() || one != other);
}

/// A capture takes the requested amount, all of the authorisation or less; the same capture again has the
/// same result.
pub async fn a_capture_takes_what_was_asked_however_often(it: &GatewayFixture) {
    for amount in ["19.98", "5"].into_iter().filter(|_| it.traits.has_manual_capture) {
        let charge = it.manual_charge();
        let held = it.settle_charge(&it.gateway, &charge).await;
        let charge = Charge { reference: held.references.payment, ..charge };
        let capture = async |gateway: &Arc<dyn Gateway>| {
            let log = AttemptLog::default();
            expect_event(gateway.capture(charge.clone(), yuan(amount), &log).await)
        };
        let first = capture(&it.gateway).await;
        assert_about(&first, EventKind::Captured, &charge, amount);
        assert_same_event(&first, &capture(&it.other_instance).await);
    }
}

/// A void releases the whole authorisation; the same void again has the same result.
pub async fn a_void_gives_up_all_of_it_however_often(it: &GatewayFixture) {
    if it.traits.has_manual_capture {
        let charge = it.manual_charge();
        let held = it.settle_charge(&it.gateway, &charge).await;
        let charge = Charge { reference: held.references.payment, ..charge };
        let void = async |gateway: &Arc<dyn Gateway>| {
            expect_event(gateway.void(charge.clone(), &AttemptLog::default()).await)
        };
        let first = void(&it.gateway).await;
        assert_about(&first, EventKind::Voided, &charge, "19.98");
        assert_same_event(&first, &void(&it.other_instance).await);
    }
}

/// The event of a refund names the refund and its amount; the same refund again has the same result. Partial
/// refunds add up to the whole.
pub async fn a_refund_is_about_itself_however_often(it: &GatewayFixture) {
    let charge = it.automatic_charge();
    let paid = it.settle_charge(&it.gateway, &charge).await;
    let charge = Charge { reference: paid.references.payment, ..charge };
    for (id, amount) in [("refund1", "5"), ("refund2", "14.98")] {
        let id = RefundId::new(format!("{id}{}", charge.transaction));
        let first = it.settle_refund(&it.gateway, &charge, &id, amount).await;
        assert_about(&first, EventKind::RefundSucceeded, &charge, amount);
        assert_eq!(first.refund.as_ref(), Some(&id));
        assert_same_event(&first, &it.settle_refund(&it.other_instance, &charge, &id, amount).await);
    }
}

/// A call records at least one attempt, and none of them shows the token of the payment method.
pub async fn what_is_sent_is_recorded_without_the_token(it: &GatewayFixture) {
    let (charge, log) = (it.automatic_charge(), AttemptLog::default());
    it.gateway.charge(charge.clone(), &log).await.expect("it answers");
    let all = log.take();
    assert!(!all.is_empty(), "nothing was recorded");
    let shows_token = |text: &str| text.contains(charge.token.expose_secret());
    let is_masked = !it.traits.waits_for_buyer;
    assert!(all.iter().all(|attempt| !attempt.request.is_empty()));
    assert!(!is_masked || all.iter().all(|attempt| !shows_token(&attempt.request)));
}
