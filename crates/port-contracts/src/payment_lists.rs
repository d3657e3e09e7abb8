//! The suite for the lists of payments and refunds of all orders.

use domain::{
    ChangedBy, Refund, RefundId, Timestamp, Transaction, TransactionId,
    payment::{PaymentRequest, PaymentRequestKind, PaymentStatus, RawFacts, RefundFacts, RefundStatus},
};
use ports::{PaymentFilter, RefundCursor, RefundFilter, StoredRefund, Write};

use crate::{
    Backend,
    sample::{self, at},
};

/// Makes the tests of this suite for an adapter; the fixture gives a [`Backend`].
#[macro_export]
macro_rules! payment_lists {
    ($($fixture:tt)+) => { $crate::stamp! { payment_lists:
        payments_of_all_orders_are_listed_newest_first
        a_list_of_payments_keeps_to_all_its_filters_at_once
        a_page_of_payments_stays_while_others_are_made_and_change
        requests_are_listed_of_the_transactions_that_are_asked_for
        refunds_of_all_transactions_are_listed_newest_first
        a_list_of_refunds_keeps_to_all_its_filters_at_once
        ; $($fixture)+
    } };
}

/// The most pages that a test reads.
const PAGES_MAX: usize = 100;

/// A transaction of a new order, made that many seconds after the start.
async fn pay(backend: &Backend, seconds: i64, gateway: &str, status: PaymentStatus) -> Transaction {
    let order = backend.order().await;
    let transaction = backend.transaction(&order, |it| {
        (it.created_at, it.gateway) = (at(seconds), sample::gateway(gateway));
        it.facts = sample::restore_facts(match status {
            PaymentStatus::Pending => RawFacts::default(),
            PaymentStatus::Authorized => sample::authorized_facts(),
            PaymentStatus::Failed => RawFacts { failed_at: Some(at(3)), ..RawFacts::default() },
            PaymentStatus::Voided => RawFacts { voided_at: Some(at(4)), ..sample::authorized_facts() },
            PaymentStatus::Captured | PaymentStatus::Refunded | PaymentStatus::Disputed => {
                sample::captured_facts(it.amount)
            }
        });
    });
    let transaction = transaction.await;
    assert_eq!(transaction.status(), status);
    transaction
}

/// All pages of a list of payments.
async fn walk(backend: &Backend, filter: PaymentFilter) -> Vec<Transaction> {
    let (mut all, mut after) = (Vec::new(), filter.after.clone());
    for _ in 0..PAGES_MAX {
        let page = PaymentFilter { after, ..filter.clone() };
        let page = backend.payments.list_payments(page).await.expect("read");
        all.extend(page.data);
        let Some(next) = page.next else { return all };
        after = Some(TransactionId::new(next));
    }
    panic!("the list has no end");
}

fn up_to(limit: u32) -> PaymentFilter {
    PaymentFilter { limit, ..PaymentFilter::default() }
}

/// With their refunds, disputes and references, as each of them is read; also those of one millisecond.
pub async fn payments_of_all_orders_are_listed_newest_first(backend: &Backend) {
    assert_eq!(walk(backend, up_to(9)).await, []);
    let mut made = Vec::new();
    for (seconds, status) in [
        (1, PaymentStatus::Captured),
        (1, PaymentStatus::Pending),
        (2, PaymentStatus::Failed),
        (3, PaymentStatus::Captured),
        (3, PaymentStatus::Voided),
    ] {
        let mut transaction = pay(backend, seconds, "sandbox", status).await;
        if status == PaymentStatus::Captured {
            transaction.refunds = ["1", "2"].map(|it| sample::refund(&transaction, it)).to_vec();
            let (owner, text) =
                (domain::payment::ReferenceOwner::Payment, format!("ref-{seconds}-{}", transaction.id));
            let dispute = sample::dispute(domain::payment::DisputeStatus::Open, sample::money("3"), 5);
            let mut facts = sample::captured_facts(transaction.amount);
            facts.disputes = vec![dispute];
            transaction.facts = sample::restore_facts(facts);
            let learnt = sample::learn_reference(&transaction, owner, &text);
            backend.commit([sample::update_transaction(transaction.clone()), learnt]).await;
            let found = backend.payments.find_transaction(&transaction.id).await.expect("read");
            transaction = found.expect("it is there");
            assert_eq!((transaction.refunds.len(), transaction.references.len()), (2, 1));
        }
        made.insert(0, transaction);
    }
    for limit in [1, 2, 5, 9] {
        assert_eq!(walk(backend, up_to(limit)).await, made, "in pages of {limit}");
    }
    let page = backend.payments.list_payments(up_to(5)).await.expect("read");
    assert_eq!(page.next, None, "nothing comes after the last one");
    let after = Some(TransactionId::new("nothing".into()));
    assert_eq!(walk(backend, PaymentFilter { after, ..up_to(9) }).await, []);
}

