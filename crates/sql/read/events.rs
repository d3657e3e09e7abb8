use async_trait::async_trait;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    EventId, GatewayName, Timestamp, TransactionId,
    payment::{Disposition, EventTarget, NamedReference, StoredEvent},
};
use ports::{Batch, EventRepository, PortError, Unreadable};

use super::{each_or_unreadable, each_readable, length};
use crate::connection::{Conn, Database};
use crate::sql::along::{Along, Index};
use crate::sql::row::EventRow;
use crate::sql::schema::{gateway_references, payment_events, payment_transactions};
use crate::sql::value::Stamp;

/// What an event is that waits.
const WAITING: [&str; 3] =
    [Disposition::Waiting.as_str(), Disposition::Parked.as_str(), Disposition::Overdue.as_str()];

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
        references: &[NamedReference],
    ) -> Result<Vec<StoredEvent>, PortError> {
        let (gateway, transaction) = (gateway.clone(), transaction.clone());
        let references = references.to_vec();
        let witness = self.witness();
        self.read(async move |conn: &mut Conn| {
            let query = payment_events::table
                .filter(payment_events::transaction_id.eq(transaction.as_str()))
                .filter(payment_events::gateway.eq(gateway.as_str()))
                .filter(payment_events::disposition.eq_any(WAITING))
                .order((payment_events::received_at.asc(), payment_events::id.asc()))
                .select(EventRow::as_select());
            let rows = Along(Index::EVENTS_OF_TRANSACTION, query).load(conn).await?;
            if references.is_empty() {
                return each_readable(&*witness, rows, EventRow::read);
            }
            let mut rows: Vec<_> =
                rows.into_iter().chain(named(conn, &gateway, &references).await?).collect();
            rows.sort_by_key(EventRow::place);
            let mut events = each_readable(&*witness, rows, EventRow::read)?;
            // A text may name a payment and, elsewhere, a refund.
            events.retain(|it| is_of(it, &transaction, &references));
            Ok(events)
        })
        .await
    }

    async fn applicable(&self, batch: Batch) -> Result<Vec<Result<StoredEvent, Unreadable>>, PortError> {
        let witness = self.witness();
        self.read_snapshot(async move |conn: &mut Conn| {
            let up_to = batch.skip.saturating_add(batch.limit);
            let mut rows = known(conn, Disposition::Parked, up_to).await?;
            rows.extend(known(conn, Disposition::Overdue, up_to).await?);
            rows.extend(known_by_reference(conn, Disposition::Parked, up_to).await?);
            rows.extend(known_by_reference(conn, Disposition::Overdue, up_to).await?);
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

/// Events that stand there and name a reference which is known, oldest first. No statement of its own looks for both: an
/// `OR` over two tables reads all of one.
async fn known_by_reference(
    conn: &mut Conn,
    disposition: Disposition,
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
    Along(Index::EVENTS_OF_DISPOSITION, query).load(conn).await
}

/// Events of that gateway that wait and name one of these texts, in no order.
async fn named(
    conn: &mut Conn,
    gateway: &GatewayName,
    references: &[NamedReference],
) -> QueryResult<Vec<EventRow>> {
    let texts: Vec<_> = references.iter().map(|it| it.reference.as_str()).collect();
    let query = payment_events::table
        .filter(payment_events::reference.eq_any(texts))
        .filter(payment_events::gateway.eq(gateway.as_str()))
        .filter(payment_events::disposition.eq_any(WAITING))
        .select(EventRow::as_select());
    Along(Index::EVENTS_OF_REFERENCE, query).load(conn).await
}

/// Whether the event names that transaction, or one of those references.
fn is_of(event: &StoredEvent, transaction: &TransactionId, references: &[NamedReference]) -> bool {
    match &event.target {
        Some(EventTarget::Transaction(id)) => id == transaction,
        Some(EventTarget::Reference(named)) => references.contains(named),
        None => false,
    }
}
