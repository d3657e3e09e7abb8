//! The suite for payments: transactions with their refunds. Checks are in a submodule.

mod attempts;
mod cases;
mod checks;
mod next_actions;
mod periods;
mod references;
mod returns;

pub use attempts::*;
pub use cases::*;
pub use checks::*;
pub use next_actions::*;
pub use periods::*;
pub use references::*;
pub use returns::*;

use std::{sync::Arc, time::Duration};

use domain::{
    AuthorId, ChangedBy, DisputeId, Order, OrderChange, Refund, Text, Transaction, TransactionId,
    payment::{
        CaptureMethod, DisputeEvent, DisputeStatus, PaymentDetails, PaymentRequest, PaymentRequestKind,
        PendingOperation, RawFacts, RefundFacts,
    },
};
use ports::{UnitOfWork, Write};
use tokio::{task::JoinSet, time::timeout};

use crate::{
    Backend,
    backend::is_stale,
    orders::find_order as found_order,
    sample::{self, at},
};

/// How often a transaction changes while another task reads it.
const CHANGES: u32 = 100;
/// The longest time until the reader must see the last change.
const READING_MAX: Duration = Duration::from_secs(10);

/// Makes the tests of this suite for an adapter; the fixture gives a [`Backend`].
#[macro_export]
macro_rules! payments {
    ($($fixture:tt)+) => { $crate::stamp! { payments:
        a_transaction_is_read_back_as_written
        every_fact_is_read_back_as_written
        words_about_disputes_are_added_and_stay
        a_transaction_is_replaced_with_its_refunds
        a_refund_is_not_lost_and_takes_no_others_place
        cases_are_found_by_order_and_by_transaction
        a_case_is_of_one_moment
        a_transaction_and_its_refunds_are_of_one_moment
        a_change_goes_with_its_order_or_not_at_all
        a_second_transaction_waits_until_the_first_leaves_the_order
        one_of_many_transactions_of_an_order_is_made
        postponing_writes_nothing_but_the_delay
        transactions_are_listed_oldest_first
        who_asked_for_what_is_kept_in_order
        what_is_to_be_checked_is_found_by_transaction_or_refund
        gateways_are_found_one_after_the_other
        payments_are_listed_by_the_time_of_what_happened_to_them
        a_list_of_a_period_goes_on_behind_its_last_element
        references_are_read_back_in_the_order_learnt
        a_reference_names_one_thing_of_its_gateway_and_kind
        a_reference_is_never_given_to_another_nor_replaced
        one_of_many_that_claim_a_reference_gets_it
        a_next_action_is_read_with_its_pending_transaction
        the_last_next_action_counts_and_none_removes_it
        attempts_are_listed_oldest_first_in_pages
        attempts_of_an_unknown_transaction_are_none
        attempts_need_no_guard_and_are_made_once
        old_attempts_are_pruned_in_pieces
        pieces_go_back_into_stock_once
        every_line_counts_what_went_back
        metadata_is_read_back_and_never_replaced
        ; $($fixture)+
    } };
}

async fn found(backend: &Backend, transaction: &Transaction) -> Option<Transaction> {
    backend.payments.find_transaction(&transaction.id).await.expect("read")
}

pub(crate) async fn replace(backend: &Backend, transaction: &Transaction) {
    backend.commit([sample::update_transaction(transaction.clone())]).await;
}

/// A captured transaction of a new order, 19.98 yuan.
async fn captured(backend: &Backend) -> (Order, Transaction) {
    let order = backend.order().await;
    let transaction = backend.transaction(&order, |it| {
        it.facts = sample::restore_facts(sample::captured_facts(it.amount));
        it.check_at = None;
    });
    let transaction = transaction.await;
    (order, transaction)
}

fn payment_details(text: &str) -> PaymentDetails {
    PaymentDetails {
        card_last4: Some("4242".into()),
        card_brand: Some("visa".into()),
        authorization_code: Some(format!("A1B2C3-{text}")),
        response_code: Some("00".into()),
        failure_reason: Some(format!("{text}: 余额不足")),
    }
}

