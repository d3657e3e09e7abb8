//! An order and what has been decided about it since it was read.

use crate::{ChangedBy, Order, ProductId, Revision, Text, Timestamp};

use super::{Entry, Status};

/// The move is not one that this actor may make from here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this actor may not make this move; it may move to {allowed:?}")]
pub struct NotAllowed {
    /// What the actor may do instead.
    pub allowed: Vec<Status>,
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
pub struct Progress {
    read: Revision,
    order: Order,
    entries: Vec<Entry>,
    returned: Vec<StockLine>,
}

impl Progress {
    /// Starts from an order as it was read.
    #[must_use]
    pub fn of(mut order: Order) -> Self {
        let read = order.revision;
        order.revision = read.next();
        Self { read, order, entries: Vec::new(), returned: Vec::new() }
    }

    /// The order as it stands after the steps, its revision moved on by one: also a unit of work that only touches
    /// what belongs to the order moves it.
    #[must_use]
    pub const fn order(&self) -> &Order {
        &self.order
    }

    /// The revision that all of this was decided on.
    #[must_use]
    pub const fn read(&self) -> Revision {
        self.read
    }

    /// The changes of status, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The stock to give back.
    #[must_use]
    pub fn returned(&self) -> &[StockLine] {
        &self.returned
    }

    /// Whether the order was unpaid and open when it was read, and is not any more.
    #[must_use]
    pub fn leaves_pending(&self) -> bool {
        self.entries.iter().any(|it| it.from == Some(Status::Pending))
    }

    /// Moves the order to `to`. Being there already is `Ok(false)` and changes nothing. The move is stamped with
    /// [`Order::moment`].
    ///
    /// # Errors
    /// [`NotAllowed`] when `by` may not make that move.
    pub fn step(
        &mut self,
        to: Status,
        by: ChangedBy,
        reason: Option<Text>,
        now: Timestamp,
    ) -> Result<bool, NotAllowed> {
        let from = self.order.status;
        if from == to {
            return Ok(false);
        }
        if !self.order.allows(to, by.actor) {
            return Err(NotAllowed { allowed: self.order.allowed(by.actor) });
        }
        if gives_stock_back(&self.order, to) {
            self.returned.extend(self.order.lines_in_stock());
        }
        let at = self.order.moment(now);
        self.order.came_from = comes_from(&self.order, to);
        self.order.status = to;
        self.order.version = self.order.version.next();
        self.order.last_sequence = self.order.last_sequence.next();
        self.order.updated_at = at;
        let sequence = self.order.last_sequence;
        self.entries.push(Entry { sequence, from: Some(from), to, by, reason, at });
        Ok(true)
    }
}

/// Stock comes back when an order ends unpaid, or is refunded before it was shipped.
fn gives_stock_back(order: &Order, to: Status) -> bool {
    match to {
        Status::Cancelled => true,
        Status::Closed => order.status == Status::Pending,
        Status::Refunded => order.came_from.is_some_and(Status::before_shipping),
        Status::Pending
        | Status::Paid
        | Status::Processing
        | Status::Shipped
        | Status::Delivered
        | Status::Completed
        | Status::RefundPending => false,
    }
}

/// Where a refund of everything may go back to. A refunded order remembers it, because the refund may fail later, unless
/// its goods went back into stock: they may be sold to others by then.
fn comes_from(order: &Order, to: Status) -> Option<Status> {
    let restocks = gives_stock_back(order, to) && order.items.iter().any(|it| it.holds_stock);
    match (order.status, to) {
        (Status::Refunded, Status::RefundPending) => order.came_from,
        (from, Status::RefundPending) => Some(from),
        (_, Status::Refunded) => order.came_from.filter(|_| !restocks),
        (_, _) => None,
    }
}
