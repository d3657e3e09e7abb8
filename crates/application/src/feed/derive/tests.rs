use domain::{
    ChangedBy, RefundId, RefundKey, Timestamp,
    order::{OrderDetails, OrderReference},
    payment::{EventKind, RefundIds, TransactionChange},
};

use super::*;
use crate::testing::*;

fn names(work: &UnitOfWork) -> Vec<&'static str> {
    derive_events(work).iter().map(|it| it.kind.as_str()).collect()
}

fn unit(write: Write) -> UnitOfWork {
    UnitOfWork::new().with_write(write)
}

fn update(read: Transaction, next: Transaction) -> UnitOfWork {
    unit(Write::UpdateTransaction(TransactionUpdate::new(read, next)))
}

fn reported(read: Transaction, kind: EventKind) -> UnitOfWork {
    let mut case = TransactionChange::from_order(order(), read, false);
    let fresh = RefundIds { key: RefundKey::new(9), id: RefundId::new("r9".to_owned()) };
    case.apply_event(&event(kind, "20.00"), fresh, NOW);
    let update = TransactionUpdate::from(&case);
    UnitOfWork::new().with_order_change(case.order_change).with_write(Write::UpdateTransaction(update))
}

#[test]
fn money_comes_before_the_order_that_it_pays() {
    assert_eq!(names(&reported(pending(), EventKind::Captured)), ["payment.captured", "order.paid"]);
    assert_eq!(names(&reported(pending(), EventKind::Authorized)), ["payment.authorized"]);
    let begun = UnitOfWork::new()
        .with_order_change(OrderChange::from_order(order()))
        .with_write(Write::InsertTransaction(Box::new(pending())));
    assert_eq!(names(&begun), ["payment.pending"], "the order itself does not look different");
}

#[test]
fn every_transition_of_one_commit_has_its_event_with_the_order_as_it_was_then() {
    let mut change = OrderChange::from_order(paid());
    for to in [OrderStatus::RefundPending, OrderStatus::Refunded] {
        change.transition(to, ChangedBy::GATEWAY, None, Timestamp::from_millis(NOW.as_millis() + 9)).unwrap();
    }
    let version = change.order().version.get();
    let events = derive_events(&UnitOfWork::new().with_order_change(change.clone()));
    let shown: Vec<_> = events
        .iter()
        .map(|it| {
            let FeedContent::Order(order) = &it.content else { panic!("{it:?}") };
            (it.kind.as_str(), order.status, order.version.get(), order.status_before_refund)
        })
        .collect();
    assert_eq!(
        shown[0],
        ("order.refund_pending", OrderStatus::RefundPending, version - 1, Some(OrderStatus::Paid))
    );
    assert_eq!((shown[1].0, shown[1].1, shown[1].2), ("order.refunded", OrderStatus::Refunded, version));
    let FeedContent::Order(last) = &events[1].content else { panic!("an order") };
    assert_eq!(**last, *change.order());
}

#[test]
fn an_order_that_only_changed_its_details_was_updated_and_one_that_moved_has_one_event() {
    let reference = Some(OrderReference::new("PO-1".to_owned()));
    let details = OrderDetails { reference, ..OrderDetails::default() };
    let mut change = OrderChange::from_order(order());
    change.edit_details(details.clone(), NOW);
    assert_eq!(names(&UnitOfWork::new().with_order_change(change.clone())), ["order.updated"]);
    change.transition(OrderStatus::Closed, ChangedBy::SYSTEM, None, NOW).unwrap();
    assert_eq!(names(&UnitOfWork::new().with_order_change(change)), ["order.closed"]);
    let placed = Write::InsertOrder {
        order: Box::new(order()),
        entry: domain::order::HistoryEntry::for_new_order(&order(), ChangedBy::SYSTEM),
    };
    assert_eq!(names(&unit(placed)), ["order.placed"]);
}

#[test]
fn a_refund_and_a_dispute_have_events_when_their_status_changes() {
    let mut refunded = captured();
    let refund = |status: Option<Timestamp>| domain::Refund {
        key: RefundKey::new(1),
        id: RefundId::new("r1".to_owned()),
        transaction: refunded.key,
        amount: yuan("5.00"),
        facts: domain::payment::RefundFacts { succeeded_at: status, ..Default::default() },
        requested_by: ChangedBy::SYSTEM,
        reason: None,
        created_at: NOW,
        check_at: None,
        checks: 0,
        items: Vec::new(),
        metadata: domain::order::Metadata::default(),
    };
    let (asked, done) = (refund(None), refund(Some(NOW)));
    refunded.refunds = vec![asked];
    assert_eq!(names(&update(captured(), refunded.clone())), ["refund.pending", "payment.updated"]);
    let before = refunded.clone();
    refunded.refunds = vec![done];
    assert_eq!(names(&update(before, refunded.clone())), ["refund.succeeded", "payment.updated"]);
    assert_eq!(names(&update(refunded.clone(), refunded)), ["payment.updated"]);
    assert_eq!(names(&update(captured(), disputed())), ["dispute.opened", "payment.disputed"]);
}

#[test]
fn a_payment_without_another_status_is_compared_without_its_time() {
    let mut later = captured();
    later.updated_at = Timestamp::from_millis(later.updated_at.as_millis() + 1);
    let events = derive_events(&update(captured(), later.clone()));
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].unless_like.as_ref(), Some(&events[0].content));
}

#[test]
fn findings_and_users_have_events_of_their_own() {
    let finding = Finding {
        key: domain::FindingKey::new(1),
        id: FindingId::new("f1".to_owned()),
        kind: domain::FindingKind::Dispute,
        gateway: None,
        event: None,
        transaction: None,
        order: Some(order().number),
        detail: String::new(),
        created_at: NOW,
        resolved_at: None,
        note: None,
        resolved_by: None,
    };
    let alone = Finding { order: None, ..finding.clone() };
    let events = derive_events(&unit(Write::InsertFinding(finding)));
    assert_eq!(
        (events[0].subject.clone(), &events[0].only_with),
        (FeedSubject::Order(order().number), &None)
    );
    let events = derive_events(&unit(Write::InsertFindingOnce(alone.clone(), "orders:1".to_owned())));
    assert_eq!(events[0].subject, FeedSubject::Finding(alone.id.clone()));
    assert_eq!(events[0].only_with, Some(alone.id), "it may be known already");
    let registered = unit(Write::InsertUser(ada(), hash_of("x")));
    assert_eq!(names(&registered), ["user.registered"]);
    assert_eq!(names(&unit(Write::UpdateUser { user: ada(), read: None })), ["user.updated"]);
}
