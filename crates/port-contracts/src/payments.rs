//! Payments: transactions with their refunds. What reconciliation asks about stands in a module of its own.

mod checks;
mod references;

pub use checks::*;
pub use references::*;

use std::{sync::Arc, time::Duration};

use domain::{
    ChangedBy, DisputeId, Order, Progress, Refund, Text, Transaction, TransactionId,
    payment::{
        Asked, CaptureMethod, Details, DisputeEvent, DisputeStatus, FactsRecord, RefundFacts, Request,
        RequestKind,
    },
};
use ports::{UnitOfWork, Write};
use tokio::{task::JoinSet, time::timeout};

use crate::{
    Backend,
    backend::is_stale,
    orders::found as found_order,
    sample::{self, at},
};

/// How often a transaction changes while somebody reads it.
const CHANGES: u32 = 100;
/// How long the reader may take to see the last change.
const READING_MAX: Duration = Duration::from_secs(10);

/// Stamps the suite onto an adapter.
#[macro_export]
macro_rules! payments {
    ($($fixture:tt)+) => { $crate::stamp! { payments:
        a_transaction_is_read_back_as_written
        every_fact_is_read_back_as_written
        words_about_disputes_are_added_and_stay
        a_transaction_is_replaced_with_its_refunds
        a_transaction_and_its_refunds_are_of_one_moment
        a_change_goes_with_its_order_or_not_at_all
        a_second_transaction_waits_until_the_first_leaves_the_order
        one_of_many_transactions_of_an_order_is_made
        postponing_writes_nothing_but_the_delay
        transactions_are_listed_oldest_first
        who_asked_for_what_is_kept_in_order
        what_is_to_be_checked_is_found_by_transaction_or_refund
        gateways_are_found_one_after_the_other
        references_are_read_back_in_the_order_learnt
        a_reference_names_one_thing_of_its_gateway_and_kind
        a_reference_is_never_given_to_another_nor_replaced
        one_of_many_that_claim_a_reference_gets_it
        ; $($fixture)+
    } };
}

async fn found(backend: &Backend, transaction: &Transaction) -> Option<Transaction> {
    backend.payments.find(&transaction.id).await.expect("read")
}

async fn replace(backend: &Backend, transaction: &Transaction) {
    backend.commit([Write::UpdateTransaction(Box::new(transaction.clone()))]).await;
}

/// A captured transaction of a fresh order, 19.98 yuan.
async fn captured(backend: &Backend) -> (Order, Transaction) {
    let order = backend.order().await;
    let transaction = backend.transaction(&order, |it| {
        it.facts = sample::facts(sample::taken(it.amount));
        it.check_at = None;
    });
    let transaction = transaction.await;
    (order, transaction)
}

fn told(text: &str) -> Details {
    Details {
        card_last4: Some("4242".into()),
        card_brand: Some("visa".into()),
        authorization_code: Some(format!("A1B2C3-{text}")),
        response_code: Some("00".into()),
        failure_reason: Some(format!("{text}: 余额不足")),
    }
}

/// Bare, and with everything that one can have.
pub async fn a_transaction_is_read_back_as_written(backend: &Backend) {
    let order = backend.order().await;
    assert_eq!(found(backend, &sample::transaction(&order)).await, None, "one that is not there");
    let bare = backend.transaction(&order, |it| it.check_at = None).await;
    assert_eq!(found(backend, &bare).await, Some(bare), "bare");
    let order = backend.order().await;
    let full = backend.transaction(&order, |it| {
        it.gateway = sample::gateway("stripe");
        it.capture_method = CaptureMethod::Manual;
        it.facts = sample::facts(sample::held());
        it.asked = Some(Asked::Capture(sample::money("19.97")));
        it.details = told("full");
        (it.updated_at, it.check_at, it.checks) = (at(3), Some(at(4)), 5);
    });
    let full = full.await;
    assert_eq!(found(backend, &full).await.as_ref(), Some(&full), "full");
    let shouted = TransactionId::new(full.id.as_str().to_uppercase());
    assert_eq!(backend.payments.find(&shouted).await.expect("read"), None, "an id knows case");
}

/// Inserted so, and replaced so.
pub async fn every_fact_is_read_back_as_written(backend: &Backend) {
    let first = backend.transaction(&backend.order().await, |_| ()).await;
    let (nothing, taken) = (FactsRecord::default(), sample::taken(first.amount));
    let failed = FactsRecord { failed_at: Some(at(3)), ..nothing.clone() };
    let facts = [
        sample::held(),
        failed.clone(),
        FactsRecord { voided_at: Some(at(4)), ..sample::held() },
        sample::taken(sample::money("0.01")),
        FactsRecord { surplus: true, ..taken.clone() },
        FactsRecord { displaced: true, surplus: true, ..taken.clone() },
        FactsRecord { failed_at: Some(at(3)), voided_at: Some(at(4)), ..taken.clone() },
    ];
    for facts in facts.map(sample::facts) {
        let order = backend.order().await;
        let inserted = backend.transaction(&order, |it| it.facts = facts.clone());
        let inserted = inserted.await;
        assert_eq!(found(backend, &inserted).await, Some(inserted), "inserted");
        let replaced = Transaction { facts, ..first.clone() };
        replace(backend, &replaced).await;
        assert_eq!(found(backend, &first).await, Some(replaced), "replaced");
    }
    let asked = Transaction { asked: Some(Asked::Void), ..first.clone() };
    replace(backend, &asked).await;
    assert_eq!(found(backend, &first).await, Some(asked), "asked for a void");
    replace(backend, &first).await;
    assert_eq!(found(backend, &first).await, Some(first), "back to nothing");
}

