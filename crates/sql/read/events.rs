use async_trait::async_trait;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    EventId, GatewayName, Timestamp, TransactionId,
    payment::{EventDisposition, StoredEvent},
};
use ports::{Batch, EventRepository, PortError, UnreadableRow};

use super::{read_each_row, read_readable_rows, to_usize};
use crate::connection::{Conn, Database};
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::row::EventRow;
use crate::sql::schema::{payment_events, payment_transactions};
use crate::sql::value::SqlTimestamp;

#[async_trait]
impl EventRepository for Database {
    async fn find_event(
        &self,
        gateway: &GatewayName,
        id: &EventId,
    ) -> Result<Option<StoredEvent>, PortError> {
        let (gateway, id) = (gateway.clone(), id.clone());
        self.run_query(async move |conn: &mut Conn| {
            let query = payment_events::table
                .filter(payment_events::gateway.eq(gateway.as_str()))
                .filter(payment_events::event_id.eq(id.as_str()))
                .select(EventRow::as_select());
            query.first(conn).await.optional()?.map(EventRow::into_event).transpose()
        })
        .await
    }

    async fn list_waiting_events(
        &self,
        gateway: &GatewayName,
        transaction: &TransactionId,
    ) -> Result<Vec<StoredEvent>, PortError> {
        let (gateway, transaction) = (gateway.clone(), transaction.clone());
        let witness = self.observer();
        self.run_query(async move |conn: &mut Conn| {
            // A transaction has few events, so the disposition may be compared row by row behind the index.
            let waits = payment_events::disposition
                .eq(EventDisposition::Waiting.as_str())
                .or(payment_events::disposition.eq(EventDisposition::Parked.as_str()))
                .or(payment_events::disposition.eq(EventDisposition::Overdue.as_str()));
            let query = payment_events::table
                .filter(payment_events::transaction_id.eq(transaction.as_str()))
                .filter(payment_events::gateway.eq(gateway.as_str()))
                .filter(waits)
                .order((payment_events::received_at.asc(), payment_events::id.asc()))
                .select(EventRow::as_select());
            read_readable_rows(
                &*witness,
                IndexHint(Index::EVENTS_OF_TRANSACTION, query).load(conn).await?,
                EventRow::into_event,
            )
        })
        .await
    }

    async fn list_applicable_events(
        &self,
        batch: Batch,
    ) -> Result<Vec<Result<StoredEvent, UnreadableRow>>, PortError> {
        let witness = self.observer();
        self.run_snapshot(async move |conn: &mut Conn| {
            // Two dispositions are two ranges of the index, and one `OR` over both would have to sort. Each
            // is read as far as the batch can reach into it, and the oldest of both together are the batch.
            let up_to = batch.skip.saturating_add(batch.limit);
            let mut rows = load_applicable_rows(conn, EventDisposition::Parked, up_to).await?;
            rows.extend(load_applicable_rows(conn, EventDisposition::Overdue, up_to).await?);
            rows.sort_by_key(EventRow::sort_key);
            let batch = rows.into_iter().skip(to_usize(batch.skip)).take(to_usize(batch.limit)).collect();
            read_each_row(&*witness, batch, EventRow::into_event)
        })
        .await
    }

    async fn list_overdue_events(
        &self,
        before: Timestamp,
        batch: Batch,
    ) -> Result<Vec<Result<StoredEvent, UnreadableRow>>, PortError> {
        let witness = self.observer();
        self.run_query(async move |conn: &mut Conn| {
            let query = payment_events::table
                .filter(payment_events::disposition.eq(EventDisposition::Parked.as_str()))
                .filter(payment_events::received_at.le(SqlTimestamp::from(before)))
                .order((payment_events::received_at.asc(), payment_events::id.asc()))
                .limit(i64::from(batch.limit))
                .offset(i64::from(batch.skip))
                .select(EventRow::as_select());
            read_each_row(
                &*witness,
                IndexHint(Index::EVENTS_OF_DISPOSITION, query).load(conn).await?,
                EventRow::into_event,
            )
        })
        .await
    }
}

/// Loads events of a disposition whose transaction exists by now, oldest first.
async fn load_applicable_rows(
    conn: &mut Conn,
    disposition: EventDisposition,
    limit: u32,
) -> QueryResult<Vec<EventRow>> {
    let known = payment_transactions::table
        .filter(payment_transactions::transaction_id.nullable().eq(payment_events::transaction_id))
        .filter(payment_transactions::gateway.eq(payment_events::gateway));
    let query = payment_events::table
        .filter(payment_events::disposition.eq(disposition.as_str()))
        .filter(exists(known))
        .order((payment_events::received_at.asc(), payment_events::id.asc()))
        .limit(i64::from(limit))
        .select(EventRow::as_select());
    IndexHint(Index::EVENTS_OF_DISPOSITION, query).load(conn).await
}
