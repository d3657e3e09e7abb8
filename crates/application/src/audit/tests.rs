use adapters_local::record::{HistoryRow, RequestRow, Snapshot};
use domain::{
    ChangedBy, Sequence, Transaction, TransactionId, TransactionKey,
    order::{HistoryEntry, OrderStatus},
    payment::{PaymentRequest, PaymentRequestKind},
};

use super::*;
use crate::testing::{
    NOW, TestApp, captured, captured_part, order, paid, pending, product, transition_order_to, yuan,
};

fn entry(sequence: Sequence, from: Option<OrderStatus>, to: OrderStatus, by: ChangedBy) -> HistoryRow {
    let entry = HistoryEntry { sequence, from, to, by, reason: None, at: NOW };
    HistoryRow { order: order().key, entry }
}

fn placed() -> HistoryRow {
    entry(Sequence::FIRST, None, OrderStatus::Pending, ChangedBy::customer(order().owner))
}

fn request_for(of: &Transaction, number: u64) -> RequestRow {
    let request = PaymentRequest {
        transaction: of.key,
        kind: PaymentRequestKind::Payment,
        amount: of.amount,
        requested_by: ChangedBy::customer(order().owner),
        requested_at: NOW,
    };
    RequestRow { number, request }
}

/// A paid order with all that belongs to it.
fn fill_paid(state: &mut Snapshot) {
    let second = Sequence::FIRST.next();
    let payment = entry(second, Some(OrderStatus::Pending), OrderStatus::Paid, ChangedBy::GATEWAY);
    state.orders = vec![paid()];
    state.history = vec![placed(), payment];
    state.transactions = vec![captured()];
    state.requests = vec![request_for(&captured(), 1)];
    state.products = vec![product("tea", yuan("10"), Some(5))];
}

/// The faults of a paid order after a change past every guard.
async fn faults_after(change: impl FnOnce(&mut Snapshot)) -> Vec<String> {
    let it = TestApp::new().with_state(fill_paid).with_state(change);
    let report = audit_record(&it.app).await.unwrap();
    report.faults.into_iter().map(|it| format!("{}: {}", it.subject, it.detail)).collect()
}

#[tokio::test]
async fn a_record_in_order_has_no_faults_and_is_counted() {
    let it = TestApp::new().with_state(fill_paid);
    let report = audit_record(&it.app).await.unwrap();
    assert_eq!(report, AuditReport { products: 1, orders: 1, payments: 1, ..AuditReport::default() });
}

#[tokio::test]
async fn archived_orders_are_judged_too() {
    let archive = |it: &mut Snapshot| {
        it.archived_orders.push(adapters_local::record::ArchivedOrderRow { order: order().key });
    };
    let it = TestApp::new().with_state(fill_paid).with_state(archive);
    assert_eq!(audit_record(&it.app).await.unwrap().orders, 1);
    let it = it.with_state(|it| it.history.truncate(1));
    assert!(!audit_record(&it.app).await.unwrap().faults.is_empty());
}

#[tokio::test]
async fn a_broken_history_is_found() {
    let faults = faults_after(|it| it.history.truncate(1)).await;
    assert_eq!(
        faults,
        [
            "n1: The history is no unbroken path to the status.",
            "n1: The order has another number of changes than its history.",
        ]
    );
}

#[tokio::test]
async fn an_amount_that_is_not_that_of_the_lines_is_found() {
    let faults = faults_after(|it| it.orders[0].items[0].quantity = 3).await;
    assert_eq!(faults, ["n1: The lines do not add up to the amount."]);
}

#[tokio::test]
async fn stock_that_was_not_given_back_is_found() {
    let faults = faults_after(|it| {
        let mut cancelled =
            transition_order_to(order(), OrderStatus::Cancelled, ChangedBy::customer(order().owner));
        cancelled.items[0].restocked = 1;
        let by = ChangedBy::customer(order().owner);
        let second = Sequence::FIRST.next();
        it.history[1] = entry(second, Some(OrderStatus::Pending), OrderStatus::Cancelled, by);
        it.orders = vec![cancelled];
        it.transactions.clear();
        it.products[0].stock = Some(-1);
    });
    assert_eq!(
        faults.await,
        ["tea: The stock is below zero.", "n1: The pieces that it holds do not fit its history."]
    );
}

#[tokio::test]
async fn money_that_does_not_fit_is_found() {
    let partly = faults_after(|it| it.transactions = vec![captured_part("19")]).await;
    assert_eq!(partly, ["n1: It was paid, and no payment captured its amount."]);
    let too_much = faults_after(|it| it.transactions[0].amount = yuan("19")).await;
    assert_eq!(too_much, ["n1: Payment t1: More was captured than was asked for."]);
    let unasked = faults_after(|it| it.requests.clear()).await;
    assert_eq!(unasked, ["n1: Payment t1: It is not stored who asked for it."]);
}

#[tokio::test]
async fn a_payment_of_another_order_is_found() {
    let faults = faults_after(|it| it.transactions[0].order_number = OrderNumber::new("n2".to_owned())).await;
    assert_eq!(faults, ["n1: Payment t1: It names another order."]);
}

#[tokio::test]
async fn two_live_payments_are_found() {
    // The record in memory has the unique key that excludes it, so the rule is asked itself.
    let other = Transaction {
        key: TransactionKey::new(21),
        id: TransactionId::new("t2".to_owned()),
        sequence: 2,
        ..pending()
    };
    let (first, second) = (request_for(&pending(), 1), request_for(&other, 2));
    let file = judge::OrderFile {
        order: order(),
        history: vec![placed().entry],
        transactions: vec![pending(), other],
        requests: vec![first.request, second.request],
    };
    assert_eq!(judge_order(&file), ["Two payments are live."]);
}
