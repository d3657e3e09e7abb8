//! The suite for refunds by item, and for what callers store with payments and refunds.

use domain::{
    ChangedBy, Order, OrderChange, Refund, RefundId, RefundKey, Transaction, UserKey,
    order::{Metadata, MetadataKey, MetadataValue, OrderStatus},
    payment::{RefundIds, RefundItem, RefundRequest, RefundScope, ReturnedPieces, TransactionChange},
};
use ports::{UnitOfWork, Write};
use tokio::task::JoinSet;

use super::{captured, found, found_order, replace};
use crate::{
    Backend,
    backend::{RIVALS, is_stale},
    sample::{self, at},
};

fn metadata(value: &str) -> Metadata {
    let key = MetadataKey::parse("🍵 \"key\"").expect("a key");
    let value = MetadataValue::parse(value).expect("a value");
    Metadata::new([(key, value)].into()).expect("few pairs")
}

/// The commit of a refund of these pieces of the order's one line, all of them restocked.
fn work_of_return(order: &Order, transaction: &Transaction, quantity: u32) -> (UnitOfWork, Refund) {
    let mut case = TransactionChange::from_order(order.clone(), transaction.clone(), false);
    let product = order.items.first().expect("a line").product.clone();
    let pieces = vec![ReturnedPieces { product, quantity, restock: true }];
    let scope = RefundScope::Pieces { pieces, other_refunds: Vec::new() };
    let request = RefundRequest { scope, reason: None, metadata: metadata("of the refund") };
    let number = sample::next_number();
    let ids = RefundIds { key: RefundKey::new(number), id: RefundId::new(format!("refund-{number}")) };
    let by = ChangedBy::operator(UserKey::new(number));
    let refund = case.request_refund(request, by, ids, at(5)).expect("it fits");
    let work = UnitOfWork::new()
        .with_order_change(case.order_change)
        .with_write(sample::update_transaction(case.transaction));
    (work, refund)
}

async fn stock_of(backend: &Backend, order: &Order) -> Option<i64> {
    let id = &order.items.first().expect("a line").product;
    backend.products.find_product(id).await.expect("read").expect("it is there").stock
}

/// One of many that return a piece at once, decided on one revision. What went back does not go back again when the
/// order gives up the rest.
pub async fn pieces_go_back_into_stock_once(backend: &Backend) {
    let (order, transaction) = captured(backend).await;
    let mut change = OrderChange::from_order(order.clone());
    change.transition(OrderStatus::Paid, ChangedBy::GATEWAY, None, at(4)).expect("pending");
    backend.commit_change(change).await;
    let order = found_order(backend, &order).await.expect("it is there");
    let before = stock_of(backend, &order).await;
    let mut rivals = JoinSet::new();
    for _ in 0..RIVALS {
        let (work, refund) = work_of_return(&order, &transaction, 1);
        let store = std::sync::Arc::clone(&backend.store);
        rivals.spawn(async move { (store.commit(work).await, refund) });
    }
    let mut made = Vec::new();
    for (outcome, refund) in rivals.join_all().await {
        match outcome {
            Ok(()) => made.push(refund),
            Err(error) => assert!(is_stale(&error), "{error:?}"),
        }
    }
    assert_eq!(made.len(), 1);
    let after = found_order(backend, &order).await.expect("it is there");
    let counts: Vec<_> = after.items.iter().map(|it| it.restocked).collect();
    assert_eq!((counts, stock_of(backend, &order).await), (vec![1], before.map(|it| it + 1)));
    let stored = found(backend, &transaction).await.expect("it is there");
    assert_eq!(stored.refunds, made, "with its pieces and its pairs");
    let mut change = OrderChange::from_order(after);
    for to in [OrderStatus::RefundPending, OrderStatus::Refunded] {
        change.transition(to, ChangedBy::GATEWAY, None, at(6)).expect("it was not shipped");
    }
    backend.commit_change(change).await;
    let after = found_order(backend, &order).await.expect("it is there");
    let rest: Vec<_> = after.items.iter().map(|it| it.quantity - it.restocked).collect();
    assert_eq!((rest, stock_of(backend, &order).await), (vec![0], before.map(|it| it + 2)));
}

/// Of every line, also when all of many lines go back with one change.
pub async fn every_line_counts_what_went_back(backend: &Backend) {
    let user = backend.user().await;
    let (first, second, untracked) =
        (backend.product(Some(10)).await, backend.product(Some(10)).await, backend.product(None).await);
    let order = sample::order(&user, &[(&first, 2), (&untracked, 4), (&second, 3)]);
    backend.commit([sample::insert_order(&order)]).await;
    let mut change = OrderChange::from_order(order.clone());
    change.transition(OrderStatus::Closed, ChangedBy::SYSTEM, None, at(5)).expect("it is pending");
    backend.commit_change(change).await;
    let after = found_order(backend, &order).await.expect("it is there");
    assert_eq!(after.items.iter().map(|it| it.restocked).collect::<Vec<_>>(), [2, 0, 3]);
}

/// Of payments and refunds, in a commit of their own or in a batch; and nothing replaces them.
pub async fn metadata_is_read_back_and_never_replaced(backend: &Backend) {
    let order = backend.order().await;
    let mut kept = backend
        .transaction(&order, |it| {
            it.facts = sample::restore_facts(sample::captured_facts(it.amount));
            it.metadata = metadata("of the payment\n");
        })
        .await;
    assert_eq!(found(backend, &kept).await.as_ref(), Some(&kept));
    let product = order.items.first().expect("a line").product.clone();
    let item = RefundItem { line: 0, product, quantity: 2, restock: true, restocked: 1 };
    let refund = Refund { items: vec![item], metadata: metadata("first"), ..sample::refund(&kept, "1") };
    kept.refunds = vec![refund];
    replace(backend, &kept).await;
    assert_eq!(found(backend, &kept).await.as_ref(), Some(&kept));
    let mut other = Transaction { metadata: metadata("other"), ..kept.clone() };
    for it in &mut other.refunds {
        (it.items, it.metadata) = (Vec::new(), metadata("other"));
    }
    replace(backend, &other).await;
    assert_eq!(found(backend, &kept).await, Some(kept), "its beginning does not change");
    let (mut units, mut all) = (Vec::new(), Vec::new());
    for number in 0..4 {
        let order = backend.order().await;
        let pairs = if number == 2 { Metadata::default() } else { metadata(&number.to_string()) };
        let transaction = Transaction { metadata: pairs, ..sample::transaction(&order) };
        let insert = Write::InsertTransaction(Box::new(transaction.clone()));
        units.push(UnitOfWork::new().with_order_change(OrderChange::from_order(order)).with_write(insert));
        all.push(transaction);
    }
    assert!(backend.store.commit_all(units).await.iter().all(Result::is_ok));
    for it in all {
        assert_eq!(found(backend, &it).await, Some(it));
    }
}
