//! The suite for the checks of open payments and refunds.

use domain::{
    Refund, Text, Timestamp,
    payment::{PendingOperation, RawFacts, RefundFacts},
};
use ports::{Batch, Write};

use super::{captured, found, payment_details, replace};
use crate::{
    Backend,
    backend::first_batch as of,
    sample::{self, at},
};

/// Only `check_at` and `checks` change, whatever else the value contains and whatever else has been stored
/// meanwhile.
pub async fn postponing_writes_nothing_but_the_delay(backend: &Backend) {
    let (_, mut stored) = captured(backend).await;
    stored.refunds.push(sample::refund(&stored, "5"));
    replace(backend, &stored).await;
    let mut read = stored.clone();
    (read.check_at, read.checks) = (Some(at(60)), 1);
    read.facts = sample::restore_facts(RawFacts { failed_at: Some(at(60)), ..RawFacts::default() });
    (read.pending_operation, read.details, read.updated_at) =
        (Some(PendingOperation::Void), payment_details("late"), at(60));
    for refund in &mut read.refunds {
        (refund.check_at, refund.checks) = (Some(at(70)), 7);
        refund.facts = RefundFacts { failed_at: Some(at(60)), ..RefundFacts::default() };
        refund.reason = Some(Text::new("late"));
    }
    read.refunds.push(sample::refund(&stored, "1"));
    backend.commit([Write::Postpone(Box::new(read))]).await;
    (stored.check_at, stored.checks) = (Some(at(60)), 1);
    for refund in &mut stored.refunds {
        (refund.check_at, refund.checks) = (Some(at(70)), 7);
    }
    assert_eq!(found(backend, &stored).await.as_ref(), Some(&stored));
    let mut closed = stored.clone();
    closed.check_at = None;
    closed.refunds.iter_mut().for_each(|it| it.check_at = None);
    backend.commit([Write::Postpone(Box::new(closed.clone()))]).await;
    assert_eq!(found(backend, &stored).await, Some(closed), "a check can also be removed");
}

/// Due at that time or earlier, longest due first, each transaction once, no more than the limit.
pub async fn what_is_to_be_checked_is_found_by_transaction_or_refund(backend: &Backend) {
    let fresh = async |check_at: Option<Timestamp>, refunds: &[Option<Timestamp>]| {
        let (_, mut transaction) = captured(backend).await;
        transaction.check_at = check_at;
        for check_at in refunds {
            transaction.refunds.push(Refund { check_at: *check_at, ..sample::refund(&transaction, "1") });
        }
        replace(backend, &transaction).await;
        transaction.id
    };
    let third = fresh(Some(at(9)), &[]).await;
    let second = fresh(None, &[None, Some(at(8)), Some(at(20))]).await;
    let first = fresh(Some(at(10)), &[Some(at(7)), Some(at(6))]).await;
    let fourth = fresh(Some(at(10)), &[Some(at(11))]).await;
    fresh(Some(at(11)), &[Some(at(12))]).await;
    fresh(None, &[None]).await;
    let elsewhere = |it: &mut domain::Transaction| it.gateway = sample::gateway("stripe");
    let stripe = backend.transaction(&backend.order().await, elsewhere).await.id;
    let found = backend
        .payments
        .list_due_transactions(&sample::gateway("sandbox"), at(10), of(100))
        .await
        .expect("read");
    assert_eq!(found, [first.clone(), second.clone(), third.clone(), fourth]);
    let behind = backend
        .payments
        .list_due_transactions(&sample::gateway("sandbox"), at(10), Batch { skip: 1, limit: 2 })
        .await
        .expect("read");
    assert_eq!(behind, [second.clone(), third], "those after the longest due");
    assert_eq!(
        backend
            .payments
            .list_due_transactions(&sample::gateway("sandbox"), at(10), of(2))
            .await
            .expect("read"),
        [first, second],
        "the longest due"
    );
    assert_eq!(
        backend
            .payments
            .list_due_transactions(&sample::gateway("sandbox"), at(5), of(100))
            .await
            .expect("read"),
        []
    );
    let found = backend
        .payments
        .list_due_transactions(&sample::gateway("stripe"), at(10), of(100))
        .await
        .expect("read");
    assert_eq!(found, [stripe], "only those of this gateway");
}

/// Each gateway with a transaction is found once, by name, whether or not a check is due there.
pub async fn gateways_are_found_one_after_the_other(backend: &Backend) {
    assert_eq!(backend.payments.next_gateway(None).await.expect("read"), None);
    for name in ["sandbox", "alipay", "sandbox", "stripe", "alipay"] {
        let set = |it: &mut domain::Transaction| {
            it.gateway = sample::gateway(name);
            it.check_at = Some(at(1)).filter(|_| name != "stripe");
        };
        backend.transaction(&backend.order().await, set).await;
    }
    let (mut found, mut after) = (Vec::new(), None);
    while let Some(gateway) = backend.payments.next_gateway(after).await.expect("read") {
        found.push(gateway.to_string());
        after = Some(gateway);
    }
    assert_eq!(found, ["alipay", "sandbox", "stripe"]);
}
