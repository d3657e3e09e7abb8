//! Orders: what was bought, which status an order has, and which one may follow.
//!
//! ```text
//! PENDING -> PAID -> PROCESSING -> SHIPPED -> DELIVERED -> COMPLETED -> CLOSED
//! PENDING -> CANCELLED -> CLOSED                       cancelled by customer or operator
//! PENDING -> CLOSED                                    not paid in time
//! PAID .. COMPLETED -> REFUND_PENDING -> REFUNDED -> CLOSED
//! REFUND_PENDING -> back                               the refund failed, and an operator decides
//! REFUNDED -> REFUND_PENDING                           the refund failed after it had succeeded
//! ```
//!
//! [`TRANSITIONS`] is the one table of moves and of the actors that may make them. A change starts from an
//! order as it was read ([`OrderChange::from_order`]), makes [`transition`](OrderChange::transition)s, and is
//! committed as a whole:
//!
//! - each transition adds exactly one history entry, so the history is one unbroken path;
//! - the commit is guarded by the revision that was read, so changes of one order never overlap;
//! - timestamps of one order never go backwards, whatever the clocks of the instances say.

mod change;
mod details;
mod history;
mod status;

#[cfg(test)]
mod tests;

pub use change::{DetailsWrite, OrderChange, RestockedLine, StockLine, TransitionNotAllowed};
pub use details::{
    ADDRESS_LINES_MAX, Address, AddressLine, AddressPatch, CarrierName, Contact, ContactName, ContactPatch,
    Country, DetailsPatch, METADATA_KEYS_MAX, Metadata, MetadataKey, MetadataValue, OrderDetails,
    OrderReference, Patch, PhoneNumber, PlaceName, PostalCode, Tracking, TrackingNumber, TrackingPatch,
    TrackingUrl,
};
pub use history::{HistoryEntry, StoredHistoryEntry, is_valid_history};
pub use status::{OrderStatus, TRANSITIONS, UNPAID_ENTRIES_MAX};

use crate::{
    Actor, Invalid, Money, OrderKey, OrderNumber, Product, ProductId, Revision, Sequence, Text, Timestamp,
    UserKey, Version,
};

/// The maximum number of lines of a new order. It bounds the rows and the product locks of one commit.
pub const LINES_MAX: usize = 100;
/// The maximum number of pieces in one line, so that an order's amount stays far from the limit of money.
pub const QUANTITY_MAX: u32 = 9_999;

/// A product of an order, with name and price as they were when the order was placed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OrderLine {
    /// The public id of the product.
    pub product: ProductId,
    /// The product's name at that time; a later rename does not change it.
    pub name: Text,
    /// The number of pieces, at least 1.
    pub quantity: u32,
    /// The price of one piece at that time.
    pub price: Money,
    /// Whether stock was taken for it, and must be returned if the goods are not sent.
    pub holds_stock: bool,
    /// The number of its pieces that went back into stock, in whatever way: from 0 to `quantity`, and 0 for a line
    /// that holds no stock. It shrinks only when pieces of a failed refund are taken again to be shipped.
    // One count for cancellations, full refunds and returns together: whichever comes later returns only what is
    // left, so no piece goes back twice.
    pub restocked: u32,
}

impl OrderLine {
    /// Makes a line for `quantity` pieces of a product at its present price.
    #[must_use]
    pub fn from_product(product: &Product, quantity: u32) -> Self {
        Self {
            product: product.id.clone(),
            name: product.name.clone(),
            quantity,
            price: product.price,
            // Stored with the line: the product may become tracked later, and returning stock that was never
            // taken would invent goods.
            holds_stock: product.stock.is_some(),
            restocked: 0,
        }
    }

    /// The number of pieces that were taken from stock for it and have not gone back.
    #[must_use]
    pub const fn held_pieces(&self) -> u32 {
        if self.holds_stock { self.quantity.saturating_sub(self.restocked) } else { 0 }
    }

    /// The price of one piece times the quantity.
    ///
    /// # Errors
    /// [`Invalid`] when the result exceeds [`Money::MAJOR_MAX`].
    pub fn subtotal(&self) -> Result<Money, Invalid> {
        self.price.try_mul(self.quantity)
    }
}

