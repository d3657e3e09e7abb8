use std::convert::Infallible;

use domain::{
    EventId, GatewayName, OrderKey, Refund, RefundId, RefundKey, Transaction, TransactionId, TransactionKey,
    payment::{NamedReference, NewReference, PaymentFacts, PaymentRequest, RawFacts, ReferenceOwner},
};

use super::{
    abort::{Abort, Written},
    require_parent,
};
use ports::PortError;

use crate::record::{table::Row, tables::Tables};

/// What two transactions may not share, nor two refunds or words about a dispute of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::record) enum TransactionKeys {
    Id(TransactionId),
    Place(OrderKey, u32),
    /// Held while no other transaction of the order may be live.
    Occupied(OrderKey),
    Refund(RefundKey),
    RefundId(TransactionKey, RefundId),
    DisputeEvent(TransactionKey, EventId),
    /// A gateway gives a reference to one thing of a kind.
    Reference(GatewayName, NamedReference),
    /// A thing has one reference.
    ReferenceOwner(TransactionKey, ReferenceOwner),
}

impl Row for Transaction {
    const TABLE: &'static str = "payment_transactions";
    type Key = TransactionKey;
    type Unique = TransactionKeys;

    fn key(&self) -> TransactionKey {
        self.key
    }

    fn unique_keys(&self) -> Vec<TransactionKeys> {
        let mut keys =
            vec![TransactionKeys::Id(self.id.clone()), TransactionKeys::Place(self.order, self.sequence)];
        keys.extend(self.occupies_order().then_some(TransactionKeys::Occupied(self.order)));
        for refund in &self.refunds {
            keys.push(TransactionKeys::Refund(refund.key));
            keys.push(TransactionKeys::RefundId(self.key, refund.id.clone()));
        }
        let words = self.facts.as_raw().disputes.iter();
        keys.extend(words.map(|it| TransactionKeys::DisputeEvent(self.key, it.event.clone())));
        for known in &self.references {
            keys.push(TransactionKeys::Reference(self.gateway.clone(), known.name()));
            keys.push(TransactionKeys::ReferenceOwner(self.key, known.owner.clone()));
        }
        keys
    }

    fn row_name(&self) -> String {
        self.key.get().to_string()
    }

    fn part_names(&self) -> Vec<(&'static str, String)> {
        self.refunds.iter().map(|it| ("refunds", it.key.get().to_string())).collect()
    }
}

/// What was asked for of a transaction as the record holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRow {
    /// Its place among all requests, in the order they were kept: 1, 2, 3 and so on.
    pub number: u64,
    /// What was asked for.
    pub request: PaymentRequest,
}

impl Row for RequestRow {
    const TABLE: &'static str = "payment_requests";
    type Key = u64;
    type Unique = Infallible;

    fn key(&self) -> u64 {
        self.number
    }

    fn row_name(&self) -> String {
        format!("{}/{}", self.request.transaction.get(), self.number)
    }
}

/// References come only with [`learn_reference`].
pub(super) fn insert_transaction(tables: &mut Tables, transaction: Transaction) -> Written {
    require_parent(&tables.orders, &transaction.order, "an order")?;
    Ok(tables.transactions.insert(Transaction { references: Vec::new(), ..transaction })?)
}

/// One that comes back to life may find that another occupies its order: a unique key tells.
pub(super) fn update_transaction(tables: &mut Tables, given: Transaction) -> Written {
    let Some(kept) = tables.transactions.get(&given.key) else { return Err(Abort::Stale) };
    let refunds = merge_refunds(kept.refunds.clone(), &given.refunds)?;
    let facts = add_disputes(&kept.facts, given.facts);
    let next = Transaction { facts, refunds, references: kept.references.clone(), ..given };
    Ok(tables.transactions.update(&given.key, |row| *row = next)?)
}

/// The unique keys of the transaction's row are the guard.
pub(super) fn learn_reference(tables: &mut Tables, gateway: &GatewayName, new: NewReference) -> Written {
    require_parent(&tables.transactions, &new.transaction, "a transaction")?;
    if tables.transactions.get(&new.transaction).is_some_and(|it| it.gateway != *gateway) {
        return Err(Abort::Failed(PortError::bug("a reference is of another gateway than its transaction")));
    }
    Ok(tables.transactions.update(&new.transaction, |row| row.references.push(new.known))?)
}

pub(super) fn insert_request(tables: &mut Tables, request: PaymentRequest) -> Written {
    require_parent(&tables.transactions, &request.transaction, "a transaction")?;
    let number = tables.requests.rows().next_back().map_or(1, |last| last.number.saturating_add(1));
    Ok(tables.requests.insert(RequestRow { number, request })?)
}

pub(super) fn postpone_checks(tables: &mut Tables, later: &Transaction) -> Written {
    Ok(tables.transactions.update(&later.key, |row| {
        (row.check_at, row.checks) = (later.check_at, later.checks);
        for refund in &later.refunds {
            let known = row.refunds.iter_mut().filter(|it| it.key == refund.key);
            known.for_each(|it| (it.check_at, it.checks) = (refund.check_at, refund.checks));
        }
    })?)
}

/// Of a refund that is there, only the columns that a gateway's word changes are written. A new one stands at its place
/// among all; a place that is taken was decided on a transaction that has moved on.
fn merge_refunds(mut kept: Vec<Refund>, given: &[Refund]) -> Result<Vec<Refund>, Abort> {
    for (place, refund) in given.iter().enumerate() {
        let known = kept.iter_mut().find(|it| it.key == refund.key && it.id == refund.id);
        if let Some(known) = known {
            (known.amount, known.facts) = (refund.amount, refund.facts);
            (known.check_at, known.checks) = (refund.check_at, refund.checks);
        } else if place < kept.len() {
            return Err(Abort::Stale);
        } else {
            kept.push(refund.clone());
        }
    }
    Ok(kept)
}

/// Adds the words about disputes that are new: a word is never lost, and never changes.
fn add_disputes(kept: &PaymentFacts, given: PaymentFacts) -> PaymentFacts {
    let known = &kept.as_raw().disputes;
    let is_new = |event: &EventId| known.iter().all(|it| it.event != *event);
    let new = given.as_raw().disputes.iter().filter(|it| is_new(&it.event));
    let disputes = known.iter().chain(new).cloned().collect();
    // Without a capture there can be no word about it: those facts are taken as they are.
    PaymentFacts::from_raw(RawFacts { disputes, ..given.as_raw().clone() }).unwrap_or(given)
}
