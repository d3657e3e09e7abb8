//! The catalogue.

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
    /// Grows with every change, of stock too.
    pub version: Version,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}
