//! Orders: what was bought, where it stands, and what may happen next.

mod change;
mod history;
mod status;

#[cfg(test)]
mod tests;

pub use change::{OrderChange, StockLine, TransitionNotAllowed};
pub use history::{HistoryEntry, StoredHistoryEntry, is_valid_history};
pub use status::{OrderStatus, TRANSITIONS};

use crate::{
    Actor, Invalid, Money, OrderKey, OrderNumber, Product, ProductId, Revision, Sequence, Text, Timestamp,
    UserKey, Version,
};

/// Most lines an order can be placed with.
pub const LINES_MAX: usize = 100;
/// Most pieces one line can ask for.
pub const QUANTITY_MAX: u32 = 9_999;

/// One product of an order, as it was when the order was placed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OrderLine {
    /// Which product.
    pub product: ProductId,
    /// What it was called.
    pub name: Text,
    /// How many.
    pub quantity: u32,
    /// The price of one.
    pub price: Money,
    /// Whether stock was taken for it, and is to be given back if it is not sent.
    pub holds_stock: bool,
}

impl OrderLine {
    /// Takes `quantity` of a product at its present price.
    #[must_use]
    pub fn from_product(product: &Product, quantity: u32) -> Self {
        Self {
            product: product.id.clone(),
            name: product.name.clone(),
            quantity,
            price: product.price,
            holds_stock: product.stock.is_some(),
        }
    }

    /// Price times quantity.
    ///
    /// # Errors
    /// [`Invalid`] when that is more than money can be.
    pub fn subtotal(&self) -> Result<Money, Invalid> {
        self.price.try_mul(self.quantity)
    }
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Order {
    /// The row.
    pub key: OrderKey,
    /// The public number.
    pub number: OrderNumber,
    /// Who placed it.
    pub owner: UserKey,
    /// Where it stands.
    pub status: OrderStatus,
    /// Where it stood before a refund of everything was asked for; set while that is pending, and afterwards if the refund
    /// may still fail and the goods did not go back into stock.
    pub came_from: Option<OrderStatus>,
    /// Grows with every change that can be seen.
    pub version: Version,
    /// The guard of the order and its payments.
    pub revision: Revision,
    /// The place of the last entry of its history.
    pub last_sequence: Sequence,
    /// What was bought.
    pub items: Vec<OrderLine>,
    /// What all of it costs.
    pub amount: Money,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When it last changed; never before what it was.
    pub updated_at: Timestamp,
    /// When it closes unless it is paid.
    pub expires_at: Timestamp,
}

/// What the pure rule needs of the outside to place an order.
#[derive(Debug, Clone)]
pub struct NewOrder {
    /// The row to make.
    pub key: OrderKey,
    /// The number to give it.
    pub number: OrderNumber,
    /// Who places it.
    pub owner: UserKey,
    /// When.
    pub now: Timestamp,
    /// When it closes unless it is paid.
    pub expires_at: Timestamp,
}

impl Order {
    /// Places an order for `items`, of one currency and at least one.
    ///
    /// # Errors
    /// [`Invalid`] when there is no item, their currencies differ or the sum is more than money can be.
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
            came_from: None,
            version: Version::FIRST,
            revision: Revision::FIRST,
            last_sequence: Sequence::FIRST,
            items,
            amount,
            created_at: now,
            updated_at: now,
            expires_at,
        })
    }

    /// The pieces that it took from stock when it was placed, a line for each product.
    pub fn lines_in_stock(&self) -> impl Iterator<Item = StockLine> {
        let held = self.items.iter().filter(|it| it.holds_stock);
        held.map(|it| StockLine { product: it.product.clone(), quantity: it.quantity })
    }

    /// When a change that is made at `now` is stamped: the clock of who makes it may be behind that of who made the
    /// last one, and the stamps of an order never go backwards.
    #[must_use]
    pub fn change_time(&self, now: Timestamp) -> Timestamp {
        now.max(self.updated_at)
    }

    /// Whether `actor` may move this very order to `to`.
    #[must_use]
    pub fn allows_transition(&self, to: OrderStatus, actor: Actor) -> bool {
        let goes_back = self.status == OrderStatus::RefundPending && actor == Actor::Operator;
        self.status.allows_transition(to, actor) && (!goes_back || self.came_from == Some(to))
    }

    /// Where `actor` may move this order, in the order of an order's life.
    #[must_use]
    pub fn allowed_transitions(&self, actor: Actor) -> Vec<OrderStatus> {
        OrderStatus::ALL.into_iter().filter(|to| self.allows_transition(*to, actor)).collect()
    }

    /// Whether it was called off or ran out of time, so that no money is due for it. A `Closed` order that was paid
    /// once is not meant: its payment was settled long before.
    #[must_use]
    pub const fn is_cancelled_or_closed(&self) -> bool {
        matches!(self.status, OrderStatus::Cancelled | OrderStatus::Closed)
    }
}
