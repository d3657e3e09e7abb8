use async_trait::async_trait;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    EventId, GatewayName, Timestamp, TransactionId,
    payment::{Disposition, StoredEvent},
};
use ports::{Batch, EventRepository, PortError, Unreadable};

use super::{each_or_unreadable, each_readable, length};
use crate::connection::{Conn, Database};
use crate::sql::along::{Along, Index};
use crate::sql::row::EventRow;
use crate::sql::schema::{payment_events, payment_transactions};
use crate::sql::value::Stamp;

#[async_trait]
impl EventRepository for Database {
    async fn find(&self, gateway: &GatewayName, id: &EventId) -> Result<Option<StoredEvent>, PortError> {
        let (gateway, id) = (gateway.clone(), id.clone());
        self.read(async move |conn: &mut Conn| {
            let query = payment_events::table
                .filter(payment_events::gateway.eq(gateway.as_str()))
                .filter(payment_events::event_id.eq(id.as_str()))
                .select(EventRow::as_select());
            query.first(conn).await.optional()?.map(EventRow::read).transpose()
        })
        .await
    }

    async fn waiting(
        &self,
        gateway: &GatewayName,
        transaction: &TransactionId,
    ) -> Result<Vec<StoredEvent>, PortError> {
        let (gateway, transaction) = (gateway.clone(), transaction.clone());
        let witness = self.witness();
        self.read(async move |conn: &mut Conn| {
            let waits = payment_events::disposition
                .eq(Disposition::Waiting.as_str())
                .or(payment_events::disposition.eq(Disposition::Parked.as_str()))
                .or(payment_events::disposition.eq(Disposition::Overdue.as_str()));
            let query = payment_events::table
                .filter(payment_events::transaction_id.eq(transaction.as_str()))
                .filter(payment_events::gateway.eq(gateway.as_str()))
                .filter(waits)
                .order((payment_events::received_at.asc(), payment_events::id.asc()))
                .select(EventRow::as_select());
            each_readable(
                &*witness,
                Along(Index::EVENTS_OF_TRANSACTION, query).load(conn).await?,
                EventRow::read,
            )
        })
        .await
    }

    async fn applicable(&self, batch: Batch) -> Result<Vec<Result<StoredEvent, Unreadable>>, PortError> {
        let witness = self.witness();
        self.read_snapshot(async move |conn: &mut Conn| {
            let up_to = batch.skip.saturating_add(batch.limit);
            let mut rows = known(conn, Disposition::Parked, up_to).await?;
            rows.extend(known(conn, Disposition::Overdue, up_to).await?);
            rows.sort_by_key(EventRow::place);
            let batch = rows.into_iter().skip(length(batch.skip)).take(length(batch.limit)).collect();
            each_or_unreadable(&*witness, batch, EventRow::read)
        })
        .await
    }

    async fn overdue(
        &self,
        before: Timestamp,
        batch: Batch,
    ) -> Result<Vec<Result<StoredEvent, Unreadable>>, PortError> {
        let witness = self.witness();
        self.read(async move |conn: &mut Conn| {
            let query = payment_events::table
                .filter(payment_events::disposition.eq(Disposition::Parked.as_str()))
                .filter(payment_events::received_at.le(Stamp::from(before)))
                .order((payment_events::received_at.asc(), payment_events::id.asc()))
                .limit(i64::from(batch.limit))
                .offset(i64::from(batch.skip))
                .select(EventRow::as_select());
            each_or_unreadable(
                &*witness,
                Along(Index::EVENTS_OF_DISPOSITION, query).load(conn).await?,
                EventRow::read,
            )
        })
        .await
    }
}

/// Events that stand there and whose transaction is known, oldest first.
async fn known(conn: &mut Conn, disposition: Disposition, limit: u32) -> QueryResult<Vec<EventRow>> {
    let known = payment_transactions::table
        .filter(payment_transactions::transaction_id.nullable().eq(payment_events::transaction_id))
        .filter(payment_transactions::gateway.eq(payment_events::gateway));
    let query = payment_events::table
        .filter(payment_events::disposition.eq(disposition.as_str()))
        .filter(exists(known))
        .order((payment_events::received_at.asc(), payment_events::id.asc()))
        .limit(i64::from(limit))
        .select(EventRow::as_select());
    Along(Index::EVENTS_OF_DISPOSITION, query).load(conn).await
}
