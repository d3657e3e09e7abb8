use adapters_local::record::{ArchivedOrderRow, HeldPiecesRow, HistoryRow, RequestRow, Snapshot};
use domain::{
    ChangedBy, OrderKey, Refund, RefundId, RefundKey, Sequence, Transaction, TransactionId, TransactionKey,
    order::{HistoryEntry, OrderStatus},
    payment::{PaymentRequest, PaymentRequestKind, RefundFacts},
};

use ports::{FlawedPayment, PaymentFlaw};

use super::*;
use crate::testing::{
    NOW, TestApp, account_of, ada, captured, captured_part, generated_key, order, paid, pending, product,
    seconds, transition_order_to, yuan,
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
    state.users = vec![account_of(ada(), "green tea")];
    state.orders = vec![paid()];
    state.history = vec![placed(), payment];
    state.transactions = vec![captured()];
    state.requests = vec![request_for(&captured(), 1)];
    state.products = vec![product("tea", yuan("10"), Some(5))];
}

/// Counts the pieces that the orders hold, unless something is counted already.
fn count_held_pieces(state: &mut Snapshot) {
    if !state.held_pieces.is_empty() {
        return;
    }
    for product in &state.products {
        let items = state.orders.iter().flat_map(|it| &it.items).filter(|it| it.product == product.id);
        let pieces = items.map(|it| i64::from(it.held_pieces())).sum();
        state.held_pieces.push(HeldPiecesRow { product: product.key, pieces });
    }
}

/// The faults of a paid order after a change past every guard.
async fn faults_after(change: impl FnOnce(&mut Snapshot)) -> Vec<String> {
    let it = TestApp::new().with_state(fill_paid).with_state(change).with_state(count_held_pieces);
    let report = audit_record(&it.app).await.unwrap();
    report.faults.into_iter().map(|it| format!("{}: {}", it.subject, it.detail)).collect()
}

#[tokio::test]
async fn a_record_in_order_has_no_faults_and_is_counted() {
    let it = TestApp::new().with_state(fill_paid).with_state(count_held_pieces);
    let report = audit_record(&it.app).await.unwrap();
    let read = AuditReport { products: 1, orders: 1, payments: 1, children: 5, ..AuditReport::default() };
    assert_eq!(report, read);
}

#[tokio::test]
async fn archived_orders_are_judged_too() {
    let archive = |it: &mut Snapshot| {
        it.archived_orders.push(ArchivedOrderRow { order: order().key });
    };
    let it = TestApp::new().with_state(fill_paid).with_state(archive);
    assert_eq!(audit_record(&it.app).await.unwrap().orders, 1);
    let it = it.with_state(|it| it.history.truncate(1));
    assert!(!audit_record(&it.app).await.unwrap().faults.is_empty());
}

/// A placed order with its history, the `number`-th of many.
fn push_order(state: &mut Snapshot, number: i64) {
    let (key, name) = (OrderKey::new(generated_key(number)), OrderNumber::new(format!("n{number}")));
    state.orders.push(Order { key, number: name, ..order() });
    state.history.push(HistoryRow { order: key, ..placed() });
}

#[tokio::test]
async fn an_order_that_moves_between_two_pages_is_judged_once() {
    let it = TestApp::new().with_state(|state| {
        state.users = vec![account_of(ada(), "green tea")];
        (1..=150).for_each(|number| push_order(state, number));
        state.archived_orders.push(ArchivedOrderRow { order: OrderKey::new(generated_key(1)) });
    });
    let mut pages = 0;
    let report = watch_audit(&it.app, |_| {
        pages += 1;
        if pages == 1 {
            // One that was judged comes back, one that was judged goes, and one goes that was not.
            let gone = [2, 149].map(|it| ArchivedOrderRow { order: OrderKey::new(generated_key(it)) });
            it.record.change(|state| state.archived_orders = gone.to_vec());
        }
    });
    let report = report.await.unwrap();
    assert_eq!((report.orders, report.faults), (150, vec![]));
}

#[tokio::test]
async fn a_row_whose_parent_is_missing_is_found() {
    let faults = faults_after(|it| it.users.clear()).await;
    assert_eq!(faults, ["orders 4294967306: It names a row of user that is not there."]);
    let faults = faults_after(|it| it.requests.push(request_for(&pending_of_nothing(), 2))).await;
    assert_eq!(faults, ["payment_requests 99/2: It names a row of payment_transactions that is not there."]);
}

