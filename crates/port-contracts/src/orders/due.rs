//! The orders that the sweeps find.

use domain::{
    Order, OrderNumber, Timestamp, Transaction,
    order::OrderStatus,
    payment::{DisputeStatus, PendingOperation, RawFacts},
};
use ports::{Batch, DueOrders};

use crate::{
    Backend,
    backend::first_batch,
    sample::{self, at},
};

async fn due(backend: &Backend, due: DueOrders, limit: u32) -> Vec<OrderNumber> {
    let all = backend.orders.list_due_orders(due, Batch { skip: 0, limit: 100 }).await.expect("read");
    let behind = backend.orders.list_due_orders(due, Batch { skip: 1, limit: 1 }).await.expect("read");
    assert_eq!(
        behind,
        all.into_iter().skip(1).take(1).collect::<Vec<_>>(),
        "what lies behind the longest due"
    );
    backend.orders.list_due_orders(due, first_batch(limit)).await.expect("read")
}

/// A pending order that expires at that time.
async fn until(backend: &Backend, expires_at: Timestamp) -> OrderNumber {
    backend.order_with(|it| it.expires_at = expires_at).await.number
}

/// An order that got that status at that time, and was edited much later.
async fn since(backend: &Backend, status: OrderStatus, time: Timestamp) -> OrderNumber {
    let change = |it: &mut Order| {
        (it.status, it.status_changed_at, it.updated_at) = (status, time, at(1_000));
    };
    backend.order_with(change).await.number
}

/// A pending order with a transaction that `change` was applied to.
async fn with(backend: &Backend, change: impl FnOnce(&mut Transaction)) -> OrderNumber {
    let order = backend.order_with(|it| it.expires_at = at(10)).await;
    backend.transaction(&order, change).await;
    order.number
}

fn authorised(it: &mut Transaction) {
    it.facts = sample::restore_facts(sample::authorized_facts());
}

fn captured(it: &mut Transaction) {
    it.facts = sample::restore_facts(sample::captured_facts(it.amount));
}

fn contested(status: DisputeStatus) -> impl FnOnce(&mut Transaction) {
    move |it: &mut Transaction| {
        let disputes = vec![sample::dispute(status, it.amount, 3)];
        it.facts = sample::restore_facts(RawFacts { disputes, ..sample::captured_facts(it.amount) });
    }
}

fn failed() -> RawFacts {
    RawFacts { failed_at: Some(at(3)), ..sample::authorized_facts() }
}

fn voided() -> RawFacts {
    RawFacts { voided_at: Some(at(3)), ..sample::authorized_facts() }
}

fn displaced() -> RawFacts {
    RawFacts { displaced: true, ..sample::authorized_facts() }
}

/// At that time or earlier, longest due first, however old the order is.
pub async fn expired_orders_are_pending_and_out_of_time(backend: &Backend) {
    let second = until(backend, at(9)).await;
    let first = until(backend, at(8)).await;
    let third = until(backend, at(10)).await;
    until(backend, at(11)).await;
    for status in OrderStatus::ALL.into_iter().filter(|it| *it != OrderStatus::Pending) {
        backend.order_with(|it| (it.status, it.expires_at) = (status, at(8))).await;
    }
    assert_eq!(due(backend, DueOrders::Expired(at(10)), 100).await, [first, second, third]);
}

/// Every transaction that occupies the order keeps it from expiring; no other one does.
pub async fn an_occupied_order_does_not_expire(backend: &Backend) {
    with(backend, |_| ()).await;
    with(backend, authorised).await;
    with(backend, captured).await;
    with(backend, contested(DisputeStatus::Open)).await;
    let failed = with(backend, |it| it.facts = sample::restore_facts(failed())).await;
    let voided = with(backend, |it| it.facts = sample::restore_facts(voided())).await;
    let lost = with(backend, contested(DisputeStatus::Lost)).await;
    let displaced = with(backend, |it| it.facts = sample::restore_facts(displaced())).await;
    let mut expired = due(backend, DueOrders::Expired(at(10)), 100).await;
    expired.sort();
    let mut free = [failed, voided, lost, displaced];
    free.sort();
    assert_eq!(expired, free);
}

/// At that time or earlier, longest due first, however old the order is, and whatever was edited since.
pub async fn orders_in_a_status_are_due_by_the_time_of_the_move(backend: &Backend) {
    for status in OrderStatus::ALL {
        let second = since(backend, status, at(9)).await;
        let first = since(backend, status, at(8)).await;
        let third = since(backend, status, at(10)).await;
        since(backend, status, at(11)).await;
        assert_eq!(
            due(backend, DueOrders::InStatusSince(status, at(10)), 100).await,
            [first, second, third],
            "{status:?}"
        );
    }
}

/// Created at that time or earlier, longest due first.
pub async fn uncaptured_orders_hold_an_old_authorisation_and_wait_for_nothing(backend: &Backend) {
    let made = |seconds: i64| {
        move |it: &mut Transaction| {
            authorised(it);
            it.created_at = at(seconds);
        }
    };
    let second = with(backend, made(9)).await;
    let first = with(backend, made(8)).await;
    let third = with(backend, made(10)).await;
    with(backend, made(11)).await;
    with(backend, |_| ()).await;
    with(backend, captured).await;
    for record in [voided(), failed(), displaced()] {
        with(backend, |it| it.facts = sample::restore_facts(record)).await;
    }
    let asking = |asked: fn(&Order) -> PendingOperation| async move {
        let order = backend.order().await;
        let held = sample::restore_facts(sample::authorized_facts());
        backend
            .transaction(&order, |it| (it.facts, it.pending_operation) = (held, Some(asked(&order))))
            .await;
    };
    asking(|_| PendingOperation::Void).await;
    asking(|order| PendingOperation::Capture(order.amount)).await;
    let closed = backend.order_with(|it| it.status = OrderStatus::Closed).await;
    backend.transaction(&closed, authorised).await;
    assert_eq!(due(backend, DueOrders::Uncaptured(at(10)), 100).await, [first, second, third]);
}

/// A batch holds no more than its limit, the longest due orders first.
pub async fn sweeps_are_bounded(backend: &Backend) {
    let (mut expired, mut paid, mut uncaptured) = (Vec::new(), Vec::new(), Vec::new());
    for seconds in 0..4 {
        expired.push(until(backend, at(seconds)).await);
        paid.push(since(backend, OrderStatus::Paid, at(seconds)).await);
        let made = move |it: &mut Transaction| {
            authorised(it);
            it.created_at = sample::at(seconds);
        };
        uncaptured.push(with(backend, made).await);
    }
    for (kind, all) in [
        (DueOrders::Expired(at(10)), expired),
        (DueOrders::InStatusSince(OrderStatus::Paid, at(10)), paid),
        (DueOrders::Uncaptured(at(10)), uncaptured),
    ] {
        assert_eq!(due(backend, kind, 3).await.as_slice(), all.get(..3).unwrap_or_default(), "{kind:?}");
    }
}
