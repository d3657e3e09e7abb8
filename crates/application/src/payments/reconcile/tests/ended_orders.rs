//! What has not reached the gateway is not sent for an order that needs no money any more.

use super::*;

fn cancel(it: &TestApp) {
    it.record.change(|it| {
        it.orders[0] = transition_order_to(order(), OrderStatus::Cancelled, ChangedBy::customer(ada().key))
    });
}

#[tokio::test]
async fn a_charge_for_a_cancelled_order_is_looked_up_for_a_minute_and_then_fails_without_being_sent() {
    for (wait, status) in [(seconds(59), PaymentStatus::Pending), (seconds(60), PaymentStatus::Failed)] {
        let it = bench(pending());
        cancel(&it);
        it.clock.advance(wait);
        it.gateway.push_answer(knows_nothing);
        check(&it).await;
        assert_eq!(asked(&it), ["look up t1 20.00"]);
        assert_eq!(only(&it).status(), status);
    }
}

#[tokio::test]
async fn a_charge_that_a_lookup_cannot_find_is_not_sent_for_a_cancelled_order() {
    let it = bench(pending());
    cancel(&it);
    it.clock.advance(seconds(60));
    it.gateway.push_answer(|_| Ok(ScriptedAnswer::CannotTell));
    check(&it).await;
    assert_eq!(asked(&it), ["look up t1 20.00"]);
    assert_eq!(only(&it).status(), PaymentStatus::Pending);
}

#[tokio::test]
async fn a_capture_that_did_not_happen_is_not_sent_for_a_cancelled_order_which_is_voided_instead() {
    let capture = PendingOperation::Capture(yuan("5"));
    for (wait, operation) in [(seconds(59), capture), (seconds(60), PendingOperation::Void)] {
        let it = claimed(capture, PaymentRequestKind::Capture);
        cancel(&it);
        it.clock.advance(wait);
        it.gateway.push_answer(answer_with(EventKind::Authorized));
        check(&it).await;
        assert_eq!(asked(&it), ["look up t1 20.00"]);
        assert_eq!(only(&it).pending_operation, Some(operation));
    }
}

#[tokio::test]
async fn a_void_of_a_cancelled_order_is_sent_again() {
    let it = claimed(PendingOperation::Void, PaymentRequestKind::Void);
    cancel(&it);
    it.clock.advance(seconds(60));
    it.gateway.push_answer(answer_with(EventKind::Authorized));
    check(&it).await;
    assert_eq!(asked(&it), ["look up t1 20.00", "void t1 20.00"]);
}
