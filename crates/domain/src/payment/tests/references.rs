//! The gateway's references.

use EventKind::{Captured, DisputeLost, DisputeWon, Disputed, RefundFailed, RefundSucceeded};

use super::*;

fn reference(text: &str) -> GatewayReference {
    GatewayReference::parse(text).unwrap()
}

/// The event, with this reference of the payment.
fn of(payment: &str, event: PaymentEvent) -> PaymentEvent {
    let references = EventReferences { payment: Some(reference(payment)), ..event.references };
    PaymentEvent { references, ..event }
}

/// An event about a refund that began in the gateway's dashboard: it names payment and refund only by
/// references.
fn dashboard_refund(kind: EventKind, amount: &str, id: &str) -> PaymentEvent {
    let references = EventReferences {
        payment: Some(reference("pi_1")),
        refund: Some(reference(id)),
        ..EventReferences::default()
    };
    let target =
        EventTarget::Reference(NamedReference { kind: ReferenceKind::Payment, reference: reference("pi_1") });
    PaymentEvent {
        id: EventId::new(format!("{} of {id}", kind.as_str())),
        target,
        order: None,
        refund: None,
        references,
        ..money_event(kind, amount, None)
    }
}

fn dashboard_dispute(kind: EventKind, amount: &str, id: &str) -> PaymentEvent {
    let references = EventReferences { refund: None, dispute: Some(reference(id)), payment: None };
    let id = EventId::new(format!("{} of {id}", kind.as_str()));
    PaymentEvent { id, order: None, references, ..money_event(kind, amount, None) }
}

fn refunds(case: &TransactionChange) -> Vec<(&str, RefundStatus)> {
    case.transaction.refunds.iter().map(|it| (it.id.as_str(), it.status())).collect()
}

#[test]
fn a_reference_is_learnt_from_the_first_event_that_states_it() {
    let case = apply_all(&[event(Captured), of("pi_1", later(1, event(Captured)))]);
    assert_eq!(case.transaction.reference(), Some(&reference("pi_1")));
    let new = case.new_references(NOW);
    let known = KnownReference { owner: ReferenceOwner::Payment, reference: reference("pi_1") };
    assert_eq!(new, [NewReference { transaction: TransactionKey::new(1), known, learnt_at: NOW }]);
}

#[test]
fn what_was_read_with_the_transaction_is_not_learnt_again() {
    let read = apply_all(&[of("pi_1", event(Captured))]).transaction;
    let mut case = TransactionChange::from_order(order(), read, false);
    case.apply_event(&of("pi_1", later(1, event(Captured))), fresh(), NOW);
    assert_eq!(case.new_references(NOW), []);
}

#[test]
fn another_reference_of_a_known_payment_is_a_mismatch_and_overwrites_nothing() {
    let mut case = apply_all(&[of("pi_1", event(EventKind::Authorized))]);
    let effect = case.apply_event(&of("pi_2", event(Captured)), fresh(), NOW);
    assert_eq!(effect, EventEffect::Mismatch(EventMismatch::Reference));
    assert_eq!(kinds(&case), [FindingKind::Contradiction]);
    assert_eq!(case.transaction.reference(), Some(&reference("pi_1")));
    assert_eq!(case.transaction.status(), PaymentStatus::Authorized);
}

#[test]
fn a_reference_that_another_transaction_has_is_a_mismatch() {
    let mut case = case();
    let named = NamedReference { kind: ReferenceKind::Payment, reference: reference("pi_1") };
    case.claimed_elsewhere = vec![named];
    let effect = case.apply_event(&of("pi_1", event(Captured)), fresh(), NOW);
    assert_eq!(effect, EventEffect::Mismatch(EventMismatch::Reference));
    assert_eq!((case.transaction.reference(), case.transaction.captured_amount().is_zero()), (None, true));
    let known = KnownReference { owner: ReferenceOwner::Payment, reference: reference("pi_1") };
    case.add_reported_reference(known, NOW);
    assert_eq!((case.transaction.reference(), kinds(&case).len()), (None, 2));
}

#[test]
fn an_answer_without_an_event_teaches_too_and_never_replaces() {
    let known = |text| KnownReference { owner: ReferenceOwner::Payment, reference: reference(text) };
    let mut case = case();
    case.add_reported_reference(known("pi_1"), NOW);
    case.add_reported_reference(known("pi_1"), NOW);
    assert_eq!((case.new_references(NOW).len(), kinds(&case)), (1, vec![]));
    case.add_reported_reference(known("pi_2"), NOW);
    assert_eq!(kinds(&case), [FindingKind::Contradiction]);
    assert_eq!(case.transaction.reference(), Some(&reference("pi_1")));
}

