//! Lookups of payments and refunds.

use super::*;

/// A lookup, by our id or by the reference, returns the event of the answer.
pub async fn a_payment_is_found_on_any_instance_by_our_id_and_by_its_reference(it: &GatewayFixture) {
    for token in [it.good_token, it.declined_token] {
        for method in [CaptureMethod::Automatic, CaptureMethod::Manual] {
            let charge = it.charge(token, method);
            let first = expect_event(it.gateway.charge(charge.clone()).await);
            let known = Charge { reference: first.references.payment.clone(), ..charge.clone() };
            for gateway in [&it.gateway, &it.other_instance] {
                assert_eq!(last_word(look_up(gateway, &charge).await), first);
                assert_eq!(last_word(look_up(gateway, &known).await), first);
            }
        }
    }
}

/// The payment whose answer was lost was captured, and a lookup on any instance returns that.
pub async fn a_lost_answer_is_found_by_looking_it_up(it: &GatewayFixture) {
    let charge = it.charge(it.unanswered_token, CaptureMethod::Automatic);
    it.gateway.charge(charge.clone()).await.expect_err("the answer is lost");
    for gateway in [&it.gateway, &it.other_instance] {
        assert_about(&last_word(look_up(gateway, &charge).await), EventKind::Captured, &charge, "19.98");
    }
}

/// A charge that never arrived is `Unknown`, however often it is looked up. Only sending it again makes the
/// payment.
pub async fn looking_up_has_no_effect_and_a_charge_that_never_arrived_stays_unknown(it: &GatewayFixture) {
    let charge = it.charge(it.unreached_token, CaptureMethod::Automatic);
    for _ in 0..2 {
        assert_eq!(look_up(&it.gateway, &charge).await, LookupAnswer::Unknown, "nothing was sent");
    }
    it.gateway.charge(charge.clone()).await.expect_err("it does not arrive");
    for _ in 0..2 {
        assert_eq!(look_up(&it.gateway, &charge).await, LookupAnswer::Unknown);
    }
    let made = expect_event(it.gateway.charge(charge.clone()).await);
    assert_about(&made, EventKind::Captured, &charge, "19.98");
    assert_eq!(last_word(look_up(&it.gateway, &charge).await), made);
}

/// A lookup returns the capture with its amount, and the void.
pub async fn a_capture_and_a_void_are_found(it: &GatewayFixture) {
    let charge = it.manual_charge();
    expect_event(it.gateway.charge(charge.clone()).await);
    expect_event(it.gateway.capture(charge.clone(), yuan("5")).await);
    assert_about(&last_word(look_up(&it.gateway, &charge).await), EventKind::Captured, &charge, "5");
    let charge = it.manual_charge();
    expect_event(it.gateway.charge(charge.clone()).await);
    expect_event(it.gateway.void(charge.clone()).await);
    assert_about(&last_word(look_up(&it.gateway, &charge).await), EventKind::Voided, &charge, "19.98");
}

/// Each refund is looked up separately, by id or by reference. A lookup does not make the refund.
pub async fn a_refund_is_unknown_until_it_is_made_and_then_found(it: &GatewayFixture) {
    let charge = it.charge(it.good_token, CaptureMethod::Automatic);
    expect_event(it.gateway.charge(charge.clone()).await);
    let look_up = async |id: &str, reference: Option<GatewayReference>| {
        let id = RefundId::new(id.to_owned());
        let subject = LookupSubject::Refund { id, reference, amount: yuan("5") };
        it.gateway.look_up(Lookup { charge: charge.clone(), subject }).await.expect("it answers")
    };
    assert_eq!(look_up("refund-1", None).await, LookupAnswer::Unknown);
    assert_eq!(look_up("refund-1", None).await, LookupAnswer::Unknown);
    let id = RefundId::new("refund-1".to_owned());
    let made = expect_event(it.gateway.refund(charge.clone(), id, yuan("5")).await);
    for reference in [None, made.references.refund.clone()] {
        let found = last_word(look_up("refund-1", reference).await);
        assert_about(&found, EventKind::RefundSucceeded, &charge, "5");
        assert_eq!((&found.refund, &found.references), (&made.refund, &made.references));
    }
    assert_eq!(look_up("refund-2", None).await, LookupAnswer::Unknown);
}
