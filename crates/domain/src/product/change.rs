//! What operators change, and who did it.

use crate::{ChangeId, ChangeKey, ChangedBy, Money, ProductId, Text, Timestamp, UserId, Version};

/// What a replacement of a product does to its stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StockUpdate {
    /// It stays as it is, whatever is sold meanwhile.
    Keep,
    /// It is this from now on; `None` when it is not tracked any more.
    Set(Option<i64>),
}

impl StockUpdate {
    /// The stock afterwards, if it is this much before.
    #[must_use]
    pub fn apply_to(self, stock: Option<i64>) -> Option<i64> {
        match self {
            Self::Keep => stock,
            Self::Set(stock) => stock,
        }
    }
}

/// What a change did to the stock of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StockChange {
    /// Nothing.
    Kept,
    /// It was set to this; `None` when it is not tracked since.
    Set(Option<i64>),
    /// This many came in, or went out if that is below zero.
    Adjusted(i64),
}

impl StockChange {
    /// How many came in by an adjustment; 0 if it was none.
    #[must_use]
    pub const fn adjusted_by(self) -> i64 {
        match self {
            Self::Adjusted(by) => by,
            Self::Kept | Self::Set(_) => 0,
        }
    }
}

impl From<StockUpdate> for StockChange {
    fn from(restock: StockUpdate) -> Self {
        match restock {
            StockUpdate::Keep => Self::Kept,
            StockUpdate::Set(stock) => Self::Set(stock),
        }
    }
}

/// Who changes a product, why and when. Every version of a product has one, written with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductChange {
    /// The row.
    pub key: ChangeKey,
    /// The public id.
    pub id: ChangeId,
    /// Who.
    pub by: ChangedBy,
    /// Why, if anybody said.
    pub reason: Option<Text>,
    /// When.
    pub at: Timestamp,
}

/// A change as the record holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredProductChange {
    /// The change.
    pub change: ProductChange,
    /// The public id of the user who made it.
    pub user: Option<UserId>,
    /// Of which product.
    pub product: ProductId,
    /// The version that began with it.
    pub version: Version,
    /// The price since.
    pub price: Money,
    /// Whether it could be ordered since.
    pub active: bool,
    /// What it did to the stock.
    pub stock: StockChange,
}
