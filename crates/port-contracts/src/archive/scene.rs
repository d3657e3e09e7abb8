//! An order that can be archived, with something of every kind that belongs to it.

use domain::{
    ChangedBy, Order, OrderChange, Revision, Transaction,
    order::{OrderDetails, OrderReference, OrderStatus},
    payment::{
        DisputeStatus, EventDisposition, PaymentRequest, PaymentRequestKind, RawFacts, ReferenceOwner,
        RefundFacts, StoredEvent,
    },
};
use ports::{CaseKey, Write};

use crate::{
    Backend,
    sample::{self, at},
};

/// A closed order with one of everything, and the notice of its payment.
pub(super) struct Scene {
    pub(super) order: Order,
    pub(super) transaction: Transaction,
    pub(super) event: StoredEvent,
}

/// Closes an order as at that time.
pub(super) fn close_order(order: Order, seconds: i64) -> OrderChange {
    let mut change = OrderChange::from_order(order);
    change.transition(OrderStatus::Closed, ChangedBy::SYSTEM, None, at(seconds)).expect("it is pending");
    change
}

pub(super) async fn scene(backend: &Backend) -> Scene {
    let order = backend.order().await;
    let mut change = close_order(order, 9);
    let reference = Some(OrderReference::new("PO-1".to_owned()));
    change.edit_details(OrderDetails { reference, ..OrderDetails::default() }, at(9));
    let order = change.order().clone();
    backend.commit_change(change).await;
    let transaction = backend
        .transaction(&order, |it| {
            let disputes = vec![sample::dispute(DisputeStatus::Won, it.amount, 4)];
            let captured = sample::captured_facts(it.amount);
            it.facts = sample::restore_facts(RawFacts { disputes, ..captured });
            it.check_at = None;
            let facts = RefundFacts { succeeded_at: Some(at(5)), ..RefundFacts::default() };
            it.refunds = vec![domain::Refund { facts, check_at: None, ..sample::refund(it, "1") }];
        })
        .await;
    let event = StoredEvent {
        disposition: EventDisposition::Applied,
        ..sample::event("sandbox", Some(&transaction.id))
    };
    let request = PaymentRequest {
        transaction: transaction.key,
        kind: PaymentRequestKind::Payment,
        amount: transaction.amount,
        requested_by: ChangedBy::customer(order.owner),
        requested_at: at(1),
    };
    backend
        .commit([
            Write::InsertEvent(event.clone()),
            Write::InsertRequest(request),
            Write::InsertAttempts(vec![sample::attempt(&transaction, 1)]),
            sample::learn_reference(&transaction, ReferenceOwner::Payment, "pi_1"),
        ])
        .await;
    Scene { order, transaction, event }
}

/// Everything that is read of one order, without its revision.
pub(super) async fn read_all(backend: &Backend, scene: &Scene) -> String {
    let (number, key, id) = (&scene.order.number, scene.order.key, &scene.transaction.id);
    let (orders, payments) = (&backend.orders, &backend.payments);
    let still = |order: Order| Order { revision: Revision::FIRST, ..order };
    let named = sample::named_reference(domain::payment::ReferenceKind::Payment, "pi_1");
    let (gateway, ids) = (&scene.event.gateway, [scene.event.id.clone()]);
    let head = orders.find_order_head(number).await.expect("read").expect("there");
    let mut cases = Vec::new();
    for key in [CaseKey::Order(number.clone()), CaseKey::Transaction(id.clone())] {
        for case in payments.find_cases(&[key]).await.expect("read") {
            cases.push((still(case.order), case.transactions, case.waiting));
        }
    }
    format!(
        "{:#?}",
        (
            orders.find_order(number).await.expect("read").map(still),
            (head.key, head.owner),
            orders.list_history_entries(key).await.expect("read"),
            payments.find_transaction(id).await.expect("read"),
            payments.list_transactions(key).await.expect("read"),
            payments.list_readable(key).await.expect("read"),
            payments.list_refunds(id).await.expect("read"),
            payments.list_payment_requests(key).await.expect("read"),
            payments.list_attempts(id, None, 9).await.expect("read").map(|it| it.data),
            payments.find_by_reference(gateway, &named).await.expect("read"),
            (
                cases,
                payments.list_requests_of(&[scene.transaction.key]).await.expect("read"),
                backend.events.list_events_about(&scene.transaction, None, 9).await.expect("read").data,
                backend.events.find_event(gateway, &scene.event.id).await.expect("read"),
                backend.events.list_stored_ids(gateway, &ids).await.expect("read"),
            ),
        )
    )
}
