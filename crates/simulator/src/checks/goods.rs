//! Goods: what was there is there, or held by an order that may still get it.

use std::collections::BTreeMap;

use adapters_local::record::Snapshot;
use domain::{order::HistoryEntry, product::StockChange};

use super::{Fault, histories::group_history};
use crate::{people::initial_stock, world::World};

/// Stock is never negative and never lost, and the counts of unpaid orders are right.
pub(super) fn check_goods(_: &World, snapshot: &Snapshot) -> Fault {
    let grouped = group_history(snapshot);
    let mut held = BTreeMap::<&str, i64>::new();
    let mut unpaid = BTreeMap::<i64, u32>::new();
    for order in &snapshot.orders {
        let entries = grouped.get(&order.key).map(Vec::as_slice).unwrap_or_default();
        if order.status.as_str() == "PENDING" {
            *unpaid.entry(order.owner.get()).or_default() += 1;
        }
        if has_given_back(entries) {
            continue;
        }
        for item in &order.items {
            *held.entry(item.product.as_str()).or_default() += i64::from(item.quantity);
        }
    }
    for product in &snapshot.products {
        let (Some(stock), Some(initial)) = (product.stock, initial_stock(&product.id)) else { continue };
        let adjusted: i64 = snapshot
            .product_changes
            .iter()
            .filter(|it| it.product == product.key)
            .map(|it| match it.stock {
                StockChange::Adjusted(by) => by,
                StockChange::Kept | StockChange::Set(_) => 0,
            })
            .sum();
        let in_orders = held.get(product.id.as_str()).copied().unwrap_or_default();
        if stock < 0 {
            return Some(format!("{} has a stock of {stock}", product.id));
        }
        if initial + adjusted != stock + in_orders {
            return Some(format!(
                "{}: {initial} at first and {adjusted} adjusted are not {stock} left and {in_orders} held",
                product.id
            ));
        }
    }
    for row in snapshot.open_counts.iter().filter(|it| it.product.is_none()) {
        let orders = unpaid.get(&row.owner.get()).copied().unwrap_or_default();
        if row.total != orders {
            return Some(format!(
                "{} unpaid orders of {} are counted as {}",
                orders,
                row.owner.get(),
                row.total
            ));
        }
    }
    None
}

/// Whether the goods of an order went back: it was cancelled, expired, or refunded in full before it was shipped.
fn has_given_back(entries: &[&HistoryEntry]) -> bool {
    let mut was_shipped = false;
    for entry in entries {
        let from = entry.from.map(|it| it.as_str());
        match (from, entry.to.as_str()) {
            (_, "CANCELLED") | (Some("PENDING"), "CLOSED") => return true,
            (_, "REFUNDED") if !was_shipped => return true,
            (_, "SHIPPED") => was_shipped = true,
            (_, _) => {}
        }
    }
    false
}