/// Inserted with their transaction, added later, named by the gateway or not; a word is never lost or doubled.
pub async fn words_about_disputes_are_added_and_stay(backend: &Backend) {
    let amount = sample::money("4.5");
    let words = DisputeStatus::ALL.map(|status| sample::dispute(status, amount, 9));
    let record = |words: &[DisputeEvent], it: &Transaction| {
        let taken = sample::taken(it.amount);
        sample::facts(FactsRecord { disputes: words.to_vec(), ..taken })
    };
    let (order, mut late) = captured(backend).await;
    for count in 1..=words.len() {
        late.facts = record(words.get(..count).unwrap_or_default(), &late);
        replace(backend, &late).await;
        assert_eq!(found(backend, &late).await.as_ref(), Some(&late), "{count} words");
        assert_eq!(backend.payments.list(order.key).await.expect("read"), [late.clone()], "listed");
    }
    let named = DisputeEvent {
        dispute: Some(DisputeId::new("dp_1".into())),
        ..sample::dispute(DisputeStatus::Lost, amount, 3)
    };
    let all = [words.as_slice(), &[named]].concat();
    let inserted = backend.transaction(&backend.order().await, |it| it.facts = record(&all, it)).await;
    assert_eq!(
        found(backend, &inserted).await,
        Some(inserted),
        "inserted, in the order of the gateway's times"
    );
}

/// New ones are added, old ones changed; oldest first.
pub async fn a_transaction_is_replaced_with_its_refunds(backend: &Backend) {
    let (_, mut transaction) = captured(backend).await;
    let (_, bystander) = captured(backend).await;
    let reason = Some(Text::new("🍵".repeat(Text::CHARS_MAX)));
    let first = Refund { reason, check_at: Some(at(7)), checks: 2, ..sample::refund(&transaction, "5") };
    transaction.refunds.push(first);
    transaction.details = told("captured");
    transaction.updated_at = at(6);
    replace(backend, &transaction).await;
    assert_eq!(found(backend, &transaction).await.as_ref(), Some(&transaction), "one refund");

    if let Some(first) = transaction.refunds.first_mut() {
        first.facts = RefundFacts { succeeded_at: Some(at(8)), ..RefundFacts::default() };
        (first.check_at, first.checks) = (None, 3);
    }
    let facts = RefundFacts { succeeded_at: Some(at(8)), failed_at: Some(at(9)), withdrawn: true };
    let failed = Refund { facts, check_at: None, ..sample::refund(&transaction, "14.98") };
    let pending = sample::refund(&transaction, "14.98");
    transaction.refunds.extend([failed, pending]);
    replace(backend, &transaction).await;
    assert_eq!(found(backend, &transaction).await.as_ref(), Some(&transaction), "three refunds");

    transaction.refunds.iter_mut().for_each(|it| {
        it.facts.succeeded_at = Some(at(10));
    });
    replace(backend, &transaction).await;
    assert_eq!(found(backend, &transaction).await, Some(transaction), "all of it is back");
    assert_eq!(found(backend, &bystander).await, Some(bystander), "no other one is touched");
}

/// A reader who comes in the middle of many changes never sees half of one.
pub async fn a_transaction_and_its_refunds_are_of_one_moment(backend: &Backend) {
    let (order, mut transaction) = captured(backend).await;
    let (payments, id) = (Arc::clone(&backend.payments), transaction.id.clone());
    let mut readers = JoinSet::new();
    readers.spawn(async move {
        let mut seen = 0;
        while seen < CHANGES {
            let found = payments.find(&id).await.expect("read").expect("it is there");
            let listed = payments.list(order.key).await.expect("read");
            for it in listed.into_iter().chain([found]) {
                assert_eq!(usize::try_from(it.checks), Ok(it.refunds.len()), "as many refunds as checks");
                seen = it.checks;
            }
        }
    });
    for checks in 1..=CHANGES {
        transaction.checks = checks;
        transaction.refunds.push(sample::refund(&transaction, "0.01"));
        replace(backend, &transaction).await;
    }
    timeout(READING_MAX, readers.join_all()).await.expect("the reader sees the last change");
}