fn pending_of_nothing() -> Transaction {
    Transaction { key: TransactionKey::new(99), ..pending() }
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
        it.requests.clear();
        it.products[0].stock = Some(-1);
    });
    assert_eq!(
        faults.await,
        ["tea: The stock is below zero.", "n1: The pieces that it holds do not fit its history."]
    );
}

#[tokio::test]
async fn a_count_of_held_pieces_that_is_not_that_of_the_orders_is_found() {
    let fault = "tea: The pieces that it counts as held are not those that orders hold.";
    let miscounted = |it: &mut Snapshot| {
        count_held_pieces(it);
        it.held_pieces[0].pieces += 1;
    };
    assert_eq!(faults_after(miscounted).await, [fault]);
}

/// The product is sold while orders are read.
#[tokio::test]
async fn held_pieces_that_may_have_changed_are_not_compared() {
    let it = TestApp::new().with_state(fill_paid).with_state(count_held_pieces);
    let sell = |_: &AuditReport| {
        it.record.change(|state| {
            state.products[0].stock_moves += 1;
            state.held_pieces[0].pieces += 1;
        });
    };
    let report = watch_audit(&it.app, sell).await.unwrap();
    assert_eq!((report.moving_products, report.faults), (1, vec![]));
}

#[tokio::test]
async fn money_that_does_not_fit_is_found() {
    let partly = faults_after(|it| it.transactions = vec![captured_part("19")]).await;
    assert_eq!(partly, ["n1: It was paid, and no payment captured its amount."]);
    let too_much = faults_after(|it| it.transactions[0].amount = yuan("19")).await;
    assert_eq!(too_much, ["n1, payment t1: More was captured than was asked for."]);
    let unasked = faults_after(|it| it.requests.clear()).await;
    assert_eq!(unasked, ["n1, payment t1: It is not stored who asked for it."]);
}

/// A refund of all that was captured, with its facts.
fn refund(number: i64, facts: RefundFacts) -> Refund {
    Refund {
        key: RefundKey::new(number),
        id: RefundId::new(format!("r{number}")),
        transaction: captured().key,
        amount: yuan("20"),
        facts,
        requested_by: ChangedBy::SYSTEM,
        reason: None,
        created_at: NOW,
        check_at: None,
        checks: 0,
        items: Vec::new(),
        metadata: domain::order::Metadata::default(),
    }
}

#[tokio::test]
async fn more_that_was_asked_back_than_captured_is_found_unless_the_gateway_made_what_was_given_up() {
    let made = RefundFacts { succeeded_at: Some(NOW), ..RefundFacts::default() };
    let withdrawn = RefundFacts { withdrawn: true, ..made };
    let refused = RefundFacts { failed_at: Some(NOW.saturating_sub(seconds(1))), ..made };
    for (first, faults) in [
        (made, vec!["n1, payment t1: More was asked back than was captured."]),
        (RefundFacts::default(), vec!["n1, payment t1: More was asked back than was captured."]),
        (withdrawn, vec![]),
        (refused, vec![]),
    ] {
        let refunds = vec![refund(1, first), refund(2, made)];
        assert_eq!(faults_after(|it| it.transactions[0].refunds = refunds).await, faults, "{first:?}");
    }
}

/// Pieces that are neither in stock nor shipped.
#[tokio::test]
async fn a_refund_before_shipping_that_keeps_its_pieces_is_found() {
    let refunded = |it: &mut Snapshot| {
        let by = ChangedBy::GATEWAY;
        let order = transition_order_to(paid(), OrderStatus::RefundPending, by);
        it.orders = vec![transition_order_to(order, OrderStatus::Refunded, by)];
        let third = Sequence::FIRST.next().next();
        it.history.push(entry(third, Some(OrderStatus::Paid), OrderStatus::RefundPending, by));
        it.history.push(entry(third.next(), Some(OrderStatus::RefundPending), OrderStatus::Refunded, by));
    };
    assert_eq!(faults_after(refunded).await, [""; 0]);
    let kept = |it: &mut Snapshot| {
        refunded(it);
        it.orders[0].items[0].restocked = 1;
    };
    assert_eq!(faults_after(kept).await, ["n1: The pieces that it holds do not fit its history."]);
}

