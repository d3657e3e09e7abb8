use std::convert::Infallible;

use domain::{ProductId, UserKey};

use crate::record::table::Row;

/// A count of a user's unpaid orders, or of the pieces of one product in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCountRow {
    /// The user whose orders are counted.
    pub owner: UserKey,
    /// The product whose pieces are counted; `None` for the count of orders.
    pub product: Option<ProductId>,
    /// The number of unpaid orders, or of pieces in them.
    pub total: u32,
    /// The number of all orders that the user ever placed; 0 in the count of a product.
    pub placed: u64,
}

impl Row for OpenCountRow {
    const TABLE: &'static str = "open_order_counts";
    type Key = (UserKey, Option<ProductId>);
    type Unique = Infallible;

    fn key(&self) -> Self::Key {
        (self.owner, self.product.clone())
    }

    fn row_name(&self) -> String {
        format!("{}/{}", self.owner.get(), self.product.as_ref().map_or("", |it| it.as_str()))
    }
}
