use std::convert::Infallible;

use domain::{Order, OrderChange, OrderKey, OrderNumber, Sequence, order::HistoryEntry};

use super::{abort::Written, require_parent, update_guarded};
use crate::record::{table::Row, tables::Tables};

impl Row for Order {
    const TABLE: &'static str = "orders";
    type Key = OrderKey;
    type Unique = OrderNumber;

    fn key(&self) -> OrderKey {
        self.key
    }

    fn unique_keys(&self) -> Vec<OrderNumber> {
        vec![self.number.clone()]
    }

    fn row_name(&self) -> String {
        self.key.get().to_string()
    }

    fn part_names(&self) -> Vec<(&'static str, String)> {
        let item = |position| ("order_items", format!("{}/{position}", self.key.get()));
        (0..self.items.len()).map(item).collect()
    }
}

/// A stored history entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    /// The row key of the order.
    pub order: OrderKey,
    /// The entry. Its sequence number is unique within the order.
    pub entry: HistoryEntry,
}

impl Row for HistoryRow {
    const TABLE: &'static str = "order_status_history";
    type Key = (OrderKey, Sequence);
    type Unique = Infallible;

    fn key(&self) -> Self::Key {
        (self.order, self.entry.sequence)
    }

    fn row_name(&self) -> String {
        format!("{}/{}", self.order.get(), self.entry.sequence.get())
    }
}

pub(super) fn insert_order(tables: &mut Tables, order: Order, entry: HistoryEntry) -> Written {
    require_parent(&tables.users, &order.owner, "a user")?;
    let key = order.key;
    tables.orders.insert(order)?;
    Ok(tables.history.insert(HistoryRow { order: key, entry })?)
}

pub(super) fn update_order(tables: &mut Tables, order_change: &OrderChange) -> Written {
    let (next, read) = (order_change.order(), order_change.base_revision());
    let is_as_read = |row: &Order| row.revision == read;
    update_guarded(&mut tables.orders, &next.key, is_as_read, |row| {
        row.status = next.status;
        row.came_from = next.came_from;
        row.version = next.version;
        row.revision = next.revision;
        row.last_sequence = next.last_sequence;
        row.updated_at = next.updated_at;
    })?;
    for entry in order_change.history_entries() {
        tables.history.insert(HistoryRow { order: next.key, entry: entry.clone() })?;
    }
    Ok(())
}
