use EventKind::{Authorized, Captured, DisputeLost, Disputed, Failed, RefundFailed, RefundSucceeded, Voided};

use super::*;

const OPERATOR: ChangedBy = ChangedBy::operator(UserKey::new(2));

fn at(ms: i64, kind: EventKind, amount: &str, id: &str) -> PaymentEvent {
    later(ms, refund(kind, amount, id))
}

#[test]
fn a_refund_that_fails_after_it_went_through_can_be_made_again() {
    for arrival in [[1, 2], [2, 1]] {
        let reports = arrival.map(|ms| {
            let kind = if ms == 1 { RefundSucceeded } else { RefundFailed };
            at(ms, kind, "10", "r1")
        });
        let mut case = apply_all(&[event(Captured)]);
        for report in reports {
            case.apply_event(&report, fresh(), NOW);
        }
        let it = &case.transaction;
        assert_eq!(
            (it.status(), it.refunded_amount()),
            (PaymentStatus::Captured, Money::zero(it.amount.currency()))
        );
        assert_eq!(case.order_change.order().status, OrderStatus::RefundPending, "{arrival:?}");
        assert!(kinds(&case).contains(&FindingKind::RefundFailed), "{arrival:?}");
        case.request_refund(
            RefundRequest::for_amount(None),
            OPERATOR,
            RefundIds { key: RefundKey::new(8), id: RefundId::new("r2".into()) },
            NOW,
        )
        .unwrap();
        case.apply_event(&at(3, RefundSucceeded, "10", "r2"), fresh(), NOW);
        assert_eq!(case.order_change.order().status, OrderStatus::Refunded);
        assert_eq!(case.order_change.returned_stock().len(), 1, "the goods went back into stock once");
    }
}

#[test]
fn a_refund_that_failed_in_part_leaves_the_order_where_it_is() {
    let mut case =
        apply_all(&[event(Captured), at(1, RefundSucceeded, "4", "r1"), at(2, RefundFailed, "4", "r1")]);
    assert_eq!(case.order_change.order().status, OrderStatus::Paid);
    assert_eq!(
        (case.transaction.refundable_amount(), kinds(&case)),
        (yuan("10"), vec![FindingKind::RefundFailed])
    );
    case.apply_event(&at(1, RefundSucceeded, "4", "r1"), fresh(), NOW);
    assert_eq!(kinds(&case).len(), 1, "the same report again raises nothing");
}

#[test]
fn money_that_is_back_twice_is_recorded_and_flagged() {
    let lost = [event(Captured), later(1, event(Disputed)), later(2, event(DisputeLost))];
    let mut case = apply_all(&lost);
    assert!(!kinds(&case).contains(&FindingKind::OverRefunded));
    case.apply_event(&at(3, RefundSucceeded, "10", "theirs"), fresh(), NOW);
    let it = &case.transaction;
    assert_eq!(
        (it.refunded_amount(), it.disputed_amount(), it.returned_amount()),
        (yuan("10"), yuan("10"), yuan("20"))
    );
    assert!(kinds(&case).contains(&FindingKind::OverRefunded));
    assert_eq!(case.order_change.order().status, OrderStatus::Refunded);
}

#[test]
fn refunds_beyond_what_was_captured_are_recorded_and_flagged() {
    let case =
        apply_all(&[event(Captured), refund(RefundSucceeded, "7", "r1"), refund(RefundSucceeded, "8", "r2")]);
    assert_eq!(case.transaction.refunded_amount(), yuan("15"));
    assert_eq!(kinds(&case), [FindingKind::OverRefunded]);
    let case = apply_all(&[event(Captured), refund(RefundSucceeded, "12", "r1")]);
    assert_eq!(
        (case.transaction.refunded_amount(), case.transaction.refundable_amount()),
        (yuan("12"), yuan("10").saturating_sub(yuan("10")))
    );
    assert_eq!(kinds(&case), [FindingKind::OverRefunded], "one refund of more than was paid");
}

#[test]
fn a_word_that_contradicts_captured_money_is_flagged_and_an_old_one_is_not() {
    for kind in [Failed, Voided] {
        let captured = later(5, event(Captured));
        let mut case = apply_all(std::slice::from_ref(&captured));
        let before = case.transaction.clone();
        if kind == Failed {
            assert_eq!(
                case.apply_event(&later(4, event(kind)), fresh(), NOW),
                EventEffect::Unchanged,
                "a failure before the capture"
            );
        }
        assert_eq!(kinds(&case), []);
        assert_eq!(case.apply_event(&later(6, event(kind)), fresh(), NOW), EventEffect::Contradicted);
        assert_eq!(kinds(&case), [FindingKind::Contradiction]);
        assert_eq!(end(&case), end(&apply_all(&[captured])));
        assert_eq!(case.transaction.updated_at, before.updated_at);
    }
    let held = apply_all(&[event(Authorized), later(1, event(Failed)), later(2, event(Authorized))]);
    assert_eq!(kinds(&held), [FindingKind::Contradiction], "authorised after the failure");
}

