use diesel::prelude::*;
use domain::{
    Order, OrderKey, OrderNumber, ProductId, Revision, Sequence, Text, UserKey, Version,
    order::{OrderLine, OrderStatus},
};

use super::{DetailsRow, reader::RowReader};
use crate::sql::schema::{order_items, orders};
use crate::sql::value::{SqlAmount, SqlTimestamp};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = orders, treat_none_as_default_value = false)]
pub(crate) struct OrderRow {
    pub(in crate::sql) id: i64,
    user_id: i64,
    order_number: String,
    status: String,
    amount: SqlAmount,
    pub(in crate::sql) created_at: SqlTimestamp,
    pub(in crate::sql) updated_at: SqlTimestamp,
    currency: String,
    version: i64,
    revision: i64,
    last_sequence: i64,
    came_from: Option<String>,
    expires_at: SqlTimestamp,
    status_changed_at: SqlTimestamp,
}

impl From<&Order> for OrderRow {
    fn from(order: &Order) -> Self {
        Self {
            id: order.key.get(),
            user_id: order.owner.get(),
            order_number: order.number.as_str().to_owned(),
            status: order.status.as_str().to_owned(),
            amount: order.amount.into(),
            created_at: order.created_at.into(),
            updated_at: order.updated_at.into(),
            currency: order.amount.currency().code().to_owned(),
            version: order.version.get(),
            revision: order.revision.get(),
            last_sequence: order.last_sequence.get(),
            came_from: order.status_before_refund.map(|it| it.as_str().to_owned()),
            expires_at: order.expires_at.into(),
            status_changed_at: order.status_changed_at.into(),
        }
    }
}

impl OrderRow {
    pub(in crate::sql) fn public_number(&self) -> String {
        self.order_number.clone()
    }

    /// The order with its items, which must be sorted by their position, and its details if it has any.
    pub(in crate::sql) fn into_order(
        self,
        details: Option<DetailsRow>,
        items: Vec<ItemRow>,
    ) -> QueryResult<Order> {
        let row = RowReader::new("orders", self.id).with_order(&self.order_number);
        let status = |name: &str, column| row.require_value(OrderStatus::parse(name), column);
        Ok(Order {
            // First, because the items have the currency of the order: an unreadable one is reported for
            // the order's row and not for an item.
            amount: row.read_money(self.amount, &self.currency, "amount")?,
            key: OrderKey::new(self.id),
            owner: UserKey::new(self.user_id),
            status: status(&self.status, "status")?,
            status_before_refund: self.came_from.as_deref().map(|it| status(it, "cameFrom")).transpose()?,
            version: Version::new(self.version),
            revision: Revision::new(self.revision),
            last_sequence: Sequence::new(self.last_sequence),
            items: items
                .into_iter()
                .map(|it| it.into_item(row, &self.currency))
                .collect::<QueryResult<_>>()?,
            details: details.map(|it| it.into_details(row)).transpose()?.unwrap_or_default(),
            created_at: row.read_timestamp(self.created_at, "createdAt")?,
            updated_at: row.read_timestamp(self.updated_at, "updatedAt")?,
            expires_at: row.read_timestamp(self.expires_at, "expiresAt")?,
            status_changed_at: row.read_timestamp(self.status_changed_at, "statusChangedAt")?,
            number: OrderNumber::new(self.order_number),
        })
    }
}

/// An item as it is read. Its currency is the order's.
#[derive(Queryable, Selectable)]
#[diesel(table_name = order_items)]
pub(in crate::sql) struct ItemRow {
    pub(in crate::sql) order_id: i64,
    product_id: String,
    quantity: i64,
    price: SqlAmount,
    name: String,
    holds_stock: bool,
    position: i64,
    restocked: i64,
}

impl ItemRow {
    fn into_item(self, order: RowReader<'_>, currency: &str) -> QueryResult<OrderLine> {
        let row = order.child_row("order_items", self.order_id, self.position);
        Ok(OrderLine {
            product: ProductId::new(self.product_id),
            name: Text::new(self.name),
            quantity: row.read_count(self.quantity, "quantity")?,
            price: row.read_money(self.price, currency, "price")?,
            holds_stock: self.holds_stock,
            restocked: row.read_count(self.restocked, "restocked")?,
        })
    }
}

/// An item as it is written. Nothing refers to it by its row's key, so the database may choose that.
#[derive(Insertable)]
#[diesel(table_name = order_items, treat_none_as_default_value = false)]
pub(crate) struct NewItem<'a> {
    order_id: i64,
    product_id: &'a str,
    quantity: i64,
    price: SqlAmount,
    created_at: SqlTimestamp,
    updated_at: SqlTimestamp,
    name: &'a str,
    holds_stock: bool,
    position: i64,
    restocked: i64,
}

impl<'a> NewItem<'a> {
    pub(crate) fn from_order(order: &'a Order) -> impl Iterator<Item = Self> {
        (0..).zip(&order.items).map(|(position, item)| Self {
            order_id: order.key.get(),
            product_id: item.product.as_str(),
            quantity: i64::from(item.quantity),
            price: item.price.into(),
            created_at: order.created_at.into(),
            updated_at: order.created_at.into(),
            name: item.name.as_str(),
            holds_stock: item.holds_stock,
            position,
            restocked: i64::from(item.restocked),
        })
    }
}