/// An order with its lines, as one revision of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Order {
    /// The key of the order's row.
    pub key: OrderKey,
    /// The public number, in URLs and at the gateway.
    pub number: OrderNumber,
    /// The row key of the user who placed it, the only customer who may see it.
    pub owner: UserKey,
    /// The present status, changed by [`OrderChange::transition`] only.
    pub status: OrderStatus,
    /// The status before a full refund was requested. It is set while the refund is pending, and stays set
    /// afterwards if the refund may still fail and the goods were not returned to stock; otherwise `None`.
    #[cfg_attr(feature = "serde", serde(rename = "came_from"))]
    pub status_before_refund: Option<OrderStatus>,
    /// Increments with every change that a client can see; the `ETag`.
    pub version: Version,
    /// The guard of the order and its payments; increments with every commit that touches them.
    pub revision: Revision,
    /// The sequence number of the latest history entry.
    pub last_sequence: Sequence,
    /// The lines, at least one, all in one currency.
    pub items: Vec<OrderLine>,
    /// The total of all lines.
    pub amount: Money,
    /// What the client stored with it, changed by [`OrderChange::edit_details`] only.
    pub details: OrderDetails,
    /// The time at which it was placed.
    pub created_at: Timestamp,
    /// The time of the last change that a client can see; never before the one before it.
    pub updated_at: Timestamp,
    /// The time at which it got its present status. The time limits of a status count from here, because an edit of
    /// the details moves only `updated_at`.
    pub status_changed_at: Timestamp,
    /// The time at which a sweep closes the order if it is still `PENDING` and no payment occupies it.
    pub expires_at: Timestamp,
}

/// The generated values and the times that placing an order needs; the rule itself has no clock.
#[derive(Debug, Clone)]
pub struct NewOrder {
    /// A new row key from the key generator.
    pub key: OrderKey,
    /// A new public number from the id generator.
    pub number: OrderNumber,
    /// The row key of the user who places the order.
    pub owner: UserKey,
    /// The time at which it is placed.
    pub now: Timestamp,
    /// The time at which it closes unless it is paid.
    pub expires_at: Timestamp,
}

impl Order {
    /// Places an order for `items`: at least one, all of one currency. The amount is their total.
    ///
    /// # Errors
    /// [`Invalid`] when there is no item, the currencies differ, or the total exceeds [`Money::MAJOR_MAX`].
    pub fn place(placing: NewOrder, items: Vec<OrderLine>) -> Result<Self, Invalid> {
        let NewOrder { key, number, owner, now, expires_at } = placing;
        let first = items.first().ok_or(Invalid("must have at least one item"))?;
        let nothing = Money::zero(first.price.currency());
        let amount = items.iter().try_fold(nothing, |sum, item| sum.try_add(item.subtotal()?))?;
        Ok(Self {
            key,
            number,
            owner,
            status: OrderStatus::Pending,
            status_before_refund: None,
            version: Version::FIRST,
            revision: Revision::FIRST,
            last_sequence: Sequence::FIRST,
            items,
            amount,
            details: OrderDetails::default(),
            created_at: now,
            updated_at: now,
            status_changed_at: now,
            expires_at,
        })
    }

    /// The same order, placed with these details.
    #[must_use]
    pub fn with_details(self, details: OrderDetails) -> Self {
        Self { details, ..self }
    }

    /// Whether its goods were sent, as far as its status shows: only then is there a parcel to track.
    #[must_use]
    pub fn was_shipped(&self) -> bool {
        let shipped =
            |it| matches!(it, OrderStatus::Shipped | OrderStatus::Delivered | OrderStatus::Completed);
        // A closed order does not show whether it was completed before. It has a tracking only if it was sent.
        shipped(self.status)
            || self.status_before_refund.is_some_and(shipped)
            || self.details.tracking.is_some()
    }

    /// The pieces that it took from stock when it was placed, a line for each product, whether they have gone back
    /// since or not.
    pub fn lines_in_stock(&self) -> impl Iterator<Item = StockLine> {
        let held = self.items.iter().filter(|it| it.holds_stock);
        held.map(|it| StockLine { product: it.product.clone(), quantity: it.quantity })
    }

    /// The timestamp of a change made at `now`: `now`, or the last timestamp if the clock of this instance is behind.
    /// Timestamps of an order never go back.
    #[must_use]
    pub fn change_time(&self, now: Timestamp) -> Timestamp {
        now.max(self.updated_at)
    }

    /// Whether `actor` may move this order, in its present state, to `to`.
    #[must_use]
    pub fn allows_transition(&self, to: OrderStatus, actor: Actor) -> bool {
        // The table allows an operator or a service every way back from a pending refund. Only this order knows the one
        // that is true: without the check an unshipped order could become `DELIVERED`.
        let goes_back =
            self.status == OrderStatus::RefundPending && matches!(actor, Actor::Operator | Actor::Service);
        self.status.allows_transition(to, actor) && (!goes_back || self.status_before_refund == Some(to))
    }

    /// The statuses that `actor` may move this order to, in the order of an order's life.
    #[must_use]
    pub fn allowed_transitions(&self, actor: Actor) -> Vec<OrderStatus> {
        OrderStatus::ALL.into_iter().filter(|to| self.allows_transition(*to, actor)).collect()
    }

    /// Whether it was cancelled or expired, so that no money is due for it. A `CLOSED` order that was paid
    /// once also counts, but its payment was settled long before.
    #[must_use]
    pub const fn is_cancelled_or_closed(&self) -> bool {
        matches!(self.status, OrderStatus::Cancelled | OrderStatus::Closed)
    }
}
