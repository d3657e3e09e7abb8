use std::convert::Infallible;

use domain::{Order, OrderKey, OrderNumber, Sequence, order::HistoryEntry};

use crate::record::table::Row;

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
        let details = (!self.details.is_empty()).then(|| ("order_details", self.key.get().to_string()));
        (0..self.items.len()).map(item).chain(details).collect()
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

/// An order that is in the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchivedOrderRow {
    /// The row key of the order.
    pub order: OrderKey,
}

impl Row for ArchivedOrderRow {
    const TABLE: &'static str = "archived_orders";
    type Key = OrderKey;
    type Unique = Infallible;

    fn key(&self) -> OrderKey {
        self.order
    }

    fn row_name(&self) -> String {
        self.order.get().to_string()
    }
}
