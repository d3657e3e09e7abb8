//! An order together with the transitions decided since it was read.

use crate::{ChangedBy, Order, ProductId, Revision, Text, Timestamp, Version};

use super::{HistoryEntry, OrderDetails, OrderStatus};

/// The actor may not move the order from its present status to the requested one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this actor may not make this move; it may move to {allowed:?}")]
pub struct TransitionNotAllowed {
    /// The statuses that this actor may choose instead; shown in the problem as `allowedTransitions`.
    pub allowed: Vec<OrderStatus>,
}

/// A number of pieces of one product, to take from stock or return to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockLine {
    /// The public id of the product.
    pub product: ProductId,
    /// The number of pieces, above zero.
    pub quantity: u32,
}

/// A line of an order of which pieces go back into stock, or are taken out of it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestockedLine {
    /// The position of the line in the order, from 0.
    pub position: u32,
    /// The number of its pieces that had gone back when the order was read; the guard of the write.
    pub read: u32,
    /// The number of its pieces that have gone back after the change.
    pub restocked: u32,
}

/// An order and its transitions since it was read: the part of one commit that concerns the order.
///
/// Every transition adds exactly one history entry, so the entries always form one unbroken path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderChange {
    base_revision: Revision,
    base_version: Version,
    order: Order,
    entries: Vec<HistoryEntry>,
    returned_stock: Vec<StockLine>,
    retaken_stock: Vec<StockLine>,
    /// For each line, the pieces that had gone back into stock when the order was read.
    restocked_read: Vec<u32>,
    had_details: bool,
    edited: bool,
}

/// What a change does to the row of an order's details, which exists exactly if the order has any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetailsWrite {
    /// The details stay as they were read.
    Keep,
    /// The order had none: a row is inserted.
    Insert,
    /// The row is replaced.
    Replace,
    /// The order has none any more: the row is deleted.
    Delete,
}

impl OrderChange {
    /// Starts from an order as it was read. The revision increments here, even if no transition follows.
    #[must_use]
    pub fn from_order(mut order: Order) -> Self {
        // Also a commit that only changes a payment must increment the revision: it is the one guard against
        // two decisions that each read both and write one (write skew, ADR 0005).
        let read = order.revision;
        order.revision = read.next();
        let had_details = !order.details.is_empty();
        let restocked_read = order.items.iter().map(|it| it.restocked).collect();
        Self {
            base_revision: read,
            base_version: order.version,
            order,
            entries: Vec::new(),
            returned_stock: Vec::new(),
            retaken_stock: Vec::new(),
            restocked_read,
            had_details,
            edited: false,
        }
    }

    /// The order after the transitions, with the incremented revision.
    #[must_use]
    pub const fn order(&self) -> &Order {
        &self.order
    }

    /// The revision that was read, on which all of this was decided; the guard of the commit.
    #[must_use]
    pub const fn base_revision(&self) -> Revision {
        self.base_revision
    }

    /// The history entries to insert, oldest first.
    #[must_use]
    pub fn history_entries(&self) -> &[HistoryEntry] {
        &self.entries
    }

    /// The stock to return in the same commit.
    #[must_use]
    pub fn returned_stock(&self) -> &[StockLine] {
        &self.returned_stock
    }

    /// The stock to take again in the same commit: pieces that had gone back and are shipped nevertheless.
    #[must_use]
    pub fn retaken_stock(&self) -> &[StockLine] {
        &self.retaken_stock
    }

    /// The lines of which pieces go back into stock or out of it again with this change, in the order of the lines.
    pub fn restocked_lines(&self) -> impl Iterator<Item = RestockedLine> {
        let lines = (0..).zip(self.order.items.iter().zip(&self.restocked_read));
        lines.filter(|(_, (line, read))| line.restocked != **read).map(|(position, (line, read))| {
            RestockedLine { position, read: *read, restocked: line.restocked }
        })
    }

    /// Whether no line holds a piece of stock after this change.
    #[must_use]
    pub fn holds_no_stock(&self) -> bool {
        self.order.items.iter().all(|it| it.held_pieces() == 0)
    }

    /// Puts pieces of the line at that position back into stock; at most those that it still holds. There is no
    /// effect on a line that holds none.
    pub(crate) fn restock(&mut self, position: usize, pieces: u32) {
        let Some(line) = self.order.items.get_mut(position) else { return };
        let quantity = pieces.min(line.held_pieces());
        if quantity > 0 {
            line.restocked = line.restocked.saturating_add(quantity);
            self.returned_stock.push(StockLine { product: line.product.clone(), quantity });
        }
    }

    /// Takes pieces of the line at that position out of stock again; at most those that have gone back.
    pub(crate) fn retake(&mut self, position: usize, pieces: u32) {
        let Some(line) = self.order.items.get_mut(position) else { return };
        let quantity = if line.holds_stock { pieces.min(line.restocked) } else { 0 };
        if quantity > 0 {
            line.restocked = line.restocked.saturating_sub(quantity);
            self.retaken_stock.push(StockLine { product: line.product.clone(), quantity });
        }
    }

