use diesel::prelude::*;
use domain::{
    DisputeId, EventId, TransactionKey,
    payment::{DisputeEvent, DisputeStatus},
};

use super::reading::Reading;
use crate::sql::schema::dispute_events;
use crate::sql::value::{Parts, Stamp};

/// A word about a dispute as it is read. Its currency is the transaction's.
#[derive(Queryable, Selectable)]
#[diesel(table_name = dispute_events)]
pub(in crate::sql) struct DisputeRow {
    id: i64,
    event_id: String,
    dispute_id: Option<String>,
    status: String,
    amount: Parts,
    occurred_at: Stamp,
}

impl DisputeRow {
    /// A word about a dispute of that transaction.
    pub(super) fn read(self, of: Reading<'_>, currency: &str) -> QueryResult<DisputeEvent> {
        let row = of.beside("dispute_events", self.id);
        Ok(DisputeEvent {
            event: EventId::new(self.event_id),
            dispute: self.dispute_id.map(DisputeId::new),
            status: row.known(DisputeStatus::parse(&self.status), "status")?,
            amount: row.money(self.amount, currency, "amount")?,
            at: row.moment(self.occurred_at, "occurred_at")?,
        })
    }
}

/// A word about a dispute as it is written. Nothing names it by its row, so the database may choose that.
#[derive(Insertable)]
#[diesel(table_name = dispute_events, treat_none_as_default_value = false)]
pub(in crate::sql) struct NewDispute<'a> {
    transaction_key: i64,
    event_id: &'a str,
    dispute_id: Option<&'a str>,
    status: &'static str,
    amount: Parts,
    occurred_at: Stamp,
}

impl<'a> NewDispute<'a> {
    pub(in crate::sql) fn of(transaction: TransactionKey, event: &'a DisputeEvent) -> Self {
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