/// All combinations of filters, in pages.
pub async fn a_list_of_payments_keeps_to_all_its_filters_at_once(backend: &Backend) {
    let mut made = Vec::new();
    let statuses = [PaymentStatus::Pending, PaymentStatus::Authorized, PaymentStatus::Failed];
    for seconds in 0..3 {
        for gateway in ["sandbox", "stripe"] {
            for status in statuses {
                made.insert(0, pay(backend, seconds, gateway, status).await);
            }
        }
    }
    let lists: [&[PaymentStatus]; 5] = [
        &[],
        &[PaymentStatus::Failed],
        &[PaymentStatus::Failed, PaymentStatus::Pending],
        &[PaymentStatus::Failed, PaymentStatus::Failed],
        &[PaymentStatus::Disputed],
    ];
    let times: [(Option<Timestamp>, Option<Timestamp>); 4] =
        [(None, None), (Some(at(1)), None), (None, Some(at(1))), (Some(at(1)), Some(at(2)))];
    for statuses in lists {
        for gateway in [None, Some("stripe"), Some("none")] {
            for (created_after, created_before) in times {
                let gateway = gateway.map(sample::gateway);
                let fits = |it: &&Transaction| {
                    (statuses.is_empty() || statuses.contains(&it.status()))
                        && gateway.as_ref().is_none_or(|gateway| *gateway == it.gateway)
                        && created_after.is_none_or(|time| it.created_at >= time)
                        && created_before.is_none_or(|time| it.created_at < time)
                };
                let expected: Vec<_> = made.iter().filter(fits).cloned().collect();
                let filter = PaymentFilter {
                    statuses: statuses.to_vec(),
                    gateway: gateway.clone(),
                    created_after,
                    created_before,
                    ..up_to(4)
                };
                let found = walk(backend, filter.clone()).await;
                assert_eq!(found, expected, "{filter:?}");
            }
        }
    }
}

/// The next page begins behind the cursor even if its transaction no longer fits.
pub async fn a_page_of_payments_stays_while_others_are_made_and_change(backend: &Backend) {
    let mut made = Vec::new();
    for seconds in 0..4 {
        made.insert(0, pay(backend, seconds, "sandbox", PaymentStatus::Authorized).await);
    }
    let authorized = PaymentFilter { statuses: vec![PaymentStatus::Authorized], ..up_to(2) };
    let page = backend.payments.list_payments(authorized.clone()).await.expect("read");
    let [fourth, third, second, first] = made.as_slice() else { panic!("four were made") };
    assert_eq!(page.data, [fourth.clone(), third.clone()]);
    pay(backend, 9, "sandbox", PaymentStatus::Authorized).await;
    let mut voided = third.clone();
    voided.facts = sample::restore_facts(RawFacts { voided_at: Some(at(4)), ..sample::authorized_facts() });
    backend.commit([sample::update_transaction(voided)]).await;
    let after = page.next.map(TransactionId::new);
    let rest = backend.payments.list_payments(PaymentFilter { after, ..authorized }).await.expect("read");
    assert_eq!((rest.data, rest.next), (vec![second.clone(), first.clone()], None));
}

/// In the order in which they were asked, with the public ids of their users.
pub async fn requests_are_listed_of_the_transactions_that_are_asked_for(backend: &Backend) {
    let user = backend.user().await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(pay(backend, 0, "sandbox", PaymentStatus::Captured).await);
    }
    let mut asked = Vec::new();
    for kind in [PaymentRequestKind::Payment, PaymentRequestKind::Capture] {
        for transaction in &made {
            let request = PaymentRequest {
                transaction: transaction.key,
                kind,
                amount: transaction.amount,
                requested_by: ChangedBy::operator(user.key),
                requested_at: at(9),
            };
            backend.commit([Write::InsertRequest(request)]).await;
            asked.push(request);
        }
    }
    let [first, _, third] = made.as_slice() else { panic!("three were made") };
    let (first, third) = (first.key, third.key);
    let read = backend.payments.list_requests_of(&[first, third]).await.expect("read");
    asked.retain(|it| [first, third].contains(&it.transaction));
    assert_eq!(read.iter().map(|it| it.request).collect::<Vec<_>>(), asked);
    assert!(read.iter().all(|it| it.author == Some(user.id.clone().into())), "by public id");
    assert_eq!(backend.payments.list_requests_of(&[]).await.expect("read"), []);
}

