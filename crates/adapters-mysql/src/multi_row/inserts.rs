//! Multi-row `INSERT`s; a chunk size from `insert_length` keeps few prepared statements.

use diesel::QueryResult;
use diesel_async::RunQueryDsl;
use domain::{Order, order::HistoryEntry};
use ports::{StoredAttempt, Write};

use super::{RunOutcome, insert_length};
use crate::connection::Conn;
use crate::sql::cached_statement::CachedStatement;
use crate::sql::row::{
    AttemptRow, DetailsRow, EventRow, HistoryRow, NewClaim, NewItem, NewReferenceRow, NewRequest, OrderRow,
    TransactionRow,
};
use crate::sql::schema::{
    gateway_attempts, gateway_references, idempotency_claims, order_details, order_items,
    order_status_history, orders, payment_events, payment_requests, payment_transactions,
};

/// Inserts rows into a table, a chunk at a time. A macro, because the type of an insert names its table and row.
macro_rules! insert_rows {
    ($conn:expr, $table:expr, $rows:expr) => {
        async {
            let rows = $rows;
            let mut rest = rows.as_slice();
            while !rest.is_empty() {
                let (chunk, more) = rest.split_at(insert_length(rest.len()));
                CachedStatement(diesel::insert_into($table).values(chunk)).execute($conn).await?;
                rest = more;
            }
            QueryResult::Ok(())
        }
    };
}

pub(super) use insert_rows;

/// Inserts the rows of a run, if its kind is one that only inserts.
pub(super) async fn insert_run(conn: &mut Conn, run: &[Write]) -> QueryResult<RunOutcome> {
    let outcome = if let Some(claims) = pick_all(run, pick_claim) {
        insert_rows!(conn, idempotency_claims::table, claims).await
    } else if let Some(events) = pick_all(run, pick_event) {
        insert_rows!(conn, payment_events::table, events).await
    } else if let Some(new) = pick_all(run, pick_order) {
        insert_orders(conn, &new).await
    } else if let Some(new) = pick_all(run, pick_transaction) {
        insert_rows!(conn, payment_transactions::table, new).await
    } else if let Some(requests) = pick_all(run, pick_request) {
        insert_rows!(conn, payment_requests::table, requests).await
    } else if let Some(references) = pick_all(run, pick_reference) {
        insert_rows!(conn, gateway_references::table, references).await
    } else if let Some(attempts) = pick_all(run, pick_attempts) {
        let attempts: Vec<_> = attempts.into_iter().flatten().map(AttemptRow::from).collect();
        insert_rows!(conn, gateway_attempts::table, attempts).await
    } else {
        return Ok(RunOutcome::OneByOne);
    };
    RunOutcome::from_insert(outcome)
}

fn pick_claim(write: &Write) -> Option<NewClaim<'_>> {
    if let Write::Claim(claim) = write { Some(NewClaim::from(claim)) } else { None }
}

fn pick_event(write: &Write) -> Option<EventRow> {
    if let Write::InsertEvent(event) = write { Some(EventRow::from(event)) } else { None }
}

fn pick_order(write: &Write) -> Option<(&Order, &HistoryEntry)> {
    if let Write::InsertOrder { order, entry } = write { Some((order.as_ref(), entry)) } else { None }
}

/// A transaction that has nothing in other tables, as every new one without metadata.
fn pick_transaction(write: &Write) -> Option<TransactionRow> {
    let Write::InsertTransaction(new) = write else { return None };
    let is_alone =
        new.metadata.is_empty() && new.refunds.is_empty() && new.facts.as_raw().disputes.is_empty();
    is_alone.then(|| TransactionRow::from(new.as_ref()))
}

fn pick_request(write: &Write) -> Option<NewRequest> {
    if let Write::InsertRequest(request) = write { Some(NewRequest::from(request)) } else { None }
}

fn pick_reference(write: &Write) -> Option<NewReferenceRow<'_>> {
    let Write::LearnReference(gateway, new) = write else { return None };
    Some(NewReferenceRow::new(gateway, new))
}

fn pick_attempts(write: &Write) -> Option<&[StoredAttempt]> {
    if let Write::InsertAttempts(all) = write { Some(all) } else { None }
}

/// Inserts lines of orders.
pub(crate) async fn insert_item_rows(conn: &mut Conn, rows: Vec<NewItem<'_>>) -> QueryResult<()> {
    insert_rows!(conn, order_items::table, rows).await
}

async fn insert_orders(conn: &mut Conn, new: &[(&Order, &HistoryEntry)]) -> QueryResult<()> {
    let rows: Vec<_> = new.iter().map(|(order, _)| OrderRow::from(*order)).collect();
    insert_rows!(conn, orders::table, rows).await?;
    let items: Vec<_> = new.iter().flat_map(|(order, _)| NewItem::from_order(order)).collect();
    insert_item_rows(conn, items).await?;
    let details: Vec<_> = new.iter().filter_map(|(order, _)| DetailsRow::from_order(order)).collect();
    insert_rows!(conn, order_details::table, details).await?;
    let entries: Vec<_> = new.iter().map(|(order, entry)| HistoryRow::new(order.key, entry)).collect();
    insert_rows!(conn, order_status_history::table, entries).await
}

/// What `pick` takes of every write; `None` if it takes nothing of one.
fn pick_all<'w, T>(run: &'w [Write], pick: impl Fn(&'w Write) -> Option<T>) -> Option<Vec<T>> {
    run.iter().map(pick).collect()
}
