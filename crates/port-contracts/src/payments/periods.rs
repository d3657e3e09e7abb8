//! The suite for lists of payments by the time of what happened to them.

use domain::{
    Refund, Timestamp, Transaction, TransactionId,
    payment::{Capture, RawFacts, RefundFacts},
};
use ports::{DatedPayment, PaymentMoment, PaymentPeriod};

use super::{captured, replace};
use crate::{
    Backend,
    sample::{self, at},
};

/// The payments of the sandbox within 10 s to 20 s, at most 100.
fn period(moment: PaymentMoment) -> PaymentPeriod {
    let gateway = sample::gateway("sandbox");
    PaymentPeriod { gateway, moment, from: at(10), until: at(20), after: None, limit: 100 }
}

async fn listed(backend: &Backend, period: PaymentPeriod) -> Vec<DatedPayment> {
    backend.payments.list_payments_within(period).await.expect("read")
}

fn ids(dated: &[DatedPayment]) -> Vec<TransactionId> {
    dated.iter().map(|it| it.id.clone()).collect()
}

/// A transaction that was requested at the first time, captured at the second, and whose refunds of 1 yuan
/// succeeded at the others.
async fn made(
    backend: &Backend,
    gateway: &str,
    created_at: Timestamp,
    captured_at: Option<Timestamp>,
    refunded_at: &[Timestamp],
) -> TransactionId {
    let set = |it: &mut Transaction| {
        it.gateway = sample::gateway(gateway);
        (it.created_at, it.updated_at) = (created_at, created_at);
        let capture = captured_at.map(|at| Capture { amount: it.amount, at });
        it.facts = sample::restore_facts(RawFacts { capture, ..RawFacts::default() });
    };
    let mut transaction = backend.transaction(&backend.order().await, set).await;
    for at in refunded_at {
        let facts = RefundFacts { succeeded_at: Some(*at), ..RefundFacts::default() };
        let refund = Refund { facts, check_at: None, ..sample::refund(&transaction, "1") };
        transaction.refunds.push(refund);
    }
    replace(backend, &transaction).await;
    transaction.id
}

/// By the request, the capture or a refund, oldest first; the end of the period is not within.
pub async fn payments_are_listed_by_the_time_of_what_happened_to_them(backend: &Backend) {
    let early = made(backend, "sandbox", at(9), Some(at(19)), &[at(20)]).await;
    let first = made(backend, "sandbox", at(10), None, &[]).await;
    let second = made(backend, "sandbox", at(19), Some(at(10)), &[at(18), at(11)]).await;
    made(backend, "sandbox", at(20), Some(at(20)), &[at(9)]).await;
    made(backend, "stripe", at(15), Some(at(15)), &[at(15)]).await;
    let requested = listed(backend, period(PaymentMoment::Requested)).await;
    assert_eq!(ids(&requested), [first, second.clone()]);
    assert_eq!(requested.iter().map(|it| it.at).collect::<Vec<_>>(), [at(10), at(19)]);
    assert_eq!(ids(&listed(backend, period(PaymentMoment::Captured)).await), [second.clone(), early]);
    let refunded = listed(backend, period(PaymentMoment::Refunded)).await;
    assert_eq!(ids(&refunded), [second.clone(), second], "once for each refund");
    assert_eq!(refunded.iter().map(|it| it.at).collect::<Vec<_>>(), [at(11), at(18)]);
}

/// Page by page nothing is listed twice or left out, also among equal times.
pub async fn a_list_of_a_period_goes_on_behind_its_last_element(backend: &Backend) {
    for seconds in [10, 12, 12, 12, 12, 13, 19] {
        made(backend, "sandbox", at(seconds), Some(at(seconds)), &[at(seconds)]).await;
    }
    captured(backend).await;
    for moment in [PaymentMoment::Requested, PaymentMoment::Captured, PaymentMoment::Refunded] {
        let all = listed(backend, period(moment)).await;
        assert_eq!(all.len(), 7, "{moment:?}");
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = listed(backend, PaymentPeriod { after, limit: 3, ..period(moment) }).await;
            after = page.last().cloned();
            paged.extend(page);
            if after.is_none() {
                break;
            }
        }
        assert_eq!(paged, all, "{moment:?}");
    }
}
