//! Products of the catalogue.
//!
//! Operators change a product, and its version counts their changes. Orders only move its stock, and the
//! version does not count that, so sales never make an operator's change stale (ADR 0014).

mod change;

#[cfg(test)]
mod tests;

pub use change::{ProductChange, StockChange, StockUpdate, StoredProductChange};

use crate::{Money, ProductId, ProductKey, Text, Timestamp, Version};

/// The maximum stock of one product, in pieces.
pub const STOCK_MAX: i64 = 1_000_000_000;

/// A product that can be ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// The key of the product's row.
    pub key: ProductKey,
    /// The id that the operator chose, in URLs.
    pub id: ProductId,
    /// The name that customers see; an order line stores the name of its time.
    pub name: Text,
    /// The price of one piece, above zero.
    pub price: Money,
    /// The pieces that can still be ordered; `None` when the stock is not tracked.
    pub stock: Option<i64>,
    /// Whether it can be ordered; an inactive product stays in old orders.
    pub active: bool,
    /// Increments with every change by an operator; a sale is none. The `ETag`.
    pub version: Version,
    /// The number of times that orders took or returned stock since the version began. Never shown.
    pub stock_moves: i64,
    /// The time at which an operator made it.
    pub created_at: Timestamp,
    /// The time of the last change by an operator; never goes back.
    pub updated_at: Timestamp,
}

impl Product {
    /// The product in its next version, to be changed. `updated_at` never goes back, whatever the clocks say.
    #[must_use]
    pub fn next_version(&self, now: Timestamp) -> Self {
        Self { version: self.version.next(), updated_at: self.updated_at.max(now), ..self.clone() }
    }

    /// Whether everything that was ever shown of this version is still true. An order that moves the stock
    /// changes the representation, but not the version.
    #[must_use]
    pub const fn has_original_stock(&self) -> bool {
        // Only then may the server answer 304: the version alone would confirm a stock that has been sold
        // meanwhile.
        self.stock.is_none() || self.stock_moves == 0
    }
}
