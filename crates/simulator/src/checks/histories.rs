//! Histories of orders: one unbroken path that only grows, with an event for each change.

use std::collections::BTreeMap;

use adapters_local::record::Snapshot;
use domain::{Order, OrderKey, order::HistoryEntry};

use super::Fault;
use crate::{lock::lock, world::World};

/// The moves that the contract allows, with the actors that may make them.
#[rustfmt::skip]
const MOVES: &[(&str, &str, &str)] = &[
    ("PENDING", "PAID", "GATEWAY"),
    ("PENDING", "CANCELLED", "CUSTOMER OPERATOR"),
    ("PENDING", "CLOSED", "SYSTEM"),
    ("PAID", "PROCESSING", "OPERATOR"),
    ("PAID", "REFUND_PENDING", "CUSTOMER OPERATOR GATEWAY"),
    ("PROCESSING", "SHIPPED", "OPERATOR"),
    ("PROCESSING", "REFUND_PENDING", "CUSTOMER OPERATOR GATEWAY"),
    ("SHIPPED", "DELIVERED", "OPERATOR"),
    ("SHIPPED", "REFUND_PENDING", "OPERATOR GATEWAY"),
    ("DELIVERED", "COMPLETED", "CUSTOMER OPERATOR SYSTEM"),
    ("DELIVERED", "REFUND_PENDING", "CUSTOMER OPERATOR GATEWAY"),
    ("COMPLETED", "REFUND_PENDING", "OPERATOR GATEWAY"),
    ("COMPLETED", "CLOSED", "SYSTEM"),
    ("REFUND_PENDING", "REFUNDED", "GATEWAY"),
    ("REFUND_PENDING", "PAID", "OPERATOR"),
    ("REFUND_PENDING", "PROCESSING", "OPERATOR"),
    ("REFUND_PENDING", "SHIPPED", "OPERATOR"),
    ("REFUND_PENDING", "DELIVERED", "OPERATOR"),
    ("REFUND_PENDING", "COMPLETED", "OPERATOR"),
    ("REFUNDED", "CLOSED", "SYSTEM"),
    ("REFUNDED", "REFUND_PENDING", "GATEWAY"),
    ("CANCELLED", "CLOSED", "SYSTEM"),
];

/// The history entries of each order, by sequence.
pub(super) fn group_history(snapshot: &Snapshot) -> BTreeMap<OrderKey, Vec<&HistoryEntry>> {
    let mut grouped = BTreeMap::<_, Vec<_>>::new();
    for row in &snapshot.history {
        grouped.entry(row.order).or_default().push(&row.entry);
    }
    grouped
}

/// Every history leads from PENDING to the status of its order, by allowed moves, and begins as it did before.
pub(super) fn check_histories(world: &World, snapshot: &Snapshot) -> Fault {
    let grouped = group_history(snapshot);
    let fault = snapshot.orders.iter().find_map(|order| {
        let entries = grouped.get(&order.key).map(Vec::as_slice).unwrap_or_default();
        check_path(order, entries).map(|it| format!("history of order {}: {it}", order.number))
    });
    if fault.is_some() {
        return fault;
    }
    let mut model = lock(&world.model);
    for order in &snapshot.orders {
        let now: Vec<_> = grouped.get(&order.key).into_iter().flatten().map(|it| format!("{it:?}")).collect();
        let before = model.histories.entry(order.key).or_default();
        if !now.starts_with(before) {
            return Some(format!("the history of order {} was rewritten", order.number));
        }
        *before = now;
        let seen = model.versions.entry(order.key).or_default();
        if order.version.get() < *seen {
            return Some(format!("order {} went back to an older version", order.number));
        }
        *seen = order.version.get();
    }
    None
}

fn check_path(order: &Order, entries: &[&HistoryEntry]) -> Fault {
    let (mut status, mut sequence, mut at) = (None, 0_i64, None);
    for entry in entries {
        let (from, to) = (entry.from.map(|it| it.as_str()), entry.to.as_str());
        if from != status {
            return Some(format!("it is broken before {to}"));
        }
        let actor = entry.by.actor.as_str();
        let is_allowed = match from {
            None => to == "PENDING",
            Some(from) => MOVES.iter().any(|it| it.0 == from && it.1 == to && it.2.contains(actor)),
        };
        if !is_allowed {
            return Some(format!("{actor} may not move from {from:?} to {to}"));
        }
        sequence += 1;
        if entry.sequence.get() != sequence {
            return Some(format!("entry {sequence} has another number"));
        }
        if at > Some(entry.at) {
            return Some("its times go backwards".to_owned());
        }
        (status, at) = (Some(to), Some(entry.at));
    }
    (status != Some(order.status.as_str())).then(|| "it does not end at the status of its order".to_owned())
}

/// Every change of a status has its event in the feed, and numbers are given once and without a gap.
pub(super) fn check_events(_: &World, snapshot: &Snapshot) -> Fault {
    let mut counts = BTreeMap::<String, usize>::new();
    for row in &snapshot.feed_events {
        let name = row.event.kind.as_str();
        let number = row.event.data.split(' ').next().unwrap_or_default();
        if name.starts_with("order.") && name != "order.updated" {
            *counts.entry(number.to_owned()).or_default() += 1;
        }
    }
    let grouped = group_history(snapshot);
    for order in &snapshot.orders {
        let entries = grouped.get(&order.key).map_or(0, Vec::len);
        let events = counts.get(order.number.as_str()).copied().unwrap_or_default();
        if entries != events {
            return Some(format!("order {} has {entries} changes and {events} events", order.number));
        }
    }
    let mut numbers: Vec<_> =
        snapshot.feed_events.iter().filter_map(|it| it.sequence).map(|it| it.get()).collect();
    numbers.sort_unstable();
    let expected = (1..).take(numbers.len());
    (!numbers.iter().copied().eq(expected)).then(|| "the numbers of events have a gap".to_owned())
}
