//! An order and what has been decided about it since it was read.

use crate::{ChangedBy, Order, ProductId, Revision, Text, Timestamp};

use super::{HistoryEntry, OrderStatus};

/// The move is not one that this actor may make from here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this actor may not make this move; it may move to {allowed:?}")]
pub struct TransitionNotAllowed {
    /// What the actor may do instead.
    pub allowed: Vec<OrderStatus>,
}

/// Pieces of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockLine {
    /// Which product.
    pub product: ProductId,
    /// How many.
    pub quantity: u32,
}

/// An order and its changes of status since it was read: what one commit makes true.
///
/// Every step adds exactly one entry of history, so the entries always form one unbroken path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderChange {
    base_revision: Revision,
    order: Order,
    entries: Vec<HistoryEntry>,
    returned_stock: Vec<StockLine>,
}

impl OrderChange {
    /// Starts from an order as it was read.
    #[must_use]
    pub fn from_order(mut order: Order) -> Self {
        let read = order.revision;
        order.revision = read.next();
        Self { base_revision: read, order, entries: Vec::new(), returned_stock: Vec::new() }
    }

    /// The order as it stands after the steps, its revision moved on by one: also a unit of work that only touches
    /// what belongs to the order moves it.
    #[must_use]
    pub const fn order(&self) -> &Order {
        &self.order
    }

    /// The revision that all of this was decided on.
    #[must_use]
    pub const fn base_revision(&self) -> Revision {
        self.base_revision
    }

    /// The changes of status, oldest first.
    #[must_use]
    pub fn history_entries(&self) -> &[HistoryEntry] {
        &self.entries
    }

    /// The stock to give back.
    #[must_use]
    pub fn returned_stock(&self) -> &[StockLine] {
        &self.returned_stock
    }

    /// Whether the order was unpaid and open when it was read, and is not any more.
    #[must_use]
    pub fn leaves_pending(&self) -> bool {
        self.entries.iter().any(|it| it.from == Some(OrderStatus::Pending))
    }

    /// Moves the order to `to`. Being there already is `Ok(false)` and changes nothing. The move is stamped with
    /// [`Order::change_time`].
    ///
    /// # Errors
    /// [`TransitionNotAllowed`] when `by` may not make that move.
    pub fn transition(
        &mut self,
        to: OrderStatus,
        by: ChangedBy,
        reason: Option<Text>,
        now: Timestamp,
    ) -> Result<bool, TransitionNotAllowed> {
        let from = self.order.status;
        if from == to {
            return Ok(false);
        }
        if !self.order.allows_transition(to, by.actor) {
            return Err(TransitionNotAllowed { allowed: self.order.allowed_transitions(by.actor) });
        }
        if returns_stock(&self.order, to) {
            self.returned_stock.extend(self.order.lines_in_stock());
        }
        let at = self.order.change_time(now);
        self.order.came_from = refund_origin(&self.order, to);
        self.order.status = to;
        self.order.version = self.order.version.next();
        self.order.last_sequence = self.order.last_sequence.next();
        self.order.updated_at = at;
        let sequence = self.order.last_sequence;
        self.entries.push(HistoryEntry { sequence, from: Some(from), to, by, reason, at });
        Ok(true)
    }
}

/// Stock comes back when an order ends unpaid, or is refunded before it was shipped.
fn returns_stock(order: &Order, to: OrderStatus) -> bool {
    match to {
        OrderStatus::Cancelled => true,
        OrderStatus::Closed => order.status == OrderStatus::Pending,
        OrderStatus::Refunded => order.came_from.is_some_and(OrderStatus::is_before_shipping),
        OrderStatus::Pending
        | OrderStatus::Paid
        | OrderStatus::Processing
        | OrderStatus::Shipped
        | OrderStatus::Delivered
        | OrderStatus::Completed
        | OrderStatus::RefundPending => false,
    }
}

/// Where a refund of everything may go back to. A refunded order remembers it, because the refund may fail later, unless
/// its goods went back into stock: they may be sold to others by then.
fn refund_origin(order: &Order, to: OrderStatus) -> Option<OrderStatus> {
    let restocks = returns_stock(order, to) && order.items.iter().any(|it| it.holds_stock);
    match (order.status, to) {
        (OrderStatus::Refunded, OrderStatus::RefundPending) => order.came_from,
        (from, OrderStatus::RefundPending) => Some(from),
        (_, OrderStatus::Refunded) => order.came_from.filter(|_| !restocks),
        (_, _) => None,
    }
}