#[test]
fn a_refund_begun_in_the_dashboard_is_recorded_under_its_reference() {
    let case = apply_all(&[
        of("pi_1", event(Captured)),
        dashboard_refund(RefundSucceeded, "4", "re_1"),
        dashboard_refund(RefundSucceeded, "6", "re_2"),
    ]);
    let (one, two) = (("re_1", RefundStatus::Succeeded), ("re_2", RefundStatus::Succeeded));
    assert_eq!(refunds(&case), [one, two]);
    assert!(case.transaction.refunds.iter().all(|it| it.requested_by == ChangedBy::GATEWAY));
    assert_eq!(case.order_change.order().status, OrderStatus::Refunded);
    assert_eq!((kinds(&case), case.new_references(NOW).len()), (vec![], 3));
    let mut case = case;
    case.apply_event(&later(1, dashboard_refund(RefundFailed, "4", "re_1")), fresh(), NOW);
    assert_eq!(
        refunds(&case),
        [("re_1", RefundStatus::Failed), two],
        "the later event names the same refund"
    );
}

/// A captured payment with a refund `r1` of this amount that has no result.
fn asked(amount: &str) -> TransactionChange {
    let mut case = apply_all(&[of("pi_1", event(Captured))]);
    let ids = RefundIds { key: RefundKey::new(8), id: RefundId::new("r1".into()) };
    case.request_refund(
        RefundRequest::for_amount(Some(yuan(amount))),
        ChangedBy::operator(UserKey::new(2)),
        ids,
        NOW,
    )
    .unwrap();
    case
}

/// The result of the refund `r1`, with our id and this reference.
fn answer(amount: &str, id: &str) -> PaymentEvent {
    let references = EventReferences { refund: Some(reference(id)), ..EventReferences::default() };
    PaymentEvent { references, ..refund(RefundSucceeded, amount, "r1") }
}

#[test]
fn a_nameless_refund_and_one_that_may_be_it_are_never_counted_as_two() {
    let mut case = asked("4");
    let notice = dashboard_refund(RefundSucceeded, "4", "re_1");
    assert_eq!(apply_events(&mut case, std::slice::from_ref(&notice), fresh, NOW), [EventEffect::Waiting]);
    assert_eq!(refunds(&case), [("r1", RefundStatus::Pending)]);
    // The notice is about our refund.
    let mut ours = case.clone();
    let effects = apply_events(&mut ours, &[answer("4", "re_1"), notice.clone()], fresh, NOW);
    assert_eq!(effects, [EventEffect::Applied, EventEffect::Unchanged]);
    assert_eq!(
        (refunds(&ours), ours.transaction.refunded_amount()),
        (vec![("r1", RefundStatus::Succeeded)], yuan("4"))
    );
    // The notice is about another refund.
    let effects = apply_events(&mut case, &[notice, answer("4", "re_9")], fresh, NOW);
    assert_eq!(effects, [EventEffect::Applied, EventEffect::Applied]);
    assert_eq!((case.transaction.refunded_amount(), kinds(&case)), (yuan("8"), vec![]));
}

#[test]
fn a_refund_of_another_amount_cannot_be_the_nameless_one() {
    let mut case = asked("4");
    let notice = dashboard_refund(RefundSucceeded, "3", "re_1");
    assert_eq!(case.apply_event(&notice, fresh(), NOW), EventEffect::Applied);
    assert_eq!(refunds(&case), [("r1", RefundStatus::Pending), ("re_1", RefundStatus::Succeeded)]);
}

#[test]
fn a_dispute_is_followed_by_its_reference_alone() {
    let mut case = apply_all(&[
        of("pi_1", event(Captured)),
        later(1, dashboard_dispute(Disputed, "4", "dp_1")),
        later(2, dashboard_dispute(Disputed, "6", "dp_2")),
    ]);
    case.apply_event(&later(3, dashboard_dispute(DisputeWon, "4", "dp_1")), fresh(), NOW);
    case.apply_event(&later(4, dashboard_dispute(DisputeLost, "6", "dp_2")), fresh(), NOW);
    let disputes = case.transaction.facts.disputes();
    let seen: Vec<_> = disputes.as_slice().iter().map(|it| (it.id.as_str(), it.status)).collect();
    assert_eq!(seen, [("dp_1", DisputeStatus::Won), ("dp_2", DisputeStatus::Lost)]);
    assert_eq!(case.transaction.disputed_amount(), yuan("6"));
}
