//! What must never happen, checked against everything that the record holds.
//!
//! The rules here are written from the contract. They read rows, the gateway's books and what clients know, and share no
//! code with the use cases or with the rules of `domain` that they judge.

mod goods;
mod histories;
mod money;
pub(crate) mod settle;
mod webhooks;

use std::collections::{BTreeMap, BTreeSet};

use adapters_local::record::Snapshot;

use crate::{lock::lock, world::World};

/// A sentence about a violation; `None` if all holds.
type Fault = Option<String>;

/// Checks everything that must hold at every moment.
pub(crate) fn check_record(world: &World) {
    if world.violation().is_some() {
        return;
    }
    let snapshot = world.record.snapshot();
    let checks: [fn(&World, &Snapshot) -> Fault; 8] = [
        check_intentions,
        check_acknowledged,
        histories::check_histories,
        histories::check_events,
        goods::check_goods,
        money::check_transactions,
        money::check_authors,
        webhooks::check_messages,
    ];
    if let Some(fault) = checks.iter().find_map(|check| check(world, &snapshot)) {
        world.report_violation(fault);
    }
}

/// At most one order for a request; and every order that a client got a reply about is there, with that mark.
fn check_intentions(world: &World, snapshot: &Snapshot) -> Fault {
    let mut by_mark = BTreeMap::new();
    for order in &snapshot.orders {
        let mark = order.details.reference.as_ref().map_or("", |it| it.as_str());
        if let Some(other) = by_mark.insert(mark.to_owned(), order.number.as_str()) {
            return Some(format!("two orders for one key {mark}: {other} and {}", order.number));
        }
    }
    let model = lock(&world.model);
    let lost = model.orders.iter().find(|it| by_mark.get(&it.mark) != Some(&it.number.as_str()));
    lost.map(|it| format!("order {} was answered and is not in the record as {}", it.number, it.mark))
}

/// Every notice that was acknowledged is stored.
fn check_acknowledged(world: &World, snapshot: &Snapshot) -> Fault {
    let stored: BTreeSet<_> = snapshot.events.iter().map(|it| it.id.as_str()).collect();
    let model = lock(&world.model);
    let lost = model.acknowledged.iter().find(|it| !stored.contains(it.as_str()));
    lost.map(|it| format!("notice {it} was acknowledged and is not stored"))
}
