use async_trait::async_trait;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    EventId, EventKey, GatewayName, Timestamp, Transaction,
    payment::{EventDisposition, StoredEvent},
};
use ports::{
    Batch, EventPosition, EventRepository, OverdueStretch, Page, PortError, UnreadableObserver,
    UnreadableRow, is_event_about,
};

use super::{limit_plus_one, read_each_row, read_page, read_readable_rows, to_usize};
use crate::connection::{Conn, Database};
use crate::sql::cached_statement::{CachedStatement, pad_keys};
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::row::EventRow;
use crate::sql::schema::{gateway_references, payment_events, payment_transactions};
use crate::sql::shelf::{On, Shelf};
use crate::sql::value::SqlTimestamp;

/// The dispositions of events that may still be applied.
pub(crate) const OPEN: [&str; 3] = [
    EventDisposition::Waiting.as_str(),
    EventDisposition::Parked.as_str(),
    EventDisposition::Overdue.as_str(),
];

/// The most references of one transaction whose events are listed: far more than the refunds and disputes that a payment
/// has.
const REFERENCES_MAX: usize = 100;

#[async_trait]
impl EventRepository for Database {
    async fn find_event(
        &self,
        gateway: &GatewayName,
        id: &EventId,
    ) -> Result<Option<StoredEvent>, PortError> {
        let (gateway, id) = (gateway.clone(), id.clone());
        self.run_snapshot(async move |conn: &mut Conn| {
            for shelf in Shelf::BOTH {
                let query = payment_events::table
                    .filter(payment_events::gateway.eq(gateway.as_str()))
                    .filter(payment_events::event_id.eq(id.as_str()))
                    .select(EventRow::as_select());
                let found: Option<EventRow> = On(shelf, query).get_result(conn).await.optional()?;
                if let Some(row) = found {
                    return row.into_event().map(Some);
                }
            }
            Ok(None)
        })
        .await
    }

    async fn list_stored_ids(
        &self,
        gateway: &GatewayName,
        ids: &[EventId],
    ) -> Result<Vec<EventId>, PortError> {
        let (gateway, ids, observer) = (gateway.clone(), ids.to_vec(), self.observer());
        // A notice of an archived order is a duplicate, too. No third look, as for an order: a notice that comes back to the
        // record between the two is refused by its unique key.
        self.run_query(async move |conn: &mut Conn| {
            let (mut missing, mut stored) = (ids.clone(), Vec::new());
            for shelf in Shelf::BOTH {
                if missing.is_empty() {
                    break;
                }
                stored.extend(load_stored_ids(conn, &*observer, shelf, &gateway, &missing).await?);
                missing.retain(|id| !stored.contains(id));
            }
            Ok(stored)
        })
        .await
    }

    async fn list_events_about(
        &self,
        transaction: &Transaction,
        after: Option<EventId>,
        limit: u32,
    ) -> Result<Page<StoredEvent>, PortError> {
        let (transaction, observer) = (transaction.clone(), self.observer());
        self.run_snapshot(async move |conn: &mut Conn| {
            let last = match &after {
                Some(after) => match find_event_key(conn, &transaction.gateway, after).await? {
                    Some(key) => key,
                    None => return Ok(Page::EMPTY),
                },
                // Every key is above zero.
                None => 0,
            };
            let mut rows = Vec::new();
            // Both: a notice that repeats what is known of an archived transaction is stored in the record.
            for shelf in Shelf::BOTH {
                rows.extend(load_rows_about(conn, shelf, &transaction, last, limit).await?);
            }
            rows.sort_by_key(EventRow::key);
            read_page(&*observer, rows, limit, |row| row.public_id().to_string(), EventRow::into_event)
        })
        .await
    }

    async fn list_applicable_events(
        &self,
        batch: Batch,
    ) -> Result<Vec<Result<StoredEvent, UnreadableRow>>, PortError> {
        let observer = self.observer();
        self.run_snapshot(async move |conn: &mut Conn| {
            // Events that name a transaction and those that name a reference need queries of their own. Each is
            // read as far as the batch can reach into it, and the oldest of both together are the batch.
            let up_to = batch.skip.saturating_add(batch.limit);
            let parked = Reach::whole_list(EventDisposition::Parked, up_to);
            let mut rows = load_applicable_rows(conn, parked).await?;
            rows.extend(load_applicable_by_reference(conn, parked).await?);
            rows.sort_by_key(EventRow::sort_key);
            let batch = rows.into_iter().skip(to_usize(batch.skip)).take(to_usize(batch.limit)).collect();
            read_each_row(&*observer, batch, EventRow::into_event)
        })
        .await
    }

