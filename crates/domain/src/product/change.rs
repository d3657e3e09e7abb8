//! Changes of a product by operators, with their authors.

use crate::{AuthorId, ChangeId, ChangeKey, ChangedBy, Money, ProductId, Text, Timestamp, Version};

/// The effect of a replacement of a product on its stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StockUpdate {
    /// The stock stays as it is at the commit, whatever is sold until then.
    Keep,
    /// The stock becomes this number of pieces; `None` stops tracking it.
    // Keeping is a variant of its own: to write the stock that was read back would undo the sales since that
    // read.
    Set(Option<i64>),
}

impl StockUpdate {
    /// The stock after this update, given the stock before.
    #[must_use]
    pub fn apply_to(self, stock: Option<i64>) -> Option<i64> {
        match self {
            Self::Keep => stock,
            Self::Set(stock) => stock,
        }
    }
}

/// The effect that a stored change had on the stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StockChange {
    /// The change did not touch the stock.
    Kept,
    /// The stock was set to this number; `None` stopped tracking it.
    Set(Option<i64>),
    /// This number of pieces was added, or removed if negative.
    Adjusted(i64),
}

impl StockChange {
    /// The pieces that an adjustment added; 0 for any other change.
    #[must_use]
    pub const fn adjusted_by(self) -> i64 {
        match self {
            Self::Adjusted(by) => by,
            Self::Kept | Self::Set(_) => 0,
        }
    }
}

impl From<StockUpdate> for StockChange {
    fn from(stock_update: StockUpdate) -> Self {
        match stock_update {
            StockUpdate::Keep => Self::Kept,
            StockUpdate::Set(stock) => Self::Set(stock),
        }
    }
}

/// The author, reason and time of a change. Every version of a product has one, written in the same commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductChange {
    /// The key of the change's row.
    pub key: ChangeKey,
    /// The public id, which is the cursor of the list of changes.
    pub id: ChangeId,
    /// The actor, and the user or API key behind the change.
    pub by: ChangedBy,
    /// The reason that the operator gave; `None` when there is none.
    pub reason: Option<Text>,
    /// The time of the commit, by the clock of its instance.
    pub at: Timestamp,
}

/// A change as it is read from the database, with the values that it set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredProductChange {
    /// The author, reason and time.
    pub change: ProductChange,
    /// The public id of the user or API key that made it; `None` if neither did.
    pub author: Option<AuthorId>,
    /// The public id of the product.
    pub product: ProductId,
    /// The version of the product that began with it.
    pub version: Version,
    /// The price from this version on.
    pub price: Money,
    /// Whether the product could be ordered from this version on.
    pub active: bool,
    /// The effect that the change had on the stock.
    pub stock: StockChange,
}
