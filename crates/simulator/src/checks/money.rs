//! Money: the record claims nothing that the gateway did not do, and never more than was there.

use std::collections::BTreeMap;

use adapters_local::record::Snapshot;
use domain::{
    Transaction,
    payment::{CaptureMethod, PaymentRequestKind},
};

use super::{Fault, histories::group_history};
use crate::{lock::lock, world::World};

/// Minor units that a transaction says were captured.
pub(super) fn captured(of: &Transaction) -> i64 {
    of.facts.as_raw().capture.map_or(0, |it| it.amount.minor_units())
}

/// Minor units of its refunds that succeeded, and of those that did not fail.
pub(super) fn refunded(of: &Transaction) -> (i64, i64) {
    let (mut succeeded, mut reserved) = (0, 0);
    for refund in &of.refunds {
        let facts = refund.facts;
        let amount = refund.amount.minor_units();
        let has_failed = facts.failed_at.is_some() && facts.failed_at >= facts.succeeded_at;
        if facts.succeeded_at.is_some() && !has_failed {
            succeeded += amount;
        }
        let is_withdrawn = facts.withdrawn && facts.succeeded_at.is_none();
        if !(has_failed || is_withdrawn) {
            reserved += amount;
        }
    }
    (succeeded, reserved)
}

/// The status of its only dispute; `None` if there is none.
pub(super) fn dispute_status(of: &Transaction) -> Option<&'static str> {
    let mut events: Vec<_> =
        of.facts.as_raw().disputes.iter().map(|it| (it.at, it.status.as_str())).collect();
    events.sort_by_key(|it| it.0);
    events.last().map(|it| it.1)
}

/// Whether its cardholder has all of it back through the bank.
fn is_lost(of: &Transaction) -> bool {
    dispute_status(of) == Some("LOST")
}

/// Whether it keeps other payments from the order: asked for, held or captured, and not given back.
fn is_live(of: &Transaction) -> bool {
    let facts = of.facts.as_raw();
    match facts.capture {
        Some(_) => !facts.displaced && refunded(of).0 < captured(of) && !is_lost(of),
        None => facts.failed_at.is_none() && facts.voided_at.is_none(),
    }
}

/// No more is captured than was asked for, and no more refunded than captured, here and at the gateway; an order is paid
/// only with all of its money; and at most one payment of an order is live.
pub(super) fn check_transactions(world: &World, snapshot: &Snapshot) -> Fault {
    let mut live = BTreeMap::new();
    for transaction in &snapshot.transactions {
        if let Some(fault) = check_transaction(world, transaction) {
            return Some(format!("payment {}: {fault}", transaction.id));
        }
        if is_live(transaction)
            && let Some(other) = live.insert(transaction.order, &transaction.id)
        {
            return Some(format!("two live payments of one order: {other} and {}", transaction.id));
        }
    }
    check_paid(world, snapshot).or_else(|| check_books(world))
}

fn check_transaction(world: &World, of: &Transaction) -> Fault {
    let (succeeded, reserved) = refunded(of);
    let (captured, asked) = (captured(of), of.amount.minor_units());
    if captured > asked {
        return Some(format!("{captured} captured of {asked}"));
    }
    // A refund from the gateway's dashboard may come on top of those that are asked for; the gateway refuses the sum.
    let begun_there = lock(&world.ledger).payments.get(of.id.as_str()).is_some_and(|it| it.has_own_refunds);
    if reserved > captured && !begun_there {
        return Some(format!("{reserved} refunded or asked back of {captured}"));
    }
    let ledger = lock(&world.ledger);
    let (took, gave) =
        ledger.payments.get(of.id.as_str()).map_or((0, 0), |it| (it.captured, it.ever_refunded()));
    if captured > took || succeeded > gave {
        return Some(format!(
            "it claims {captured} and {succeeded} back; the gateway took {took} and gave {gave}"
        ));
    }
    None
}

/// The gateway took each payment once, and gave back no more than that.
fn check_books(world: &World) -> Fault {
    lock(&world.ledger).payments.iter().find_map(|(id, it)| {
        let (asked, gave) = (it.charge.amount.minor_units(), it.refunded());
        let is_wrong = it.captured > asked || gave > it.captured;
        is_wrong.then(|| format!("the gateway took {} for {id} of {asked} and gave {gave}", it.captured))
    })
}

/// An order was paid only when one of its payments captured its whole amount.
fn check_paid(world: &World, snapshot: &Snapshot) -> Fault {
    let grouped = group_history(snapshot);
    let ledger = lock(&world.ledger);
    snapshot.orders.iter().find_map(|order| {
        let entries = grouped.get(&order.key)?;
        if !entries.iter().any(|it| it.to.as_str() == "PAID") {
            return None;
        }
        let amount = order.amount.minor_units();
        let mut own = ledger.payments.values().filter(|it| it.charge.order == order.number);
        let is_paid = own.any(|it| it.captured == amount);
        (!is_paid).then(|| format!("order {} is paid without its {amount}", order.number))
    })
}

/// Every payment and every capture by hand has its author.
pub(super) fn check_authors(_: &World, snapshot: &Snapshot) -> Fault {
    let has = |of: &Transaction, kind| {
        let own = |it: &&adapters_local::record::RequestRow| it.request.transaction == of.key;
        snapshot.requests.iter().filter(own).any(|it| it.request.kind == kind)
    };
    snapshot.transactions.iter().find_map(|it| {
        if !has(it, PaymentRequestKind::Payment) {
            return Some(format!("payment {} has no author", it.id));
        }
        let by_hand = it.capture_method == CaptureMethod::Manual && captured(it) > 0;
        (by_hand && !has(it, PaymentRequestKind::Capture))
            .then(|| format!("the capture of {} has no author", it.id))
    })
}