    async fn list_applicable_overdue(
        &self,
        after: Option<EventPosition>,
        rows_max: u32,
    ) -> Result<OverdueStretch, PortError> {
        let observer = self.observer();
        self.run_snapshot(async move |conn: &mut Conn| {
            let after = after.map(|it| (SqlTimestamp::from(it.at), it.key.get()));
            let last = last_of_stretch(conn, after, rows_max).await?;
            let limit = rows_max;
            let overdue = Reach { disposition: EventDisposition::Overdue, after, last, limit };
            let mut rows = load_applicable_rows(conn, overdue).await?;
            rows.extend(load_applicable_by_reference(conn, overdue).await?);
            rows.sort_by_key(EventRow::sort_key);
            // A position whose time cannot be read is none, and the next walk begins at the oldest event.
            let next =
                last.and_then(|(at, key)| Some(EventPosition { at: at.get()?, key: EventKey::new(key) }));
            Ok(OverdueStretch { applicable: read_each_row(&*observer, rows, EventRow::into_event)?, next })
        })
        .await
    }

    async fn list_old_events(
        &self,
        disposition: EventDisposition,
        before: Timestamp,
        batch: Batch,
    ) -> Result<Vec<Result<StoredEvent, UnreadableRow>>, PortError> {
        let observer = self.observer();
        self.run_query(async move |conn: &mut Conn| {
            let query = payment_events::table
                .filter(payment_events::disposition.eq(disposition.as_str()))
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

/// The row key of an event.
async fn find_event_key(conn: &mut Conn, gateway: &GatewayName, id: &EventId) -> QueryResult<Option<i64>> {
    for shelf in Shelf::BOTH {
        let query = payment_events::table
            .filter(payment_events::gateway.eq(gateway.as_str()))
            .filter(payment_events::event_id.eq(id.as_str()))
            .select(payment_events::id);
        if let Some(key) = On(shelf, query).get_result(conn).await.optional()? {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

/// Loads the events behind that row that name a transaction or one of its references, oldest first, one more than a page.
async fn load_rows_about(
    conn: &mut Conn,
    shelf: Shelf,
    transaction: &Transaction,
    last: i64,
    limit: u32,
) -> QueryResult<Vec<EventRow>> {
    let query = payment_events::table
        .filter(payment_events::transaction_id.eq(transaction.id.as_str()))
        .filter(payment_events::gateway.eq(transaction.gateway.as_str()))
        .filter(payment_events::id.gt(last))
        .order(payment_events::id.asc())
        .limit(limit_plus_one(limit))
        .select(EventRow::as_select());
    let hint = Index::EVENTS_OF_TRANSACTION.on(shelf);
    let mut rows: Vec<EventRow> = IndexHint(hint, On(shelf, query)).load(conn).await?;
    // A statement for each reference, read along its part of the index: one for all would have to sort every event of
    // all of them.
    for reference in transaction.references.iter().take(REFERENCES_MAX) {
        let named = reference.name();
        let query = payment_events::table
            .filter(payment_events::reference.eq(named.reference.as_str()))
            .filter(payment_events::gateway.eq(transaction.gateway.as_str()))
            .filter(payment_events::reference_kind.eq(named.kind.as_str()))
            .filter(payment_events::id.gt(last))
            .order(payment_events::id.asc())
            .limit(limit_plus_one(limit))
            .select(EventRow::as_select());
        let hint = Index::EVENTS_OF_REFERENCE.on(shelf);
        rows.extend(IndexHint(hint, On(shelf, query)).load::<EventRow>(conn).await?);
    }
    Ok(rows)
}

/// The ids of those events of a gateway that are stored on a shelf.
async fn load_stored_ids(
    conn: &mut Conn,
    observer: &dyn UnreadableObserver,
    shelf: Shelf,
    gateway: &GatewayName,
    ids: &[EventId],
) -> QueryResult<Vec<EventId>> {
    let ids = pad_keys(ids.iter().map(|it| it.as_str().to_owned()).collect());
    let query = payment_events::table
        .filter(payment_events::gateway.eq(gateway.as_str()))
        .filter(payment_events::event_id.eq_any(&ids))
        .select(EventRow::as_select());
    let rows: Vec<EventRow> = On(shelf, CachedStatement(query)).load(conn).await?;
    let stored = rows.iter().map(EventRow::public_id).collect();
    // Read for its report only: a repeated notice may be all that ever meets an unreadable row.
    read_readable_rows(observer, rows, EventRow::into_event)?;
    Ok(stored)
}

/// The place of an event among those of its disposition: when it was received, then its row key.
type Position = (SqlTimestamp, i64);

/// A part of the events of a disposition, oldest first.
#[derive(Clone, Copy)]
struct Reach {
    disposition: EventDisposition,
    /// The last event before the part.
    after: Option<Position>,
    /// The last event of the part; `None` if it goes on to the newest one.
    last: Option<Position>,
    /// The most events to return.
    limit: u32,
}

impl Reach {
    const fn whole_list(disposition: EventDisposition, limit: u32) -> Self {
        Self { disposition, after: None, last: None, limit }
    }
}

/// Adds a part to a query. A macro, because every query has a type of its own.
macro_rules! within_reach {
    ($query:expr, $reach:ident) => {{
        let mut query = $query
            .filter(payment_events::disposition.eq($reach.disposition.as_str()))
            .select(EventRow::as_select())
            .into_boxed();
        // The first condition of each is redundant beside the `OR`, but only it is seen as a range of the index.
        if let Some((at, key)) = $reach.after {
            let beside = payment_events::received_at.eq(at).and(payment_events::id.gt(key));
            let behind = payment_events::received_at.gt(at).or(beside);
            query = query.filter(payment_events::received_at.ge(at)).filter(behind);
        }
        if let Some((at, key)) = $reach.last {
            let beside = payment_events::received_at.eq(at).and(payment_events::id.le(key));
            let before = payment_events::received_at.lt(at).or(beside);
            query = query.filter(payment_events::received_at.le(at)).filter(before);
        }
        query
            .order((payment_events::received_at.asc(), payment_events::id.asc()))
            .limit(i64::from($reach.limit))
    }};
}

/// The last of the next `rows_max` overdue events; `None` if there are not more than those.
async fn last_of_stretch(
    conn: &mut Conn,
    after: Option<Position>,
    rows_max: u32,
) -> QueryResult<Option<Position>> {
    let mut query = payment_events::table
        .filter(payment_events::disposition.eq(EventDisposition::Overdue.as_str()))
        .select((payment_events::received_at, payment_events::id))
        .into_boxed();
    if let Some((at, key)) = after {
        let beside = payment_events::received_at.eq(at).and(payment_events::id.gt(key));
        let behind = payment_events::received_at.gt(at).or(beside);
        query = query.filter(payment_events::received_at.ge(at)).filter(behind);
    }
    let oldest_first = (payment_events::received_at.asc(), payment_events::id.asc());
    let query = query.order(oldest_first).limit(i64::from(rows_max));
    // All of them and not one with an offset: what the index holds is all that is read, and the end of the list is seen.
    let rows: Vec<Position> = IndexHint(Index::EVENTS_OF_DISPOSITION, query).load(conn).await?;
    Ok(rows.last().copied().filter(|_| rows.len() >= to_usize(rows_max)))
}

/// Loads events of a part whose transaction exists by now, oldest first.
async fn load_applicable_rows(conn: &mut Conn, reach: Reach) -> QueryResult<Vec<EventRow>> {
    let known = payment_transactions::table
        .filter(payment_transactions::transaction_id.nullable().eq(payment_events::transaction_id))
        .filter(payment_transactions::gateway.eq(payment_events::gateway));
    let query = within_reach!(payment_events::table.filter(exists(known)), reach);
    IndexHint(Index::EVENTS_OF_DISPOSITION, query).load(conn).await
}

/// Loads events of a part whose reference is known by now, oldest first. This query is separate from
/// [`load_applicable_rows`], because an `OR` over two tables would read one of them completely.
async fn load_applicable_by_reference(conn: &mut Conn, reach: Reach) -> QueryResult<Vec<EventRow>> {
    let known = gateway_references::table
        .filter(gateway_references::gateway.eq(payment_events::gateway))
        .filter(gateway_references::kind.nullable().eq(payment_events::reference_kind))
        .filter(gateway_references::reference.nullable().eq(payment_events::reference));
    let query = within_reach!(payment_events::table.filter(exists(known)), reach);
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
        .filter(payment_events::disposition.eq_any(OPEN))
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
        .filter(payment_events::disposition.eq_any(OPEN))
        .select(EventRow::as_select());
    IndexHint(Index::EVENTS_OF_REFERENCE, CachedStatement(query)).load(conn).await
}