/// A transaction without any optional value, and one with all of them.
pub async fn a_transaction_is_read_back_as_written(backend: &Backend) {
    let order = backend.order().await;
    assert_eq!(found(backend, &sample::transaction(&order)).await, None, "one that is not there");
    let bare = backend.transaction(&order, |it| it.check_at = None).await;
    assert_eq!(found(backend, &bare).await, Some(bare), "bare");
    let order = backend.order().await;
    let full = backend.transaction(&order, |it| {
        it.gateway = sample::gateway("stripe");
        it.capture_method = CaptureMethod::Manual;
        it.facts = sample::restore_facts(sample::authorized_facts());
        it.pending_operation = Some(PendingOperation::Capture(sample::money("19.97")));
        it.details = payment_details("full");
        (it.updated_at, it.check_at, it.checks) = (at(3), Some(at(4)), 5);
    });
    let full = full.await;
    assert_eq!(found(backend, &full).await.as_ref(), Some(&full), "full");
    let shouted = TransactionId::new(full.id.as_str().to_uppercase());
    assert_eq!(backend.payments.find_transaction(&shouted).await.expect("read"), None, "an id knows case");
}

/// Both after an insert and after a replacement.
pub async fn every_fact_is_read_back_as_written(backend: &Backend) {
    let first = backend.transaction(&backend.order().await, |_| ()).await;
    let (nothing, taken) = (RawFacts::default(), sample::captured_facts(first.amount));
    let failed = RawFacts { failed_at: Some(at(3)), ..nothing.clone() };
    let facts = [
        sample::authorized_facts(),
        failed.clone(),
        RawFacts { voided_at: Some(at(4)), ..sample::authorized_facts() },
        sample::captured_facts(sample::money("0.01")),
        RawFacts { surplus: true, ..taken.clone() },
        RawFacts { displaced: true, surplus: true, ..taken.clone() },
        RawFacts { failed_at: Some(at(3)), voided_at: Some(at(4)), ..taken.clone() },
    ];
    for facts in facts.map(sample::restore_facts) {
        let order = backend.order().await;
        let inserted = backend.transaction(&order, |it| it.facts = facts.clone());
        let inserted = inserted.await;
        assert_eq!(found(backend, &inserted).await, Some(inserted), "inserted");
        let replaced = Transaction { facts, ..first.clone() };
        replace(backend, &replaced).await;
        assert_eq!(found(backend, &first).await, Some(replaced), "replaced");
    }
    let asked = Transaction { pending_operation: Some(PendingOperation::Void), ..first.clone() };
    replace(backend, &asked).await;
    assert_eq!(found(backend, &first).await, Some(asked), "asked for a void");
    replace(backend, &first).await;
    assert_eq!(found(backend, &first).await, Some(first), "back to nothing");
}

