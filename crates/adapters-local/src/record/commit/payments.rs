use domain::{
    EventId, GatewayName, Refund, Transaction, TransactionKey,
    payment::{NewReference, NextAction, PaymentFacts, PaymentRequest, RawFacts},
};

use super::{
    abort::{Abort, Written},
    require_parent,
};
use ports::{PortError, StoredAttempt};

use crate::record::{rows::RequestRow, tables::Tables};

/// Inserts a transaction without its references and its next action, which have writes of their own.
pub(super) fn insert_transaction(tables: &mut Tables, transaction: Transaction) -> Written {
    require_parent(&tables.orders, &transaction.order, "an order")?;
    Ok(tables.transactions.insert(Transaction {
        references: Vec::new(),
        next_action: None,
        ..transaction
    })?)
}

/// Replaces a transaction, except its references, its next action and its metadata. If it becomes live again while another one occupies its
/// order, the unique key of the order is violated.
pub(super) fn update_transaction(tables: &mut Tables, given: Transaction) -> Written {
    let Some(stored) = tables.transactions.get(&given.key) else { return Err(Abort::Stale) };
    let refunds = merge_refunds(stored.refunds.clone(), &given.refunds)?;
    let facts = add_disputes(&stored.facts, given.facts);
    let (references, next_action) = (stored.references.clone(), stored.next_action.clone());
    let metadata = stored.metadata.clone();
    let next = Transaction { facts, refunds, references, next_action, metadata, ..given };
    Ok(tables.transactions.update(&given.key, |row| *row = next)?)
}

pub(super) fn set_next_action(
    tables: &mut Tables,
    transaction: TransactionKey,
    action: Option<NextAction>,
) -> Written {
    if action.is_some() {
        require_parent(&tables.transactions, &transaction, "a transaction")?;
    }
    Ok(tables.transactions.update(&transaction, |row| row.next_action = action)?)
}

pub(super) fn insert_attempts(tables: &mut Tables, attempts: Vec<StoredAttempt>) -> Written {
    for it in attempts {
        tables.attempts.insert(it)?;
    }
    Ok(())
}

/// Adds a reference. The guard is the pair of unique keys for reference and owner.
pub(super) fn learn_reference(tables: &mut Tables, gateway: &GatewayName, new: NewReference) -> Written {
    require_parent(&tables.transactions, &new.transaction, "a transaction")?;
    if tables.transactions.get(&new.transaction).is_some_and(|it| it.gateway != *gateway) {
        return Err(Abort::Failed(PortError::bug("a reference and its transaction have different gateways")));
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

/// Merges the given refunds into the stored ones. A stored refund changes only in the columns that an event
/// or a check changes. A new refund must come after all stored ones; otherwise the decision was made on an
/// older state, and the commit is stale.
fn merge_refunds(mut stored: Vec<Refund>, given: &[Refund]) -> Result<Vec<Refund>, Abort> {
    for (position, refund) in given.iter().enumerate() {
        let known = stored.iter_mut().find(|it| it.key == refund.key && it.id == refund.id);
        if let Some(known) = known {
            (known.amount, known.facts) = (refund.amount, refund.facts);
            (known.check_at, known.checks) = (refund.check_at, refund.checks);
        } else if position < stored.len() {
            return Err(Abort::Stale);
        } else {
            stored.push(refund.clone());
        }
    }
    Ok(stored)
}

/// Returns the given facts with the stored dispute events and those that are new. A stored dispute event
/// never changes.
fn add_disputes(stored: &PaymentFacts, given: PaymentFacts) -> PaymentFacts {
    let known = &stored.as_raw().disputes;
    let is_new = |event: &EventId| known.iter().all(|it| it.event != *event);
    let new = given.as_raw().disputes.iter().filter(|it| is_new(&it.event));
    let disputes = known.iter().chain(new).cloned().collect();
    // It fails only if the given facts have no capture although dispute events are stored. They are stored as
    // given.
    PaymentFacts::from_raw(RawFacts { disputes, ..given.as_raw().clone() }).unwrap_or(given)
}
