//! The suite for the requests to gateways and their answers.

use std::time::Duration;

use domain::{RefundId, Transaction};
use ports::{AttemptOperation, AttemptOutcome, GatewayAttempt, Prunable, StoredAttempt, Write};

use crate::{
    Backend,
    sample::{self, at},
};

async fn list(
    backend: &Backend,
    transaction: &Transaction,
    after: Option<&StoredAttempt>,
    limit: u32,
) -> (Vec<StoredAttempt>, bool) {
    let after = after.map(|it| it.id.clone());
    let page = backend.payments.list_attempts(&transaction.id, after, limit).await.expect("read");
    let page = page.expect("there is such a transaction");
    let last = page.data.last().map(|it| it.id.to_string());
    assert!(page.next.is_none() || page.next == last, "the cursor is the last one of the page");
    (page.data, page.next.is_some())
}

/// One attempt of each operation and outcome, of which some began in the same millisecond.
fn varied(transaction: &Transaction) -> Vec<StoredAttempt> {
    let outcomes = [
        AttemptOutcome::Answered { status: Some(599), body: "茶 🍵\r\n\"'\\".repeat(200) },
        AttemptOutcome::Answered { status: None, body: String::new() },
        AttemptOutcome::Failed("no answer within the time limit".to_owned()),
    ];
    let all = AttemptOperation::ALL.into_iter().zip(outcomes.into_iter().cycle());
    let attempt = |(number, (operation, outcome)): (i64, (AttemptOperation, AttemptOutcome))| {
        let refund = (operation == AttemptOperation::Refund).then(|| RefundId::new("r1".to_owned()));
        let plain = sample::attempt(transaction, number / 2);
        let duration = Duration::from_millis(number.unsigned_abs() * 1_000);
        let attempt = GatewayAttempt { outcome, duration, ..plain.attempt };
        StoredAttempt { operation, refund, attempt, ..plain }
    };
    (0..).zip(all).map(attempt).collect()
}

/// Read back as written, in whatever order they were stored; those of another transaction are not among them.
pub async fn attempts_are_listed_oldest_first_in_pages(backend: &Backend) {
    let transaction = backend.transaction(&backend.order().await, |_| ()).await;
    let other = backend.transaction(&backend.order().await, |_| ()).await;
    assert_eq!(list(backend, &transaction, None, 9).await, (Vec::new(), false));
    let all = varied(&transaction);
    let (early, late) = all.split_at(2);
    backend.commit([Write::InsertAttempts(late.to_vec())]).await;
    let foreign = sample::attempt(&other, 1);
    backend
        .commit([Write::InsertAttempts(early.to_vec()), Write::InsertAttempts(vec![foreign.clone()])])
        .await;
    assert_eq!(list(backend, &transaction, None, 9).await, (all.clone(), false));
    assert_eq!(list(backend, &other, None, 9).await, (vec![foreign.clone()], false));
    let (mut seen, mut more) = (Vec::new(), true);
    while more {
        let (page, is_followed) = list(backend, &transaction, seen.last(), 2).await;
        seen.extend(page);
        more = is_followed;
    }
    assert_eq!(seen, all, "page by page");
    let nothing = (Vec::new(), false);
    assert_eq!(list(backend, &transaction, Some(&foreign), 9).await, nothing, "a cursor of another list");
    assert_eq!(list(backend, &transaction, Some(&sample::attempt(&other, 1)), 9).await, nothing);
}

/// No list, rather than an empty one.
pub async fn attempts_of_an_unknown_transaction_are_none(backend: &Backend) {
    let unknown = sample::transaction(&backend.order().await);
    assert_eq!(backend.payments.list_attempts(&unknown.id, None, 9).await.expect("read"), None);
}

/// No order changes with them; the same id a second time is stale.
pub async fn attempts_need_no_guard_and_are_made_once(backend: &Backend) {
    let order = backend.order().await;
    let transaction = backend.transaction(&order, |_| ()).await;
    let first = sample::attempt(&transaction, 1);
    backend.commit([Write::InsertAttempts(vec![first.clone(), sample::attempt(&transaction, 2)])]).await;
    let same_key = StoredAttempt { key: first.key, ..sample::attempt(&transaction, 3) };
    let same_id = StoredAttempt { id: first.id.clone(), ..sample::attempt(&transaction, 3) };
    for twice in [same_key, same_id] {
        backend.expect_stale([Write::InsertAttempts(vec![sample::attempt(&transaction, 3), twice])]).await;
    }
    backend.commit([Write::InsertAttempts(Vec::new())]).await;
    assert_eq!(list(backend, &transaction, None, 9).await.0.len(), 2);
    let read = backend.orders.find_order(&order.number).await.expect("read").expect("it is there");
    assert_eq!(read.revision, order.revision);
}

/// Those that began before a time, the oldest first, and no more than allowed.
pub async fn old_attempts_are_pruned_in_pieces(backend: &Backend) {
    let transaction = backend.transaction(&backend.order().await, |_| ()).await;
    let all: Vec<_> = (1..=5).map(|it| sample::attempt(&transaction, it)).collect();
    backend.commit([Write::InsertAttempts(all.clone())]).await;
    for (before, rows_max, left) in [(1, 9, 0), (4, 2, 2), (4, 2, 3), (4, 2, 3)] {
        backend.commit([Write::Prune(Prunable::Attempts, at(before), rows_max)]).await;
        let rest = all.get(left..).unwrap_or_default();
        assert_eq!(list(backend, &transaction, None, 9).await.0, rest, "before {before}");
    }
}
