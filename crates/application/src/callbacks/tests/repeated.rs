use std::sync::Arc;

use domain::payment::GatewayReference;
use ports::{MockLockManager, MockPaymentRepository};

use super::*;

#[tokio::test]
async fn a_notice_that_was_kept_takes_no_lock_and_reads_no_payment() {
    let mut it = bench(order(), pending())
        .with_state(|it| it.events.push(stored_event("e1", EventDisposition::Applied)));
    it.app.locks = Arc::new(MockLockManager::new());
    it.app.payments = Arc::new(MockPaymentRepository::new());
    assert!(receive_event(&it, "e1", event(EventKind::Captured, "20.00")).await.unwrap());
}

/// A notice whose first commit comes second to another one of the order; `meanwhile` happens until it has the lock.
fn bench_of_stale_notice(meanwhile: fn(&mut Snapshot)) -> TestApp {
    let mut it = bench(order(), pending());
    it.record.before_next_commit(|it| it.orders[0].revision = it.orders[0].revision.next());
    let record = Arc::clone(&it.record);
    let mut locks = MockLockManager::new();
    locks.expect_acquire_lock().times(1).returning(move |_, _, _| {
        record.change(meanwhile);
        Ok(Some(LockGuard::new(1, || {})))
    });
    it.app.locks = Arc::new(locks);
    it
}

#[tokio::test]
async fn a_notice_that_is_stale_is_decided_again_under_the_lock() {
    let it = bench_of_stale_notice(|_| {});
    assert!(!receive_event(&it, "e1", event(EventKind::Captured, "20.00")).await.unwrap());
    assert_eq!(kept_as(&it), [EventDisposition::Applied]);
}

#[tokio::test]
async fn a_notice_that_another_stores_before_this_one_has_the_lock_is_not_decided_on_again() {
    let it = bench_of_stale_notice(|it| it.events = vec![stored_event("e1", EventDisposition::Applied)]);
    assert!(receive_event(&it, "e1", event(EventKind::Captured, "20.00")).await.unwrap());
    assert_eq!(it.record.commits(), []);
}

#[tokio::test]
async fn a_notice_that_repeats_what_is_recorded_is_stored_alone_and_never_stale() {
    let it = bench(paid(), captured());
    it.record.before_next_commit(|it| it.orders[0].revision = it.orders[0].revision.next());
    assert!(!receive_event(&it, "e2", event(EventKind::Captured, "20.00")).await.unwrap());
    assert_eq!(it.journal_lines(), ["commit InsertEvent"]);
    assert_eq!(kept_as(&it), [EventDisposition::Unchanged]);
}

#[tokio::test]
async fn a_notice_that_teaches_something_is_committed_with_its_order() {
    let it = bench(paid(), captured());
    let mut told = event(EventKind::Captured, "20.00");
    told.references.payment = Some(GatewayReference::new("pi_1".to_owned()));
    assert!(!receive_event(&it, "e2", told).await.unwrap());
    assert!(it.journal_lines()[0].contains("UpdateOrder"), "{:?}", it.journal_lines());
}
