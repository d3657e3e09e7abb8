use diesel::prelude::*;
use domain::{
    AuthorId, OrderKey, Sequence, Text,
    order::{HistoryEntry, OrderStatus, StoredHistoryEntry},
};

use super::{author_key, reader::RowReader};
use crate::sql::schema::order_status_history;
use crate::sql::value::SqlTimestamp;

/// The `fromStatus` of the first entry, which has no status before it; the column is not null.
const NO_STATUS: &str = "";

/// An entry of an order's history. Nothing refers to it by its row's key, so the database chooses that; its
/// order within the history is `sequence`, never a key or a time (ADR 0012).
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = order_status_history, treat_none_as_default_value = false)]
pub(crate) struct HistoryRow {
    order_id: i64,
    sequence: i64,
    from_status: String,
    to_status: String,
    changed_by: i64,
    created_at: SqlTimestamp,
    actor: String,
    reason: Option<String>,
}

impl HistoryRow {
    pub(crate) fn new(order: OrderKey, entry: &HistoryEntry) -> Self {
        Self {
            order_id: order.get(),
            sequence: entry.sequence.get(),
            from_status: entry.from.map_or(NO_STATUS, OrderStatus::as_str).to_owned(),
            to_status: entry.to.as_str().to_owned(),
            changed_by: author_key(entry.by),
            created_at: entry.at.into(),
            actor: entry.by.actor.as_str().to_owned(),
            reason: entry.reason.as_ref().map(|it| it.as_str().to_owned()),
        }
    }

    /// The entry of the order with that number, with the public id of who made it.
    pub(in crate::sql) fn into_entry(
        self,
        order: &str,
        author: Option<String>,
    ) -> QueryResult<StoredHistoryEntry> {
        let row = RowReader::for_part("order_status_history", self.order_id, self.sequence).with_order(order);
        let status = |name: &str, column| row.require_value(OrderStatus::parse(name), column);
        let from =
            (self.from_status != NO_STATUS).then(|| status(&self.from_status, "fromStatus")).transpose()?;
        let by = row.read_changed_by(&self.actor, self.changed_by)?;
        let entry = HistoryEntry {
            sequence: Sequence::new(self.sequence),
            from,
            to: status(&self.to_status, "toStatus")?,
            by,
            reason: self.reason.map(Text::new),
            at: row.read_timestamp(self.created_at, "createdAt")?,
        };
        Ok(StoredHistoryEntry { entry, author: author.map(AuthorId::new) })
    }
}
