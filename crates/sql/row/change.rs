use diesel::prelude::*;
use domain::{
    AuthorId, ChangeId, ChangeKey, ProductId, Text, Version,
    product::{ProductChange, StockChange, StoredProductChange},
};

use super::{ProductRow, author_key, reader::RowReader};
use crate::sql::schema::product_changes;
use crate::sql::value::{SqlAmount, SqlTimestamp};

const KEPT: &str = "KEPT";
const SET: &str = "SET";
const UNTRACKED: &str = "UNTRACKED";
/// The `stock` column of an adjustment, by which the list of adjustments is filtered.
pub(in crate::sql) const ADJUSTED: &str = "ADJUSTED";

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = product_changes, treat_none_as_default_value = false)]
pub(in crate::sql) struct ChangeRow {
    id: i64,
    change_id: String,
    product_key: i64,
    version: i64,
    price: SqlAmount,
    currency: String,
    active: bool,
    stock: String,
    quantity: Option<i64>,
    reason: Option<String>,
    changed_by: i64,
    actor: String,
    created_at: SqlTimestamp,
}

impl ChangeRow {
    /// The entry for the change that made this version of a product.
    pub(in crate::sql) fn new(change: &ProductChange, product: ProductRow, stock: StockChange) -> Self {
        let (stock, quantity) = stock_columns(stock);
        Self {
            id: change.key.get(),
            change_id: change.id.as_str().to_owned(),
            product_key: product.id,
            version: product.version,
            price: product.price,
            currency: product.currency,
            active: product.active,
            stock: stock.to_owned(),
            quantity,
            reason: change.reason.as_ref().map(|it| it.as_str().to_owned()),
            changed_by: author_key(change.by),
            actor: change.by.actor.as_str().to_owned(),
            created_at: change.at.into(),
        }
    }

    pub(in crate::sql) fn public_id(&self) -> String {
        self.change_id.clone()
    }

    /// The change, with the public ids of its product and of who made it.
    pub(in crate::sql) fn into_change(
        self,
        product: String,
        author: Option<String>,
    ) -> QueryResult<StoredProductChange> {
        let row = RowReader::new("product_changes", self.id).with_product(&product);
        let change = ProductChange {
            key: ChangeKey::new(self.id),
            id: ChangeId::new(self.change_id),
            by: row.read_changed_by(&self.actor, self.changed_by)?,
            reason: self.reason.map(Text::new),
            at: row.read_timestamp(self.created_at, "createdAt")?,
        };
        Ok(StoredProductChange {
            change,
            author: author.map(AuthorId::new),
            version: Version::new(self.version),
            price: row.read_money(self.price, &self.currency, "price")?,
            active: self.active,
            stock: row.require_value(parse_stock_change(&self.stock, self.quantity), "stock")?,
            product: ProductId::new(product),
        })
    }
}

fn stock_columns(stock: StockChange) -> (&'static str, Option<i64>) {
    match stock {
        StockChange::Kept => (KEPT, None),
        StockChange::Set(Some(stock)) => (SET, Some(stock)),
        StockChange::Set(None) => (UNTRACKED, None),
        StockChange::Adjusted(by) => (ADJUSTED, Some(by)),
    }
}

fn parse_stock_change(stock: &str, quantity: Option<i64>) -> Option<StockChange> {
    match (stock, quantity) {
        (KEPT, None) => Some(StockChange::Kept),
        (UNTRACKED, None) => Some(StockChange::Set(None)),
        (SET, Some(stock)) => Some(StockChange::Set(Some(stock))),
        (ADJUSTED, Some(by)) => Some(StockChange::Adjusted(by)),
        // Any other pair was not written by this program. The row is unreadable rather than half right.
        _ => None,
    }
}
