//! Lookups of payments and refunds.

use super::*;

/// A lookup, by our id or by the reference, returns the event of the answer.
pub async fn a_payment_is_found_on_any_instance_by_our_id_and_by_its_reference(it: &GatewayFixture) {
    for token in it.tokens() {
        for method in it.capture_methods() {
            let charge = it.charge(token, *method);
            let first = it.settle_charge(&it.gateway, &charge).await;
            let known = Charge { reference: first.references.payment.clone(), ..charge.clone() };
            for gateway in [&it.gateway, &it.other_instance] {
                assert_same_event(&last_event(look_up(gateway, &known).await), &first);
                match look_up(gateway, &charge).await {
                    LookupAnswer::CannotTell => assert!(!it.traits.finds_by_our_id),
                    found @ (LookupAnswer::Found { .. } | LookupAnswer::Unknown) => {
                        assert_same_event(&last_event(found), &first)
                    }
                }
            }
        }
    }
}

/// The payment whose answer was lost was made. A lookup on any instance returns that, or the same charge again.
pub async fn a_lost_answer_is_found_by_looking_it_up(it: &GatewayFixture) {
    let charge = it.charge(it.control.lose_answers(), CaptureMethod::Automatic);
    it.gateway.charge(charge.clone(), &AttemptLog::default()).await.expect_err("the answer is lost");
    it.control.restore();
    it.control.pay(&charge);
    for gateway in [&it.gateway, &it.other_instance] {
        let found = match look_up(gateway, &charge).await {
            LookupAnswer::CannotTell if !it.traits.finds_by_our_id => {
                expect_event(gateway.charge(charge.clone(), &AttemptLog::default()).await)
            }
            found @ (LookupAnswer::Found { .. } | LookupAnswer::Unknown | LookupAnswer::CannotTell) => {
                last_event(found)
            }
        };
        assert_about(&found, EventKind::Captured, &charge, "19.98");
    }
}

/// A charge that never arrived is not found, however often it is looked up. Only sending it again makes the
/// payment.
pub async fn looking_up_has_no_effect_and_a_charge_that_never_arrived_stays_unknown(it: &GatewayFixture) {
    let expected = if it.traits.finds_by_our_id { LookupAnswer::Unknown } else { LookupAnswer::CannotTell };
    let charge = it.charge(it.control.drop_requests(), CaptureMethod::Automatic);
    it.gateway.charge(charge.clone(), &AttemptLog::default()).await.expect_err("it does not arrive");
    it.control.restore();
    for _ in 0..2 {
        assert_eq!(look_up(&it.gateway, &charge).await, expected);
    }
    let made = it.settle_charge(&it.gateway, &charge).await;
    assert_about(&made, EventKind::Captured, &charge, "19.98");
    let known = Charge { reference: made.references.payment.clone(), ..charge };
    assert_same_event(&last_event(look_up(&it.gateway, &known).await), &made);
}

/// A lookup returns the capture with its amount, and the void.
pub async fn a_capture_and_a_void_are_found(it: &GatewayFixture) {
    if !it.traits.has_manual_capture {
        return;
    }
    let held = async || {
        let charge = it.manual_charge();
        let event = it.settle_charge(&it.gateway, &charge).await;
        Charge { reference: event.references.payment, ..charge }
    };
    let charge = held().await;
    expect_event(it.gateway.capture(charge.clone(), yuan("5"), &AttemptLog::default()).await);
    assert_about(&last_event(look_up(&it.gateway, &charge).await), EventKind::Captured, &charge, "5");
    let charge = held().await;
    expect_event(it.gateway.void(charge.clone(), &AttemptLog::default()).await);
    assert_about(&last_event(look_up(&it.gateway, &charge).await), EventKind::Voided, &charge, "19.98");
}

/// Each refund is looked up separately, by id or by reference. A lookup does not make the refund.
pub async fn a_refund_is_unknown_until_it_is_made_and_then_found(it: &GatewayFixture) {
    let charge = it.automatic_charge();
    let paid = it.settle_charge(&it.gateway, &charge).await;
    let charge = Charge { reference: paid.references.payment, ..charge };
    let [one, other] = ["one", "other"].map(|it| RefundId::new(format!("{it}{}", charge.transaction)));
    let look_up =
        async |id: &RefundId, reference| it.look_up_refund(&it.gateway, &charge, id, reference, "5").await;
    assert_eq!(look_up(&one, None).await, LookupAnswer::Unknown);
    assert_eq!(look_up(&one, None).await, LookupAnswer::Unknown);
    let made = it.settle_refund(&it.gateway, &charge, &one, "5").await;
    for reference in [None, made.references.refund.clone()] {
        let found = last_event(look_up(&one, reference).await);
        assert_about(&found, EventKind::RefundSucceeded, &charge, "5");
        assert_eq!((&found.refund, &found.references), (&made.refund, &made.references));
    }
    assert_eq!(look_up(&other, None).await, LookupAnswer::Unknown);
}
