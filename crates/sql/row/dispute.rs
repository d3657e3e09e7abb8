use diesel::prelude::*;
use domain::{
    DisputeId, EventId, TransactionKey,
    payment::{DisputeEvent, DisputeStatus},
};

use super::reader::RowReader;
use crate::sql::schema::dispute_events;
use crate::sql::value::{SqlAmount, SqlTimestamp};

/// A dispute event as it is read. Its currency is the transaction's.
#[derive(Queryable, Selectable)]
#[diesel(table_name = dispute_events)]
pub(in crate::sql) struct DisputeRow {
    pub(in crate::sql) id: i64,
    pub(in crate::sql) transaction_key: i64,
    event_id: String,
    dispute_id: Option<String>,
    status: String,
    amount: SqlAmount,
    occurred_at: SqlTimestamp,
}

impl DisputeRow {
    /// The event, read with the currency of the transaction `of`, which an unreadable row is reported for.
    pub(super) fn into_dispute_event(self, of: RowReader<'_>, currency: &str) -> QueryResult<DisputeEvent> {
        let row = of.sibling_row("dispute_events", self.id);
        Ok(DisputeEvent {
            event: EventId::new(self.event_id),
            dispute: self.dispute_id.map(DisputeId::new),
            status: row.require_value(DisputeStatus::parse(&self.status), "status")?,
            amount: row.read_money(self.amount, currency, "amount")?,
            at: row.read_timestamp(self.occurred_at, "occurred_at")?,
        })
    }
}

/// A dispute event as it is written. Nothing refers to it by its row, so the database may choose the row's
/// key. The keys grow as events arrive, which decides between two of one gateway timestamp.
#[derive(Insertable)]
#[diesel(table_name = dispute_events, treat_none_as_default_value = false)]
pub(in crate::sql) struct NewDispute<'a> {
    transaction_key: i64,
    event_id: &'a str,
    dispute_id: Option<&'a str>,
    status: &'static str,
    amount: SqlAmount,
    occurred_at: SqlTimestamp,
}

impl<'a> NewDispute<'a> {
    pub(in crate::sql) fn new(transaction: TransactionKey, event: &'a DisputeEvent) -> Self {
        Self {
            transaction_key: transaction.get(),
            event_id: event.event.as_str(),
            dispute_id: event.dispute.as_ref().map(DisputeId::as_str),
            status: event.status.as_str(),
            amount: event.amount.into(),
            occurred_at: event.at.into(),
        }
    }
}
