//! The catalogue.
//!
//! Operators change a product, and its version counts their changes. Orders only move its stock, and the version does not
//! count that: so a sale never stands in the way of an operator.

mod change;

#[cfg(test)]
mod tests;

pub use change::{ProductChange, StockChange, StockUpdate, StoredProductChange};

use crate::{Money, ProductId, ProductKey, Text, Timestamp, Version};

/// Most pieces of one product that can be in stock.
pub const STOCK_MAX: i64 = 1_000_000_000;

/// Something that can be ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// The row.
    pub key: ProductKey,
    /// The operator's id for it.
    pub id: ProductId,
    /// What it is called.
    pub name: Text,
    /// The price of one piece.
    pub price: Money,
    /// How many can still be ordered; `None` when that is not tracked.
    pub stock: Option<i64>,
    /// Whether it can be ordered.
    pub active: bool,
    /// Grows with every change that an operator makes; a sale is none.
    pub version: Version,
    /// How often orders took from it or gave back since the version began. Never shown.
    pub stock_moves: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When an operator last changed it.
    pub updated_at: Timestamp,
}

impl Product {
    /// The product in its next version, to be changed. `updated_at` never goes back, whatever the clock says.
    #[must_use]
    pub fn next_version(&self, now: Timestamp) -> Self {
        Self { version: self.version.next(), updated_at: self.updated_at.max(now), ..self.clone() }
    }

    /// Whether everything that was ever shown of this version is still true: an order that moves the stock changes what
    /// is shown, and not the version.
    #[must_use]
    pub const fn has_original_stock(&self) -> bool {
        self.stock.is_none() || self.stock_moves == 0
    }
}
