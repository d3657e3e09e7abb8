use diesel::prelude::*;
use domain::{
    ChangeId, ChangeKey, ProductId, Text, UserId, Version,
    product::{Change, Recorded, StockChange},
};

use super::{ProductRow, reading::Reading, user_key};
use crate::sql::schema::product_changes;
use crate::sql::value::{Parts, Stamp};

const KEPT: &str = "KEPT";
const SET: &str = "SET";
const UNTRACKED: &str = "UNTRACKED";
/// What stands for an adjustment.
pub(in crate::sql) const ADJUSTED: &str = "ADJUSTED";

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = product_changes, treat_none_as_default_value = false)]
pub(in crate::sql) struct ChangeRow {
    id: i64,
    change_id: String,
    product_key: i64,
    version: i64,
    price: Parts,
    currency: String,
    active: bool,
    stock: String,
    quantity: Option<i64>,
    reason: Option<String>,
    changed_by: i64,
    actor: String,
    created_at: Stamp,
}

impl ChangeRow {
    /// The change that made this version of a product.
    pub(in crate::sql) fn of(change: &Change, product: ProductRow, stock: StockChange) -> Self {
        let (stock, quantity) = written(stock);
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
            changed_by: user_key(change.by),
            actor: change.by.actor.as_str().to_owned(),
            created_at: change.at.into(),
        }
    }

    /// The public id.
    pub(in crate::sql) fn public_id(&self) -> String {
        self.change_id.clone()
    }

    /// The change, with the public ids of the product and of who made it.
    pub(in crate::sql) fn read(self, product: String, user: Option<String>) -> QueryResult<Recorded> {
        let row = Reading::of("product_changes", self.id).of_product(&product);
        let change = Change {
            key: ChangeKey::new(self.id),
            id: ChangeId::new(self.change_id),
            by: row.author(&self.actor, self.changed_by)?,
            reason: self.reason.map(Text::new),
            at: row.moment(self.created_at, "createdAt")?,
        };
        Ok(Recorded {
            change,
            user: user.map(UserId::new),
            version: Version::new(self.version),
            price: row.money(self.price, &self.currency, "price")?,
            active: self.active,
            stock: row.known(read(&self.stock, self.quantity), "stock")?,
            product: ProductId::new(product),
        })
    }
}

fn written(stock: StockChange) -> (&'static str, Option<i64>) {
    match stock {
        StockChange::Kept => (KEPT, None),
        StockChange::Set(Some(stock)) => (SET, Some(stock)),
        StockChange::Set(None) => (UNTRACKED, None),
        StockChange::Adjusted(by) => (ADJUSTED, Some(by)),
    }
}

fn read(stock: &str, quantity: Option<i64>) -> Option<StockChange> {
    match (stock, quantity) {
        (KEPT, None) => Some(StockChange::Kept),
        (UNTRACKED, None) => Some(StockChange::Set(None)),
        (SET, Some(stock)) => Some(StockChange::Set(Some(stock))),
        (ADJUSTED, Some(by)) => Some(StockChange::Adjusted(by)),
        _ => None,
    }
}
