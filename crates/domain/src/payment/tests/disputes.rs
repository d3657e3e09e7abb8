use EventKind::{Captured, DisputeLost, DisputeWon, Disputed, RefundSucceeded};

use super::*;

const OPERATOR: ChangedBy = ChangedBy::operator(UserKey::new(2));

fn named(kind: EventKind, amount: &str, id: &str, ms: i64) -> PaymentEvent {
    later(ms, dispute(kind, amount, Some(id)))
}

fn plain(kind: EventKind, amount: &str, ms: i64) -> PaymentEvent {
    later(ms, dispute(kind, amount, None))
}

fn ask(case: &mut TransactionChange, amount: &str) -> Result<Refund, NotRefundable> {
    case.request_refund(RefundRequest::for_amount(Some(yuan(amount))), OPERATOR, fresh(), NOW)
}

#[test]
fn a_part_that_is_disputed_cannot_be_refunded_and_the_rest_can() {
    let mut case =
        apply_all(&[event(Captured), refund(RefundSucceeded, "2.5", "r1"), plain(Disputed, "7", 1)]);
    assert_eq!(case.transaction.status(), PaymentStatus::Disputed);
    assert_eq!(kinds(&case), [FindingKind::Dispute]);
    assert_eq!(
        (case.transaction.disputed_amount(), case.transaction.refundable_amount()),
        (yuan("7"), yuan("0.5"))
    );
    assert_eq!(ask(&mut case, "0.51"), Err(NotRefundable::Exceeds));
    ask(&mut case, "0.5").unwrap();
    assert_eq!(case.order_change.order().status, OrderStatus::Paid, "the dispute may be won");
    assert_eq!(ask(&mut case, "0.01"), Err(NotRefundable::Exceeds));
}

#[test]
fn a_part_that_is_lost_is_back_and_the_whole_is_refunded_with_the_rest() {
    let mut case = apply_all(&[event(Captured), plain(Disputed, "7.5", 1), plain(DisputeLost, "7.5", 2)]);
    let it = &case.transaction;
    assert_eq!((it.status(), it.refundable_amount()), (PaymentStatus::Captured, yuan("2.5")));
    assert_eq!(case.order_change.order().status, OrderStatus::Paid);
    ask(&mut case, "2.5").unwrap();
    assert_eq!(case.order_change.order().status, OrderStatus::RefundPending, "the rest is requested");
    case.apply_event(&later(3, refund(RefundSucceeded, "2.5", "auto")), fresh(), NOW);
    assert_eq!(case.transaction.status(), PaymentStatus::Refunded);
    assert_eq!(case.order_change.order().status, OrderStatus::Refunded);
}

#[test]
fn a_second_dispute_counts_whether_the_gateway_names_it_or_not() {
    for id in [None, Some("d1")] {
        let report = |kind, ms| later(ms, dispute(kind, "10", id));
        let mut case = apply_all(&[event(Captured), report(Disputed, 1), report(DisputeWon, 2)]);
        assert_eq!(case.transaction.status(), PaymentStatus::Captured);
        case.apply_event(&report(Disputed, 3), fresh(), NOW);
        assert_eq!(case.transaction.status(), PaymentStatus::Disputed, "{id:?}");
        assert_eq!(kinds(&case), [FindingKind::Dispute; 2]);
        assert_eq!(ask(&mut case, "1"), Err(NotRefundable::Exceeds));
    }
}

#[test]
fn of_two_open_disputes_one_that_is_won_leaves_the_other_open() {
    let opened = [named(Disputed, "4", "d1", 1), named(Disputed, "6", "d2", 2)];
    let mut case = apply_all(&[&[event(Captured)], &opened[..]].concat());
    case.apply_event(&named(DisputeWon, "4", "d1", 3), fresh(), NOW);
    let it = &case.transaction;
    assert_eq!((it.status(), it.refundable_amount()), (PaymentStatus::Disputed, yuan("4")));
}

#[test]
fn a_word_without_a_name_is_about_the_only_open_dispute_and_unclear_among_several() {
    let mut case = apply_all(&[event(Captured), named(Disputed, "4", "d1", 1), plain(DisputeWon, "4", 2)]);
    assert_eq!(case.transaction.status(), PaymentStatus::Captured);
    case.flags.clear();
    apply_events(&mut case, &[named(Disputed, "4", "d2", 3), named(Disputed, "6", "d3", 4)], fresh, NOW);
    let effect = case.apply_event(&plain(DisputeWon, "4", 5), fresh(), NOW);
    assert_eq!(effect, EventEffect::Contradicted, "it may be about either");
    assert_eq!(case.transaction.disputed_amount(), yuan("10"));
    assert_eq!(kinds(&case), [FindingKind::Dispute, FindingKind::Dispute, FindingKind::Contradiction]);
}

#[test]
fn a_lost_dispute_that_is_won_in_the_end_brings_the_money_and_keeps_the_order() {
    let lost = [event(Captured), plain(Disputed, "10", 1), plain(DisputeLost, "10", 2)];
    let mut case = apply_all(&lost);
    assert_eq!(case.transaction.status(), PaymentStatus::Refunded);
    case.flags.clear();
    case.apply_event(&plain(DisputeWon, "10", 3), fresh(), NOW);
    let it = &case.transaction;
    assert_eq!((it.status(), it.refundable_amount()), (PaymentStatus::Captured, yuan("10")));
    assert_eq!(case.order_change.order().status, OrderStatus::Refunded);
    assert_eq!(kinds(&case), [FindingKind::Contradiction]);
}

