use std::convert::Infallible;

use domain::{
    ChangeId, ChangeKey, Money, Product, ProductId, ProductKey, Version,
    product::{ProductChange, StockChange},
};

use crate::record::table::Row;

impl Row for Product {
    const TABLE: &'static str = "products";
    type Key = ProductKey;
    type Unique = ProductId;

    fn key(&self) -> ProductKey {
        self.key
    }

    fn unique_keys(&self) -> Vec<ProductId> {
        vec![self.id.clone()]
    }

    fn row_name(&self) -> String {
        self.key.get().to_string()
    }
}

/// How many pieces of a product orders took from its stock that have not gone back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldPiecesRow {
    /// The row key of the product.
    pub product: ProductKey,
    /// The pieces. Negative only if more went back than was taken, which is a fault.
    pub pieces: i64,
}

impl Row for HeldPiecesRow {
    const TABLE: &'static str = "held_pieces";
    type Key = ProductKey;
    type Unique = Infallible;

    fn key(&self) -> ProductKey {
        self.product
    }

    fn row_name(&self) -> String {
        self.product.get().to_string()
    }
}

/// A stored change of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductChangeRow {
    /// The change, with author, reason and time.
    pub change: ProductChange,
    /// The row key of the product.
    pub product: ProductKey,
    /// The version that the change made. It is unique within the product.
    pub version: Version,
    /// The price of this version.
    pub price: Money,
    /// Whether this version can be ordered.
    pub active: bool,
    /// The change of the stock.
    pub stock: StockChange,
}

/// The unique keys of changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::record) enum ProductChangeKeys {
    Id(ChangeId),
    Version(ProductKey, Version),
}

impl Row for ProductChangeRow {
    const TABLE: &'static str = "product_changes";
    type Key = ChangeKey;
    type Unique = ProductChangeKeys;

    fn key(&self) -> ChangeKey {
        self.change.key
    }

    fn unique_keys(&self) -> Vec<ProductChangeKeys> {
        let version = ProductChangeKeys::Version(self.product, self.version);
        vec![ProductChangeKeys::Id(self.change.id.clone()), version]
    }

    fn row_name(&self) -> String {
        self.change.key.get().to_string()
    }
}