/// The guard of the order keeps a change away that was decided on what is gone.
pub async fn a_change_goes_with_its_order_or_not_at_all(backend: &Backend) {
    let (order, transaction) = captured(backend).await;
    let change = |amount: &str| {
        let mut changed = transaction.clone();
        changed.refunds.push(sample::refund(&changed, amount));
        let guard = Write::UpdateOrder(Box::new(Progress::of(order.clone())));
        (changed.clone(), [guard, Write::UpdateTransaction(Box::new(changed))])
    };
    let ((changed, first), (_, second)) = (change("1"), change("2"));
    backend.commit(first).await;
    backend.stale(second).await;
    assert_eq!(
        found(backend, &transaction).await,
        Some(changed),
        "the first change, and nothing of the second"
    );
    let revision = found_order(backend, &order).await.expect("it is there").revision;
    assert_eq!(revision, order.revision.next(), "one change, one step");
}

/// Failed and voided ones leave it; live and disputed ones do not.
pub async fn a_second_transaction_waits_until_the_first_leaves_the_order(backend: &Backend) {
    let order = backend.order().await;
    let another = || Write::InsertTransaction(Box::new(sample::transaction(&order)));
    let mut first = backend.transaction(&order, |_| ()).await;
    backend.stale([another()]).await;
    let taken = sample::taken(first.amount);
    let disputes = vec![sample::dispute(DisputeStatus::Open, first.amount, 3)];
    for record in [sample::held(), taken.clone(), FactsRecord { disputes, ..taken }] {
        first.facts = sample::facts(record);
        replace(backend, &first).await;
        backend.stale([another()]).await;
    }
    let ended = FactsRecord { failed_at: Some(at(3)), ..FactsRecord::default() };
    first.facts = sample::facts(ended);
    replace(backend, &first).await;
    let second = backend.transaction(&order, |_| ()).await;
    backend.stale([another()]).await;
    let displaced = sample::facts(FactsRecord { displaced: true, ..FactsRecord::default() });
    backend.transaction(&order, |it| it.facts = displaced).await;
    let voided = sample::facts(FactsRecord { voided_at: Some(at(3)), ..FactsRecord::default() });
    replace(backend, &Transaction { facts: voided, ..second }).await;
    backend.commit([another()]).await;
}

/// Even if nothing else were to guard the order.
pub async fn one_of_many_transactions_of_an_order_is_made(backend: &Backend) {
    let order = backend.order().await;
    let alone = backend
        .race(|| UnitOfWork::new().with(Write::InsertTransaction(Box::new(sample::transaction(&order)))));
    alone.await.ends(1, is_stale);
    assert_eq!(backend.payments.list(order.key).await.expect("read").len(), 1);
    let order = backend.order().await;
    let guarded = backend.race(|| {
        let transaction = Box::new(sample::transaction(&order));
        UnitOfWork::new().progress(Progress::of(order.clone())).with(Write::InsertTransaction(transaction))
    });
    guarded.await.ends(1, is_stale);
    assert_eq!(backend.payments.list(order.key).await.expect("read").len(), 1);
}

/// Each with its own refunds, and none of another order.
pub async fn transactions_are_listed_oldest_first(backend: &Backend) {
    let (order, _) = captured(backend).await;
    assert_eq!(backend.payments.list(backend.order().await.key).await.expect("read"), [], "none");
    let mut tried = backend.payments.list(order.key).await.expect("read");
    for amount in ["1", "2"] {
        let other = backend.transaction(&order, |it| {
            it.facts = sample::facts(FactsRecord { displaced: true, ..sample::taken(it.amount) });
        });
        let mut other = other.await;
        other.refunds = vec![sample::refund(&other, amount), sample::refund(&other, amount)];
        replace(backend, &other).await;
        tried.push(other);
    }
    assert_eq!(backend.payments.list(order.key).await.expect("read"), tried);
}

/// Of all transactions of an order, and of no other order's.
pub async fn who_asked_for_what_is_kept_in_order(backend: &Backend) {
    let (order, first) = captured(backend).await;
    let (other_order, other) = captured(backend).await;
    let user = backend.user().await;
    let request = |transaction: &Transaction, kind, requested_by| Request {
        transaction: transaction.key,
        kind,
        amount: sample::money("19.98"),
        requested_by,
        requested_at: at(9),
    };
    let (customer, operator) = (ChangedBy::customer(order.owner), ChangedBy::operator(user.key));
    let asked = [
        request(&first, RequestKind::Payment, customer),
        request(&first, RequestKind::Capture, operator),
        request(&first, RequestKind::Void, ChangedBy::SYSTEM),
        request(&first, RequestKind::Capture, operator),
    ];
    for it in asked {
        backend.commit([Write::InsertRequest(it)]).await;
    }
    backend.commit([Write::InsertRequest(request(&other, RequestKind::Payment, operator))]).await;
    let read = backend.payments.requests(order.key).await.expect("read");
    assert_eq!(read.iter().map(|it| it.request).collect::<Vec<_>>(), asked);
    let owner = backend.users.find_by_key(order.owner).await.expect("read").map(|it| it.id);
    let users: Vec<_> = read.into_iter().map(|it| it.user).collect();
    assert_eq!(users, [owner, Some(user.id.clone()), None, Some(user.id)], "by public id");
    assert_eq!(backend.payments.requests(other_order.key).await.expect("read").len(), 1);
}