#[test]
fn a_dispute_of_more_than_was_captured_counts_as_what_was_captured() {
    let case = apply_all(&[event(Captured), plain(Disputed, "12", 1)]);
    assert_eq!(
        (case.transaction.disputed_amount(), case.transaction.refundable_amount()),
        (yuan("10"), Money::zero(yuan("1").currency()))
    );
    assert_eq!(kinds(&case), [FindingKind::Dispute, FindingKind::AmountMismatch]);
}

#[test]
fn a_disputed_order_that_is_shipped_is_flagged() {
    let mut case = apply_all(&[event(Captured), plain(Disputed, "4", 1)]);
    case.flags.clear();
    for to in [OrderStatus::Processing, OrderStatus::Shipped] {
        case.order_change.transition(to, OPERATOR, None, NOW).unwrap();
    }
    case.follow_order_status(NOW);
    assert_eq!(kinds(&case), [FindingKind::Dispute]);
}

#[test]
fn everything_disputed_leaves_nothing_to_refund() {
    let mut case = apply_all(&[event(Captured), event(Disputed)]);
    assert_eq!(case.transaction.status(), PaymentStatus::Disputed);
    assert!(case.transaction.occupies_order(), "it may be won");
    assert_eq!(
        case.request_refund(RefundRequest::for_amount(None), OPERATOR, fresh(), NOW),
        Err(NotRefundable::State)
    );
    assert_eq!(ask(&mut case, "0.01"), Err(NotRefundable::Exceeds));
}

#[test]
fn money_that_came_too_late_and_is_disputed_goes_back_when_the_dispute_is_won() {
    for (end, back) in [(DisputeWon, vec![yuan("4"), yuan("6")]), (DisputeLost, vec![yuan("4")])] {
        let mut case = case();
        case.order_change
            .transition(OrderStatus::Cancelled, ChangedBy::customer(UserKey::new(1)), None, NOW)
            .unwrap();
        apply_events(&mut case, &[event(Captured), plain(Disputed, "6", 1)], fresh, NOW);
        apply_events(&mut case, &[plain(end, "6", 2)], fresh, NOW);
        let refunds: Vec<_> = case.transaction.refunds.iter().map(|it| it.amount).collect();
        assert_eq!(refunds, back, "{end:?}");
    }
}

#[test]
fn a_dispute_that_is_named_only_when_it_ends_is_one_dispute() {
    let case = apply_all(&[event(Captured), plain(Disputed, "10", 1), named(DisputeLost, "10", "d1", 2)]);
    assert_eq!(
        (case.transaction.status(), case.transaction.disputed_amount()),
        (PaymentStatus::Refunded, yuan("10"))
    );
    let disputes = case.transaction.facts.disputes();
    assert_eq!(disputes.as_slice().iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["d1"]);
}

#[test]
fn a_lost_dispute_that_is_opened_again_and_won_is_flagged() {
    let story = [(Disputed, 1), (DisputeLost, 2), (Disputed, 3), (DisputeWon, 4)];
    let reports = story.map(|(kind, ms)| named(kind, "10", "d1", ms));
    let case = apply_all(&[&[event(Captured)], &reports[..]].concat());
    assert_eq!(case.transaction.status(), PaymentStatus::Captured);
    assert_eq!(kinds(&case), [FindingKind::Dispute, FindingKind::Dispute, FindingKind::Contradiction]);
}

#[test]
fn of_two_ends_of_one_moment_the_one_that_arrived_last_holds() {
    for (ends, disputed) in [([DisputeLost, DisputeWon], "0"), ([DisputeWon, DisputeLost], "10")] {
        let reports = [plain(Disputed, "10", 1), plain(ends[0], "10", 1), plain(ends[1], "10", 1)];
        let case = apply_all(&[&[event(Captured)], &reports[..]].concat());
        assert_eq!(case.transaction.disputed_amount().to_string(), format!("{disputed}.00"), "{ends:?}");
    }
}

#[test]
fn a_dispute_that_opened_without_a_name_is_named_by_the_event_that_opened_it() {
    let (first, second) = (plain(Disputed, "3", 1), plain(Disputed, "4", 2));
    let about = |kind, amount, opening: &PaymentEvent, ms| named(kind, amount, opening.id.as_str(), ms);
    let mut case = apply_all(&[event(Captured), first.clone(), second.clone()]);
    case.apply_event(&about(DisputeWon, "3", &first, 3), fresh(), NOW);
    assert_eq!(case.transaction.disputed_amount(), yuan("4"));
    case.apply_event(&about(DisputeLost, "4", &second, 4), fresh(), NOW);
    assert_eq!(case.transaction.disputed_amount(), yuan("4"), "it is lost, and no other one");
    case.apply_event(&about(DisputeWon, "4", &second, 5), fresh(), NOW);
    assert!(case.transaction.disputed_amount().is_zero(), "the money is back");
    assert_eq!(case.transaction.facts.disputes().as_slice().len(), 2);
}

/// Also after the gateway has given it another name.
#[test]
fn the_id_of_the_opening_event_stays_an_id_of_its_dispute() {
    let opening = plain(Disputed, "10", 1);
    let lost = named(DisputeLost, "10", "d1", 2);
    let mut case = apply_all(&[event(Captured), opening.clone(), lost]);
    case.apply_event(&named(DisputeWon, "10", opening.id.as_str(), 3), fresh(), NOW);
    let disputes = case.transaction.facts.disputes();
    let ids: Vec<_> = disputes.as_slice().iter().map(|it| it.id.as_str().to_owned()).collect();
    assert_eq!((ids, case.transaction.disputed_amount().is_zero()), (vec!["d1".to_owned()], true));
}
