use std::{sync::Arc, time::Duration};

use domain::{OrderChange, OrderNumber, Transaction, TransactionId, payment::RawFacts};
use ports::{CaseKey, PaymentCase, Write};
use tokio::{task::JoinSet, time::timeout};

use super::captured;
use crate::{Backend, orders::find_order, sample};

/// How often an order changes while another task reads its case.
const CHANGES: u32 = 100;
/// The longest time until the reader must see the last change.
const READING_MAX: Duration = Duration::from_secs(10);

async fn find_sorted(backend: &Backend, keys: &[CaseKey]) -> Vec<PaymentCase> {
    let mut cases = backend.payments.find_cases(keys).await.expect("read");
    cases.sort_by_key(|it| it.order.key);
    cases
}

/// Each order once, by whichever keys, with all its transactions and nothing of another order.
pub async fn cases_are_found_by_order_and_by_transaction(backend: &Backend) {
    let (paid, mut first) = captured(backend).await;
    let displaced = RawFacts { displaced: true, ..sample::captured_facts(first.amount) };
    let second = backend.transaction(&paid, |it| {
        it.sequence = u32::MAX;
        it.facts = sample::restore_facts(displaced);
    });
    let second = second.await;
    first.refunds = vec![sample::refund(&first, "1"), sample::refund(&first, "2")];
    backend.commit([sample::update_transaction(first.clone())]).await;
    let unpaid = backend.order().await;
    let by_order = |number: &OrderNumber| CaseKey::Order(number.clone());
    let by_transaction = |it: &Transaction| CaseKey::Transaction(it.id.clone());
    let stored = |order, transactions| PaymentCase { order, transactions, waiting: Vec::new() };
    let paid =
        stored(find_order(backend, &paid).await.expect("it is there"), vec![first.clone(), second.clone()]);
    let unpaid = stored(find_order(backend, &unpaid).await.expect("it is there"), Vec::new());
    for key in [by_order(&paid.order.number), by_transaction(&first), by_transaction(&second)] {
        assert!(find_sorted(backend, std::slice::from_ref(&key)).await == [paid.clone()], "by {key:?}");
    }
    let unknown = [
        CaseKey::Order(OrderNumber::new("no such order".into())),
        CaseKey::Transaction(TransactionId::new(first.id.as_str().to_uppercase())),
    ];
    assert_eq!(find_sorted(backend, &unknown).await, []);
    assert_eq!(find_sorted(backend, &[]).await, []);
    let number = by_order(&paid.order.number);
    let all = [by_transaction(&second), by_order(&unpaid.order.number), number, by_transaction(&first)];
    let mut both = [paid, unpaid];
    both.sort_by_key(|it| it.order.key);
    assert!(find_sorted(backend, &[&all[..], &unknown].concat()).await == both, "each once");
}

/// A reader during many changes sees the order and its transactions as one commit left them.
pub async fn a_case_is_of_one_moment(backend: &Backend) {
    let (mut order, mut transaction) = captured(backend).await;
    let first = order.revision.get();
    let (payments, key) = (Arc::clone(&backend.payments), CaseKey::Transaction(transaction.id.clone()));
    let mut readers = JoinSet::new();
    readers.spawn(async move {
        let mut seen = 0;
        while seen < i64::from(CHANGES) {
            let cases = payments.find_cases(std::slice::from_ref(&key)).await.expect("read");
            let [case] = cases.try_into().expect("it is there");
            let [transaction] = case.transactions.try_into().expect("there is one");
            let changes = case.order.revision.get() - first;
            assert_eq!(i64::from(transaction.checks), changes, "of the same commit");
            assert_eq!(i64::try_from(transaction.refunds.len()), Ok(changes), "as many refunds as changes");
            seen = changes;
        }
    });
    for checks in 1..=CHANGES {
        let change = OrderChange::from_order(order);
        order = change.order().clone();
        transaction.checks = checks;
        transaction.refunds.push(sample::refund(&transaction, "0.01"));
        let update = sample::update_transaction(transaction.clone());
        backend.commit([Write::UpdateOrder(Box::new(change)), update]).await;
    }
    timeout(READING_MAX, readers.join_all()).await.expect("the reader sees the last change");
}