/// Refunds of a new transaction, each made that many seconds after the start, with that id and status.
async fn refund(
    backend: &Backend,
    gateway: &str,
    by: ChangedBy,
    refunds: &[(i64, &str, RefundStatus)],
) -> Vec<(Transaction, Refund)> {
    let mut transaction = pay(backend, 0, gateway, PaymentStatus::Captured).await;
    for (seconds, id, status) in refunds {
        let mut refund = sample::refund(&transaction, "1");
        (refund.id, refund.created_at, refund.requested_by) =
            (RefundId::new((*id).to_owned()), at(*seconds), by);
        refund.facts = match status {
            RefundStatus::Pending => RefundFacts::default(),
            RefundStatus::Succeeded => RefundFacts { succeeded_at: Some(at(5)), ..RefundFacts::default() },
            RefundStatus::Failed => RefundFacts { failed_at: Some(at(5)), ..RefundFacts::default() },
        };
        assert_eq!(refund.status(), *status);
        transaction.refunds.push(refund);
    }
    backend.commit([sample::update_transaction(transaction.clone())]).await;
    transaction.refunds.iter().map(|it| (transaction.clone(), it.clone())).collect()
}

async fn walk_refunds(backend: &Backend, filter: RefundFilter) -> Vec<StoredRefund> {
    let (mut all, mut after) = (Vec::new(), filter.after.clone());
    for _ in 0..PAGES_MAX {
        let page = RefundFilter { after, ..filter.clone() };
        let page = backend.payments.list_all_refunds(page).await.expect("read");
        all.extend(page.data);
        let Some(next) = page.next else { return all };
        after = Some(RefundCursor::parse(&next).expect("a cursor"));
    }
    panic!("the list has no end");
}

fn refunds_up_to(limit: u32) -> RefundFilter {
    RefundFilter { limit, ..RefundFilter::default() }
}

/// Each with its transaction and its user. A gateway's id may be that of refunds of two transactions.
pub async fn refunds_of_all_transactions_are_listed_newest_first(backend: &Backend) {
    assert_eq!(walk_refunds(backend, refunds_up_to(9)).await, []);
    let user = backend.user().await;
    let (pending, done) = (RefundStatus::Pending, RefundStatus::Succeeded);
    let by_user =
        refund(backend, "sandbox", ChangedBy::operator(user.key), &[(1, "same", done), (2, "b", pending)])
            .await;
    let by_gateway = refund(backend, "stripe", ChangedBy::SYSTEM, &[(2, "same", done), (0, "d", done)]).await;
    let stored = |(transaction, refund): &(Transaction, Refund), user: Option<&domain::User>| StoredRefund {
        refund: refund.clone(),
        transaction: transaction.id.clone(),
        author: user.map(|it| it.id.clone().into()),
    };
    let ([one, two], [three, four]) = (by_user.as_slice(), by_gateway.as_slice()) else {
        panic!("four were made")
    };
    let expected =
        [stored(three, None), stored(two, Some(&user)), stored(one, Some(&user)), stored(four, None)];
    for limit in [1, 2, 3, 4] {
        assert_eq!(walk_refunds(backend, refunds_up_to(limit)).await, expected, "in pages of {limit}");
    }
    for nothing in ["1:nothing", &format!("3:{}", one.0.id)] {
        let after = Some(RefundCursor::parse(nothing).expect("a cursor"));
        assert_eq!(walk_refunds(backend, RefundFilter { after, ..refunds_up_to(9) }).await, []);
    }
}

/// All combinations of filters, in pages.
pub async fn a_list_of_refunds_keeps_to_all_its_filters_at_once(backend: &Backend) {
    let mut made = Vec::new();
    for gateway in ["sandbox", "stripe"] {
        for seconds in 0..3 {
            let refunds = RefundStatus::ALL.map(|status| (seconds, status.as_str(), status));
            made.extend(refund(backend, gateway, ChangedBy::SYSTEM, &refunds).await);
        }
    }
    made.sort_by_key(|(_, it)| std::cmp::Reverse((it.created_at, it.key)));
    for statuses in [vec![], vec![RefundStatus::Failed], vec![RefundStatus::Failed, RefundStatus::Pending]] {
        for gateway in [None, Some("stripe"), Some("none")] {
            for (after, before) in [(None, None), (Some(at(1)), None), (Some(at(0)), Some(at(2)))] {
                let gateway = gateway.map(sample::gateway);
                let fits = |(of, it): &&(Transaction, Refund)| {
                    (statuses.is_empty() || statuses.contains(&it.status()))
                        && gateway.as_ref().is_none_or(|gateway| *gateway == of.gateway)
                        && after.is_none_or(|time| it.created_at >= time)
                        && before.is_none_or(|time| it.created_at < time)
                };
                let expected: Vec<_> = made.iter().filter(fits).map(|(_, it)| it.clone()).collect();
                let filter = RefundFilter {
                    statuses: statuses.clone(),
                    gateway: gateway.clone(),
                    created_after: after,
                    created_before: before,
                    ..refunds_up_to(2)
                };
                let found = walk_refunds(backend, filter.clone()).await;
                let found: Vec<_> = found.into_iter().map(|it| it.refund).collect();
                assert_eq!(found, expected, "{filter:?}");
            }
        }
    }
}