    /// Whether the goods leave with this change. A refused refund that sends a shipped order back to `SHIPPED` moves none.
    #[must_use]
    pub fn ships_goods(&self) -> bool {
        let leaves = |from: Option<OrderStatus>| from.is_some_and(OrderStatus::is_before_shipping);
        self.entries.iter().any(|it| it.to == OrderStatus::Shipped && leaves(it.from))
    }

    /// Forbids that an order leaves `REFUND_PENDING` by a refused refund if its goods are all back in stock before they
    /// were shipped: others may buy them now, so a refused refund must not lead to a shipment. The change is stamped with
    /// [`Order::change_time`], because its allowed transitions are seen to change.
    pub(crate) fn forbid_refund_rejection(&mut self, now: Timestamp) {
        let order = &mut self.order;
        if order.status == OrderStatus::RefundPending
            && order.status_before_refund.is_some_and(|it| was_restocked_before_shipping(order, it))
        {
            order.status_before_refund = None;
            self.stamp_change(now);
        }
    }

    /// Stamps a visible change with [`Order::change_time`], and makes a new version unless there is one already.
    fn stamp_change(&mut self, now: Timestamp) {
        self.order.updated_at = self.order.change_time(now);
        if !self.has_new_version() {
            self.order.version = self.order.version.next();
        }
    }

    /// Whether the order has a new version after this change.
    #[must_use]
    pub fn has_new_version(&self) -> bool {
        self.order.version != self.base_version
    }

    /// Whether the order was unpaid and open when it was read, and is not any more.
    #[must_use]
    pub fn leaves_pending(&self) -> bool {
        self.entries.iter().any(|it| it.from == Some(OrderStatus::Pending))
    }

    /// What to do with the row of the order's details. The revision that was read guards it, too.
    #[must_use]
    pub fn details_write(&self) -> DetailsWrite {
        match (self.edited, self.had_details, self.order.details.is_empty()) {
            (false, _, _) | (true, false, true) => DetailsWrite::Keep,
            (true, false, false) => DetailsWrite::Insert,
            (true, true, false) => DetailsWrite::Replace,
            (true, true, true) => DetailsWrite::Delete,
        }
    }

    /// Sets the order's details; `false` if they are so already, and nothing changes. The change is stamped with
    /// [`Order::change_time`]. It makes a new version, unless a transition of the same change has made one.
    pub fn edit_details(&mut self, details: OrderDetails, now: Timestamp) -> bool {
        if self.order.details == details {
            return false;
        }
        self.stamp_change(now);
        self.order.details = details;
        self.edited = true;
        true
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
        // A repeated request is no error: the client that lost the reply gets the same order, and no second
        // history entry is written.
        if from == to {
            return Ok(false);
        }
        if !self.order.allows_transition(to, by.actor) {
            return Err(TransitionNotAllowed { allowed: self.order.allowed_transitions(by.actor) });
        }
        // This reads `status` and `status_before_refund` as they were before the move, so it must come before they
        // are changed.
        if returns_stock(&self.order, to) {
            (0..self.order.items.len()).for_each(|position| self.restock(position, u32::MAX));
        }
        let at = self.order.change_time(now);
        self.order.status_before_refund = refund_origin(&self.order, to);
        self.order.status = to;
        self.order.version = self.order.version.next();
        self.order.last_sequence = self.order.last_sequence.next();
        self.order.updated_at = at;
        self.order.status_changed_at = at;
        let sequence = self.order.last_sequence;
        self.entries.push(HistoryEntry { sequence, from: Some(from), to, by, reason, at });
        Ok(true)
    }
}

/// Whether this move returns stock: the order ends unpaid, or is refunded before it was shipped.
fn returns_stock(order: &Order, to: OrderStatus) -> bool {
    // No wildcard: a new status must decide here whether goods come back. `CLOSED` returns stock only from
    // `PENDING`, because a completed order's goods are with the customer.
    match to {
        OrderStatus::Cancelled => true,
        OrderStatus::Closed => order.status == OrderStatus::Pending,
        OrderStatus::Refunded => order.status_before_refund.is_some_and(OrderStatus::is_before_shipping),
        OrderStatus::Pending
        | OrderStatus::Paid
        | OrderStatus::Processing
        | OrderStatus::Shipped
        | OrderStatus::Delivered
        | OrderStatus::Completed
        | OrderStatus::RefundPending => false,
    }
}

/// Whether everything that an order in this status is to ship went back to stock. Stock says nothing of a line that holds
/// none, so an order with such a line may still be delivered.
fn was_restocked_before_shipping(order: &Order, from: OrderStatus) -> bool {
    from.is_before_shipping() && order.items.iter().all(|it| it.holds_stock && it.held_pieces() == 0)
}

/// The status that a full refund may go back to. A refunded order keeps it, because the refund may fail
/// later, unless its goods were returned to stock: others may have bought them by then.
fn refund_origin(order: &Order, to: OrderStatus) -> Option<OrderStatus> {
    let restocks = returns_stock(order, to) && order.items.iter().any(|it| it.holds_stock);
    match (order.status, to) {
        (OrderStatus::Refunded, OrderStatus::RefundPending) => order.status_before_refund,
        (from, OrderStatus::RefundPending) => {
            Some(from).filter(|it| !was_restocked_before_shipping(order, *it))
        }
        (_, OrderStatus::Refunded) => order.status_before_refund.filter(|_| !restocks),
        (_, _) => None,
    }
}