/// The app had fewer rules. What the adoption gives to each row must be there.
#[tokio::test]
async fn an_adopted_order_is_judged_by_what_its_checks_say() {
    let odd = |state: &mut Snapshot| {
        let key = OrderKey::new(7);
        state.orders[0].key = key;
        state.orders[0].items[0].quantity = 3;
        state.history[0].entry.to = OrderStatus::Cancelled;
        state.history.iter_mut().for_each(|it| it.order = key);
        let payment = &mut state.transactions[0];
        (payment.key, payment.order, payment.amount) = (TransactionKey::new(8), key, yuan("19"));
        state.requests[0].request.transaction = payment.key;
    };
    // Its pieces are back, as its history says that it was cancelled.
    let fitting = |state: &mut Snapshot| {
        odd(state);
        state.orders[0].items[0].restocked = 3;
    };
    assert_eq!(faults_after(fitting).await, [""; 0]);
    let broken = |state: &mut Snapshot| {
        fitting(state);
        state.history[1].entry.sequence = Sequence::FIRST.next().next();
        state.requests.clear();
    };
    let found = [
        "n1: The history is no unbroken path to the status.",
        "n1: The order has another number of changes than its history.",
        "n1, payment t1: It is not stored who asked for it.",
    ];
    assert_eq!(faults_after(broken).await, found);
}

#[tokio::test]
async fn faults_of_one_kind_hide_no_others() {
    let it = TestApp::new().with_state(|state| {
        state.users = vec![account_of(ada(), "green tea")];
        (1..=1_100).for_each(|number| push_order(state, number));
        state.orders.iter_mut().for_each(|it| it.items[0].quantity = 3);
        state.orders[1_099].items[0].restocked = 1;
    });
    let report = audit_record(&it.app).await.unwrap();
    let last = AuditFault::new("n1100", "The pieces that it holds do not fit its history.");
    assert_eq!(report.faults.last(), Some(&last), "though it was found after 1100 others");
    assert_eq!(report.faults.len(), 101);
    assert_eq!(report.count_faults(), 1_101);
    let unlisted: Vec<_> = report.unlisted_faults().collect();
    assert_eq!(unlisted, [("The lines do not add up to the amount.", 1_000)]);
}

#[tokio::test]
async fn a_payment_of_another_order_is_found() {
    let faults = faults_after(|it| it.transactions[0].order_number = OrderNumber::new("n2".to_owned())).await;
    assert_eq!(faults, ["n1, payment t1: It names another order."]);
}

#[tokio::test]
async fn two_live_payments_are_found() {
    // The record in memory has the unique key that excludes it, so the rule is asked itself.
    let other = Transaction {
        key: TransactionKey::new(generated_key(21)),
        id: TransactionId::new("t2".to_owned()),
        sequence: 2,
        ..pending()
    };
    let (first, second) = (request_for(&pending(), 1), request_for(&other, 2));
    let audited = judge::AuditedOrder {
        order: order(),
        history: vec![placed().entry],
        transactions: vec![pending(), other],
        requests: vec![first.request, second.request],
        flaws: Vec::new(),
    };
    assert_eq!(judge_order(&audited), [AuditFault::new("n1", "Two payments are live.")]);
}

#[tokio::test]
async fn what_does_not_follow_from_the_facts_of_a_payment_is_told() {
    let flaw = |flaw| FlawedPayment { payment: captured().id, flaw };
    let audited = judge::AuditedOrder {
        order: paid(),
        history: vec![
            placed().entry,
            entry(Sequence::FIRST.next(), Some(OrderStatus::Pending), OrderStatus::Paid, ChangedBy::GATEWAY)
                .entry,
        ],
        transactions: vec![captured()],
        requests: vec![request_for(&captured(), 1).request],
        flaws: vec![flaw(PaymentFlaw::Column("status")), flaw(PaymentFlaw::RefundWithoutCapture)],
    };
    let faults: Vec<_> = judge_order(&audited).into_iter().map(|it| it.detail).collect();
    assert_eq!(
        faults,
        ["The column status does not follow from its facts.", "It has a refund, and nothing was captured."]
    );
}
