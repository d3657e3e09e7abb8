use async_trait::async_trait;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    EventId, GatewayName, Timestamp, TransactionId,
    payment::{EventDisposition, EventTarget, NamedReference, StoredEvent},
};
use ports::{Batch, EventRepository, PortError, UnreadableRow};

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

    async fn list_waiting_events(
        &self,
        gateway: &GatewayName,
        transaction: &TransactionId,
        references: &[NamedReference],
    ) -> Result<Vec<StoredEvent>, PortError> {
        let (gateway, transaction) = (gateway.clone(), transaction.clone());
        let references = references.to_vec();
        let observer = self.observer();
        self.run_query(async move |conn: &mut Conn| {
            let query = payment_events::table
                .filter(payment_events::transaction_id.eq(transaction.as_str()))
                .filter(payment_events::gateway.eq(gateway.as_str()))
                .filter(payment_events::disposition.eq_any(WAITING))
                .order((payment_events::received_at.asc(), payment_events::id.asc()))
                .select(EventRow::as_select());
            let rows = IndexHint(Index::EVENTS_OF_TRANSACTION, CachedStatement(query)).load(conn).await?;
            if references.is_empty() {
                return read_readable_rows(&*observer, rows, EventRow::into_event);
            }
            let mut rows: Vec<_> =
                rows.into_iter().chain(load_by_reference(conn, &gateway, &references).await?).collect();
            rows.sort_by_key(EventRow::sort_key);
            let mut events = read_readable_rows(&*observer, rows, EventRow::into_event)?;
            // The query compares only the text, but the same text can name a payment and a refund.
            events.retain(|it| names_any(it, &transaction, &references));
            Ok(events)
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

/// Loads waiting events of a gateway that name one of the references by its text, whatever their kind, in no
/// order.
async fn load_by_reference(
    conn: &mut Conn,
    gateway: &GatewayName,
    references: &[NamedReference],
) -> QueryResult<Vec<EventRow>> {
    let texts = pad_keys(references.iter().map(|it| it.reference.as_str()).collect());
    let query = payment_events::table
        .filter(payment_events::reference.eq_any(texts))
        .filter(payment_events::gateway.eq(gateway.as_str()))
        .filter(payment_events::disposition.eq_any(WAITING))
        .select(EventRow::as_select());
    IndexHint(Index::EVENTS_OF_REFERENCE, CachedStatement(query)).load(conn).await
}

/// Whether the event names the transaction or one of its references.
fn names_any(event: &StoredEvent, transaction: &TransactionId, references: &[NamedReference]) -> bool {
    match &event.target {
        Some(EventTarget::Transaction(id)) => id == transaction,
        Some(EventTarget::Reference(named)) => references.contains(named),
        None => false,
    }
}
