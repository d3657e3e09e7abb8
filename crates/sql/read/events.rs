use async_trait::async_trait;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    EventId, GatewayName, Timestamp, Transaction,
    payment::{EventDisposition, StoredEvent},
};
use ports::{Batch, EventRepository, PortError, UnreadableObserver, UnreadableRow, is_event_about};

use super::{read_each_row, read_readable_rows, to_usize};
use crate::connection::{Conn, Database};
use crate::sql::cached_statement::{CachedStatement, pad_keys};
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::row::EventRow;
use crate::sql::schema::{gateway_references, payment_events, payment_transactions};
use crate::sql::value::SqlTimestamp;

/// The dispositions of events that wait.
const WAITING: [&str; 3] = [
    EventDisposition::Waiting.as_str(),
    EventDisposition::Parked.as_str(),
    EventDisposition::Overdue.as_str(),
];

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

    async fn list_stored_ids(
        &self,
        gateway: &GatewayName,
        ids: &[EventId],
    ) -> Result<Vec<EventId>, PortError> {
        let (gateway, observer) = (gateway.clone(), self.observer());
        let ids = pad_keys(ids.iter().map(|it| it.as_str().to_owned()).collect());
        self.run_query(async move |conn: &mut Conn| {
            let query = payment_events::table
                .filter(payment_events::gateway.eq(gateway.as_str()))
                .filter(payment_events::event_id.eq_any(&ids))
                .select(EventRow::as_select());
            let rows: Vec<EventRow> = CachedStatement(query).load(conn).await?;
            let stored = rows.iter().map(EventRow::public_id).collect();
            // Read for its report only: a repeated notice may be all that ever meets an unreadable row.
            read_readable_rows(&*observer, rows, EventRow::into_event)?;
            Ok(stored)
        })
        .await
    }

    async fn list_applicable_events(
        &self,
        batch: Batch,
    ) -> Result<Vec<Result<StoredEvent, UnreadableRow>>, PortError> {
        let observer = self.observer();
        self.run_snapshot(async move |conn: &mut Conn| {
            // Two dispositions are two ranges of the index, and one `OR` over both would have to sort. Events
            // that name a transaction and those that name a reference need queries of their own, too. Each of
            // the four is read as far as the batch can reach into it, and the oldest of all together are the
            // batch.
            let up_to = batch.skip.saturating_add(batch.limit);
            let mut rows = load_applicable_rows(conn, EventDisposition::Parked, up_to).await?;
            rows.extend(load_applicable_rows(conn, EventDisposition::Overdue, up_to).await?);
            rows.extend(load_applicable_by_reference(conn, EventDisposition::Parked, up_to).await?);
            rows.extend(load_applicable_by_reference(conn, EventDisposition::Overdue, up_to).await?);
            rows.sort_by_key(EventRow::sort_key);
            let batch = rows.into_iter().skip(to_usize(batch.skip)).take(to_usize(batch.limit)).collect();
            read_each_row(&*observer, batch, EventRow::into_event)
        })
        .await
    }

    async fn list_overdue_events(
        &self,
        before: Timestamp,
        batch: Batch,
    ) -> Result<Vec<Result<StoredEvent, UnreadableRow>>, PortError> {
        let observer = self.observer();
        self.run_query(async move |conn: &mut Conn| {
            let query = payment_events::table
                .filter(payment_events::disposition.eq(EventDisposition::Parked.as_str()))
                .filter(payment_events::received_at.le(SqlTimestamp::from(before)))
                .order((payment_events::received_at.asc(), payment_events::id.asc()))
                .limit(i64::from(batch.limit))
                .offset(i64::from(batch.skip))
                .select(EventRow::as_select());
            read_each_row(
                &*observer,
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

/// Loads events of a disposition whose reference is known by now, oldest first. This query is separate from
/// [`load_applicable_rows`], because an `OR` over two tables would read one of them completely.
async fn load_applicable_by_reference(
    conn: &mut Conn,
    disposition: EventDisposition,
    limit: u32,
) -> QueryResult<Vec<EventRow>> {
    let known = gateway_references::table
        .filter(gateway_references::gateway.eq(payment_events::gateway))
        .filter(gateway_references::kind.nullable().eq(payment_events::reference_kind))
        .filter(gateway_references::reference.nullable().eq(payment_events::reference));
    let query = payment_events::table
        .filter(payment_events::disposition.eq(disposition.as_str()))
        .filter(exists(known))
        .order((payment_events::received_at.asc(), payment_events::id.asc()))
        .limit(i64::from(limit))
        .select(EventRow::as_select());
    IndexHint(Index::EVENTS_OF_DISPOSITION, query).load(conn).await
}

/// Loads the readable events that wait for one of these transactions, oldest first.
pub(super) async fn load_waiting_events(
    conn: &mut Conn,
    observer: &dyn UnreadableObserver,
    transactions: &[Transaction],
) -> QueryResult<Vec<StoredEvent>> {
    if transactions.is_empty() {
        return Ok(Vec::new());
    }
    let ids = pad_keys(transactions.iter().map(|it| it.id.as_str()).collect());
    let query = payment_events::table
        .filter(payment_events::transaction_id.eq_any(ids))
        .filter(payment_events::disposition.eq_any(WAITING))
        .select(EventRow::as_select());
    let mut rows: Vec<EventRow> =
        IndexHint(Index::EVENTS_OF_TRANSACTION, CachedStatement(query)).load(conn).await?;
    rows.extend(load_by_reference(conn, transactions).await?);
    rows.sort_by_key(EventRow::sort_key);
    let mut events = read_readable_rows(observer, rows, EventRow::into_event)?;
    // The queries compare only texts, but two gateways can have the same id, and the same text can name a payment
    // and a refund.
    events.retain(|event| transactions.iter().any(|it| is_event_about(event, it)));
    Ok(events)
}

/// Loads waiting events that name one of the transactions' references by its text, whatever their gateway and kind,
/// in no order.
async fn load_by_reference(conn: &mut Conn, transactions: &[Transaction]) -> QueryResult<Vec<EventRow>> {
    let texts: Vec<_> =
        transactions.iter().flat_map(|it| &it.references).map(|it| it.reference.as_str()).collect();
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    let query = payment_events::table
        .filter(payment_events::reference.eq_any(pad_keys(texts)))
        .filter(payment_events::disposition.eq_any(WAITING))
        .select(EventRow::as_select());
    IndexHint(Index::EVENTS_OF_REFERENCE, CachedStatement(query)).load(conn).await
}