#[test]
fn a_part_that_was_not_asked_for_is_captured_and_flagged() {
    let mut case = apply_all(&[event(Authorized), later(1, money_event(Captured, "4", None))]);
    assert_eq!(
        (case.transaction.status(), case.transaction.captured_amount()),
        (PaymentStatus::Captured, yuan("4"))
    );
    assert_eq!(case.order_change.order().status, OrderStatus::Pending);
    assert_eq!(kinds(&case), [FindingKind::PartialCapture]);
    assert_eq!(
        case.apply_event(&later(2, money_event(Captured, "3", None)), fresh(), NOW),
        EventEffect::Mismatch(EventMismatch::Amount)
    );
    case.apply_event(&later(3, event(Captured)), fresh(), NOW);
    assert_eq!(
        (case.transaction.captured_amount(), case.order_change.order().status),
        (yuan("10"), OrderStatus::Paid)
    );
}

#[test]
fn all_that_is_captured_when_less_was_asked_pays_and_is_flagged() {
    let mut case = apply_all(&[event(Authorized)]);
    case.request_capture(Some(yuan("4")), ChangedBy::SYSTEM, NOW).unwrap();
    case.apply_event(&later(1, event(Captured)), fresh(), NOW);
    assert_eq!(case.order_change.order().status, OrderStatus::Paid);
    assert_eq!(kinds(&case), [FindingKind::Contradiction]);
}

#[test]
fn zeros_at_the_end_of_an_amount_mean_nothing() {
    let stated = |amount: &str| {
        let stated = ReportedAmount { amount: amount.into(), currency: "CNY".into() };
        PaymentEvent { reported: stated, ..event(Captured) }
    };
    let case = apply_all(&[stated("10.000")]);
    assert_eq!(case.order_change.order().status, OrderStatus::Paid);
    assert_eq!(kinds(&case), []);
    assert_eq!(kinds(&apply_all(&[stated("10.001")])), [FindingKind::AmountMismatch]);
}

#[test]
fn goods_that_went_back_into_stock_keep_the_order_from_going_back() {
    let returned = [event(Captured), at(1, RefundSucceeded, "10", "r1"), at(2, RefundFailed, "10", "r1")];
    let case = apply_all(&returned);
    assert_eq!(case.order_change.order().allowed_transitions(crate::Actor::Operator), []);
    let mut shipped = apply_all(&[event(Captured)]);
    for to in [OrderStatus::Processing, OrderStatus::Shipped] {
        shipped.order_change.transition(to, OPERATOR, None, NOW).unwrap();
    }
    apply_events(&mut shipped, &returned, fresh, NOW);
    assert_eq!(shipped.order_change.order().status, OrderStatus::RefundPending);
    assert_eq!(
        shipped.order_change.order().allowed_transitions(crate::Actor::Operator),
        [OrderStatus::Shipped]
    );
}

#[test]
fn a_refund_says_who_asked_for_it() {
    let mut case = apply_all(&[event(Captured), refund(RefundSucceeded, "2", "theirs")]);
    case.request_refund(RefundRequest::for_amount(Some(yuan("1"))), OPERATOR, fresh(), NOW).unwrap();
    let by = |case: &TransactionChange| {
        case.transaction.refunds.iter().map(|it| it.requested_by).collect::<Vec<_>>()
    };
    assert_eq!(by(&case), [ChangedBy::GATEWAY, OPERATOR]);
    let mut late = super::case();
    late.order_change
        .transition(OrderStatus::Cancelled, ChangedBy::customer(UserKey::new(1)), None, NOW)
        .unwrap();
    apply_events(&mut late, &[event(Captured)], fresh, NOW);
    assert_eq!(by(&late), [ChangedBy::SYSTEM], "the service refunds money that was captured too late");
}

#[test]
fn each_word_that_contradicts_is_flagged() {
    let mut case = apply_all(&[event(Captured), later(1, event(Failed))]);
    assert_eq!(case.apply_event(&later(2, event(Voided)), fresh(), NOW), EventEffect::Contradicted);
    assert_eq!(case.apply_event(&later(3, event(Failed)), fresh(), NOW), EventEffect::Contradicted);
    assert_eq!(kinds(&case), [FindingKind::Contradiction; 3]);
    let raised: Vec<_> = case.flags.iter().filter_map(|it| it.event.clone()).collect();
    assert_eq!(
        raised,
        [later(1, event(Failed)), later(2, event(Voided)), later(3, event(Failed))].map(|it| it.id)
    );
}

