use diesel::prelude::*;
use domain::{
    Order,
    order::{OrderDetails, OrderReference},
};
use serde::{Serialize, de::DeserializeOwned};

use super::reader::RowReader;
use crate::sql::schema::order_details;
use crate::sql::value::SqlTimestamp;

/// The name of the table, as operators see it in a finding.
const TABLE: &str = "order_details";

/// What a client stored with an order. Objects are texts of JSON.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = order_details, treat_none_as_default_value = false)]
pub(crate) struct DetailsRow {
    order_id: i64,
    user_id: i64,
    created_at: SqlTimestamp,
    pub(in crate::sql) reference: Option<String>,
    pub(in crate::sql) metadata: Option<String>,
    pub(in crate::sql) contact: Option<String>,
    pub(in crate::sql) shipping_address: Option<String>,
    pub(in crate::sql) tracking: Option<String>,
}

impl DetailsRow {
    /// The row of an order that has details; `None` for one that has none.
    pub(crate) fn from_order(order: &Order) -> Option<Self> {
        let details = &order.details;
        (!details.is_empty()).then(|| Self {
            order_id: order.key.get(),
            user_id: order.owner.get(),
            created_at: order.created_at.into(),
            reference: details.reference.as_ref().map(|it| it.as_str().to_owned()),
            metadata: (!details.metadata.is_empty()).then(|| json_text(&details.metadata)),
            contact: details.contact.as_ref().map(json_text),
            shipping_address: details.shipping_address.as_ref().map(json_text),
            tracking: details.tracking.as_ref().map(json_text),
        })
    }

    /// The details of the order whose row is read.
    pub(super) fn into_details(self, order: RowReader<'_>) -> QueryResult<OrderDetails> {
        let row = order.sibling_row(TABLE, self.order_id);
        Ok(OrderDetails {
            reference: self.reference.map(OrderReference::new),
            metadata: read_json(row, self.metadata, "metadata")?.unwrap_or_default(),
            contact: read_json(row, self.contact, "contact")?,
            shipping_address: read_json(row, self.shipping_address, "shippingAddress")?,
            tracking: read_json(row, self.tracking, "tracking")?,
        })
    }
}

/// A value as it is stored in a column of JSON.
pub(super) fn json_text(value: &impl Serialize) -> String {
    // Plain data with text keys: serialising it cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}

/// Reads a column of JSON; `None` if it is null.
pub(super) fn read_json<T: DeserializeOwned>(
    row: RowReader<'_>,
    text: Option<String>,
    column: &'static str,
) -> QueryResult<Option<T>> {
    text.map(|it| row.require_value(serde_json::from_str(&it).ok(), column)).transpose()
}