/// Dispute events that are inserted with their transaction or later, with the gateway's dispute id or
/// without; none is lost or stored twice.
pub async fn words_about_disputes_are_added_and_stay(backend: &Backend) {
    let amount = sample::money("4.5");
    let words = DisputeStatus::ALL.map(|status| sample::dispute(status, amount, 9));
    let record = |words: &[DisputeEvent], it: &Transaction| {
        let taken = sample::captured_facts(it.amount);
        sample::restore_facts(RawFacts { disputes: words.to_vec(), ..taken })
    };
    let (order, mut late) = captured(backend).await;
    for count in 1..=words.len() {
        late.facts = record(words.get(..count).unwrap_or_default(), &late);
        replace(backend, &late).await;
        assert_eq!(found(backend, &late).await.as_ref(), Some(&late), "{count} words");
        assert_eq!(
            backend.payments.list_transactions(order.key).await.expect("read"),
            [late.clone()],
            "listed"
        );
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
    let twice = record(&[words.as_slice(), &words].concat(), &late);
    let repeated = backend.order().await;
    let repeated = Transaction { facts: twice, ..sample::transaction(&repeated) };
    backend.expect_stale([Write::InsertTransaction(Box::new(repeated))]).await;
}

/// New refunds are added and existing ones changed; they are read oldest first.
pub async fn a_transaction_is_replaced_with_its_refunds(backend: &Backend) {
    let (_, mut transaction) = captured(backend).await;
    let (_, bystander) = captured(backend).await;
    let reason = Some(Text::new("🍵".repeat(Text::CHARS_MAX)));
    let first = Refund { reason, check_at: Some(at(7)), checks: 2, ..sample::refund(&transaction, "5") };
    transaction.refunds.push(first);
    transaction.details = payment_details("captured");
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

/// Who asked for it, why and when stay as they were written, and what is not named stays too.
pub async fn a_refund_is_not_lost_and_takes_no_others_place(backend: &Backend) {
    let (_, mut kept) = captured(backend).await;
    kept.refunds = vec![sample::refund(&kept, "1"), sample::refund(&kept, "2")];
    replace(backend, &kept).await;
    let forgetful = Transaction { refunds: vec![sample::refund(&kept, "3")], ..kept.clone() };
    backend.expect_stale([sample::update_transaction(forgetful)]).await;
    assert_eq!(found(backend, &kept).await.as_ref(), Some(&kept), "the first place is the first one's");
    let first = kept.refunds.first().expect("there are two");
    let namesake = Refund { id: first.id.clone(), ..sample::refund(&kept, "3") };
    let refunds = [kept.refunds.as_slice(), &[namesake]].concat();
    backend.expect_stale([sample::update_transaction(Transaction { refunds, ..kept.clone() })]).await;
    replace(backend, &Transaction { refunds: Vec::new(), ..kept.clone() }).await;
    assert_eq!(found(backend, &kept).await.as_ref(), Some(&kept), "none is lost");
    let first = kept.refunds.first_mut().expect("there are two");
    first.amount = sample::money("4");
    let reason = Some(Text::new("another"));
    let (requested_by, created_at) = (ChangedBy::SYSTEM, at(9));
    let retold = Refund { requested_by, reason, created_at, ..first.clone() };
    replace(backend, &Transaction { refunds: vec![retold], ..kept.clone() }).await;
    assert_eq!(found(backend, &kept).await, Some(kept), "its beginning does not change");
}

/// A reader during many changes never sees a part of one.
pub async fn a_transaction_and_its_refunds_are_of_one_moment(backend: &Backend) {
    let (order, mut transaction) = captured(backend).await;
    let (payments, id) = (Arc::clone(&backend.payments), transaction.id.clone());
    let mut readers = JoinSet::new();
    readers.spawn(async move {
        let mut seen = 0;
        while seen < CHANGES {
            let found = payments.find_transaction(&id).await.expect("read").expect("it is there");
            let listed = payments.list_transactions(order.key).await.expect("read");
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

/// A change that was decided on an outdated order is refused by the order's guard.
pub async fn a_change_goes_with_its_order_or_not_at_all(backend: &Backend) {
    let (order, transaction) = captured(backend).await;
    let change = |amount: &str| {
        let mut changed = transaction.clone();
        changed.refunds.push(sample::refund(&changed, amount));
        let guard = Write::UpdateOrder(Box::new(OrderChange::from_order(order.clone())));
        (changed.clone(), [guard, sample::update_transaction(changed)])
    };
    let ((changed, first), (_, second)) = (change("1"), change("2"));
    backend.commit(first).await;
    backend.expect_stale(second).await;
    assert_eq!(
        found(backend, &transaction).await,
        Some(changed),
        "the first change, and nothing of the second"
    );
    let revision = found_order(backend, &order).await.expect("it is there").revision;
    assert_eq!(revision, order.revision.next(), "one change, one step");
}

/// Failed and voided transactions leave their order; live and disputed ones occupy it.
pub async fn a_second_transaction_waits_until_the_first_leaves_the_order(backend: &Backend) {
    let order = backend.order().await;
    let another = || Write::InsertTransaction(Box::new(sample::transaction(&order)));
    let mut first = backend.transaction(&order, |_| ()).await;
    backend.expect_stale([another()]).await;
    let taken = sample::captured_facts(first.amount);
    let disputes = vec![sample::dispute(DisputeStatus::Open, first.amount, 3)];
    for record in [sample::authorized_facts(), taken.clone(), RawFacts { disputes, ..taken }] {
        first.facts = sample::restore_facts(record);
        replace(backend, &first).await;
        backend.expect_stale([another()]).await;
    }
    let ended = RawFacts { failed_at: Some(at(3)), ..RawFacts::default() };
    first.facts = sample::restore_facts(ended);
    replace(backend, &first).await;
    let second = backend.transaction(&order, |_| ()).await;
    backend.expect_stale([another()]).await;
    let displaced = sample::restore_facts(RawFacts { displaced: true, ..RawFacts::default() });
    backend.transaction(&order, |it| it.facts = displaced).await;
    let voided = sample::restore_facts(RawFacts { voided_at: Some(at(3)), ..RawFacts::default() });
    replace(backend, &Transaction { facts: voided, ..second }).await;
    backend.commit([another()]).await;
}

/// The unique key alone guarantees it, even without the guard of the order.
pub async fn one_of_many_transactions_of_an_order_is_made(backend: &Backend) {
    let order = backend.order().await;
    let alone = backend.race(|| {
        UnitOfWork::new().with_write(Write::InsertTransaction(Box::new(sample::transaction(&order))))
    });
    alone.await.assert_outcome(1, is_stale);
    assert_eq!(backend.payments.list_transactions(order.key).await.expect("read").len(), 1);
    let order = backend.order().await;
    let guarded = backend.race(|| {
        let transaction = Box::new(sample::transaction(&order));
        UnitOfWork::new()
            .with_order_change(OrderChange::from_order(order.clone()))
            .with_write(Write::InsertTransaction(transaction))
    });
    guarded.await.assert_outcome(1, is_stale);
    assert_eq!(backend.payments.list_transactions(order.key).await.expect("read").len(), 1);
}

/// Each with its own refunds, and none of another order.
pub async fn transactions_are_listed_oldest_first(backend: &Backend) {
    let (order, _) = captured(backend).await;
    assert_eq!(
        backend.payments.list_transactions(backend.order().await.key).await.expect("read"),
        [],
        "none"
    );
    let mut tried = backend.payments.list_transactions(order.key).await.expect("read");
    // The clock of who makes a later row may be behind: their numbers tell.
    for (amount, sequence) in [("1", 2), ("2", 1)] {
        let other = backend.transaction(&order, |it| {
            it.sequence = sequence;
            it.facts =
                sample::restore_facts(RawFacts { displaced: true, ..sample::captured_facts(it.amount) });
        });
        let mut other = other.await;
        other.refunds = vec![sample::refund(&other, amount), sample::refund(&other, amount)];
        replace(backend, &other).await;
        tried.insert(0, other);
    }
    assert_eq!(backend.payments.list_transactions(order.key).await.expect("read"), tried);
}

/// The requests of all transactions of the order, and of no other order.
pub async fn who_asked_for_what_is_kept_in_order(backend: &Backend) {
    let (order, first) = captured(backend).await;
    let (other_order, other) = captured(backend).await;
    let user = backend.user().await;
    let request = |transaction: &Transaction, kind, requested_by| PaymentRequest {
        transaction: transaction.key,
        kind,
        amount: sample::money("19.98"),
        requested_by,
        requested_at: at(9),
    };
    let (customer, operator) = (ChangedBy::customer(order.owner), ChangedBy::operator(user.key));
    let asked = [
        request(&first, PaymentRequestKind::Payment, customer),
        request(&first, PaymentRequestKind::Capture, operator),
        request(&first, PaymentRequestKind::Void, ChangedBy::SYSTEM),
        request(&first, PaymentRequestKind::Capture, operator),
    ];
    for it in asked {
        backend.commit([Write::InsertRequest(it)]).await;
    }
    backend.commit([Write::InsertRequest(request(&other, PaymentRequestKind::Payment, operator))]).await;
    let read = backend.payments.list_payment_requests(order.key).await.expect("read");
    assert_eq!(read.iter().map(|it| it.request).collect::<Vec<_>>(), asked);
    let owner = backend.users.find_user_by_key(order.owner).await.expect("read").map(|it| it.id);
    let users: Vec<_> = read.into_iter().map(|it| it.author).collect();
    let [owner, user] = [owner.map(AuthorId::from), Some(AuthorId::from(user.id))];
    assert_eq!(users, [owner, user.clone(), None, user], "by public id");
    assert_eq!(backend.payments.list_payment_requests(other_order.key).await.expect("read").len(), 1);
}