#[test]
fn captured_money_beside_another_payment_is_never_an_authorisation() {
    let part = [event(Authorized), money_event(Captured, "4", None), at(1, RefundSucceeded, "4", "r1")];
    let mut case = TransactionChange { other_occupies: true, ..apply_all(&part) };
    case.apply_event(&at(2, RefundFailed, "4", "r1"), fresh(), NOW);
    let it = &case.transaction;
    assert_eq!(
        (it.status(), it.captured_amount(), it.refundable_amount()),
        (PaymentStatus::Failed, yuan("4"), yuan("4"))
    );
    assert!(!it.occupies_order());
    assert_eq!(case.request_void(ChangedBy::SYSTEM, NOW), Err(NotVoidable));
    assert_eq!(case.request_capture(None, ChangedBy::SYSTEM, NOW), Err(NotCapturable::State));
}

#[test]
fn money_that_is_captured_after_it_was_given_up_pays_and_is_flagged() {
    for arrival in [[1, 2], [2, 1]] {
        let reports = arrival.map(|ms| later(ms, event(if ms == 1 { Voided } else { Captured })));
        let case = apply_all(&reports);
        assert_eq!(
            (case.transaction.status(), kinds(&case)),
            (PaymentStatus::Captured, vec![FindingKind::Contradiction])
        );
        assert_eq!(case.order_change.order().status, OrderStatus::Paid);
    }
}

#[test]
fn of_two_words_about_a_refund_with_two_amounts_the_later_holds() {
    for arrival in [[1, 2], [2, 1]] {
        let reports = arrival.map(|ms| at(ms, RefundSucceeded, if ms == 1 { "4" } else { "10" }, "theirs"));
        let case = apply_all(&[&[event(Captured)], &reports[..]].concat());
        assert_eq!(
            (case.transaction.refunded_amount(), case.order_change.order().status),
            (yuan("10"), OrderStatus::Refunded)
        );
        assert_eq!(kinds(&case), [FindingKind::AmountMismatch], "{arrival:?}");
    }
    let mut ours = apply_all(&[event(Captured)]);
    ours.request_refund(RefundRequest::for_amount(Some(yuan("4"))), OPERATOR, fresh(), NOW).unwrap();
    let other = at(1, RefundSucceeded, "5", "auto");
    assert_eq!(
        ours.apply_event(&other, fresh(), NOW),
        EventEffect::Mismatch(EventMismatch::Amount),
        "the service knows the amount that it requested"
    );
}

#[test]
fn a_refused_request_fails_a_refund_only_while_the_gateway_reports_nothing() {
    let requested = || {
        let mut case = apply_all(&[event(Captured)]);
        case.request_refund(RefundRequest::for_amount(Some(yuan("4"))), OPERATOR, fresh(), NOW).unwrap();
        case
    };
    let id = RefundId::new("auto".into());
    let late = Timestamp::from_millis(NOW.as_millis() + 60_000);
    let mut case = requested();
    case.fail_refund_request(&id, late);
    assert_eq!(
        (case.transaction.refunds[0].status(), case.transaction.refundable_amount(), kinds(&case)),
        (RefundStatus::Failed, yuan("10"), vec![FindingKind::Reconciliation])
    );
    assert_eq!((case.transaction.refunds[0].check_at, case.transaction.updated_at), (None, late));
    case.fail_refund_request(&id, late);
    assert_eq!(kinds(&case).len(), 1, "it has failed already");
    // The first request went through, long before the repetition was refused.
    case.apply_event(&at(1, RefundSucceeded, "4", "auto"), fresh(), late);
    assert_eq!(case.transaction.refunds[0].status(), RefundStatus::Succeeded);
    case.fail_refund_request(&id, late);
    assert_eq!(case.transaction.refunds[0].status(), RefundStatus::Succeeded);
    case.apply_event(&at(2, RefundFailed, "4", "auto"), fresh(), late);
    assert_eq!(case.transaction.refunds[0].status(), RefundStatus::Failed, "the gateway's later report");
    assert_eq!(kinds(&case), [FindingKind::Reconciliation, FindingKind::RefundFailed]);

    let mut reported = requested();
    reported.fail_refund_request(&id, late);
    reported.apply_event(&at(1, RefundFailed, "4", "auto"), fresh(), late);
    assert_eq!(kinds(&reported), [FindingKind::Reconciliation], "it is known to have failed");
}

#[test]
fn a_refund_of_a_payment_beside_the_one_that_pays_leaves_the_order_where_it_is() {
    let part = [event(Authorized), money_event(Captured, "4", None), at(1, RefundSucceeded, "4", "r1")];
    let mut case = TransactionChange { other_occupies: true, ..apply_all(&part) };
    case.apply_event(&at(2, RefundFailed, "4", "r1"), fresh(), NOW);
    assert!(case.transaction.facts.is_displaced() && !case.transaction.facts.is_surplus());
    case.order_change.transition(OrderStatus::Paid, ChangedBy::GATEWAY, None, NOW).unwrap();
    case.request_refund(RefundRequest::for_amount(None), OPERATOR, fresh(), NOW).unwrap();
    assert_eq!(case.order_change.order().status, OrderStatus::Paid);
    case.apply_event(&at(3, RefundSucceeded, "4", "auto"), fresh(), NOW);
    assert_eq!(case.order_change.order().status, OrderStatus::Paid);
}
