//! Lists of the transactions and the refunds of all orders.
//!
//! A page is the newest rows of several statuses. Each status is read along its part of one index, only as far as a
//! page reaches, and only time and row; the rows themselves are read once it is known which belong to the page. So
//! two indexes bound every combination of conditions.

use std::cmp::Reverse;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    AuthorId, Transaction, TransactionId, TransactionKey,
    payment::{PaymentStatus, RefundStatus, StoredPaymentRequest},
};
use ports::{Page, PaymentFilter, PortError, RefundCursor, RefundFilter, StoredRefund};

use super::RequestWithOwners;
use super::parts::{Parts, StoredTransaction, load_parts, stored_transactions};
use crate::connection::{Conn, Database};
use crate::sql::cached_statement::{CachedStatement, pad_keys};
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::read::{
    author::author_id, limit_plus_one, read_page, read_readable_rows, sort_by_keys, to_usize,
};
use crate::sql::row::{RefundRow, RequestRow, TransactionHead, TransactionRow};
use crate::sql::schema::{
    api_keys, payment_metadata, payment_next_actions, payment_requests, payment_transactions, refunds, user,
};
use crate::sql::shelf::{On, Shelf};
use crate::sql::value::SqlTimestamp;

/// The position of a row in a list: time, then row key.
type SortKey = (SqlTimestamp, i64);

/// The row keys of the newest of these positions, one more than the limit.
fn newest_keys(mut positions: Vec<SortKey>, limit: u32) -> Vec<i64> {
    positions.sort_unstable_by_key(|it| Reverse(*it));
    positions.truncate(to_usize(limit).saturating_add(1));
    positions.into_iter().map(|(_, key)| key).collect()
}

pub(super) async fn list_payments(
    database: &Database,
    filter: PaymentFilter,
) -> Result<Page<Transaction>, PortError> {
    let observer = database.observer();
    database
        .run_snapshot(async move |conn: &mut Conn| {
            let last = match &filter.after {
                Some(after) => match find_payment_position(conn, after).await? {
                    Some(last) => Some(last),
                    None => return Ok(Page::EMPTY),
                },
                None => None,
            };
            let mut positions = Vec::new();
            for status in filter.listed_statuses() {
                positions.extend(list_payment_positions(conn, &filter, status, last).await?);
            }
            let keys = newest_keys(positions, filter.limit);
            let (rows, mut parts) = load_transactions(conn, keys).await?;
            let read = |row| parts.read_transaction(row);
            let cursor = |(row, ..): &StoredTransaction| row.public_id();
            read_page(&*observer, rows, filter.limit, cursor, read)
        })
        .await
}

/// The position of a cursor; also of a transaction that was archived since the page before.
async fn find_payment_position(conn: &mut Conn, after: &TransactionId) -> QueryResult<Option<SortKey>> {
    for shelf in Shelf::BOTH {
        let query = payment_transactions::table
            .filter(payment_transactions::transaction_id.eq(after.as_str()))
            .select((payment_transactions::created_at, payment_transactions::id));
        let found: Option<SortKey> = On(shelf, query).get_result(conn).await.optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The positions of the newest transactions of one status, as many as a page can have.
async fn list_payment_positions(
    conn: &mut Conn,
    filter: &PaymentFilter,
    status: PaymentStatus,
    last: Option<SortKey>,
) -> QueryResult<Vec<SortKey>> {
    let mut query = payment_transactions::table
        .select((payment_transactions::created_at, payment_transactions::id))
        .filter(payment_transactions::status.eq(status.as_str()))
        .into_boxed();
    let mut index = Index::TRANSACTIONS_OF_STATUS;
    if let Some(gateway) = &filter.gateway {
        query = query.filter(payment_transactions::gateway.eq(gateway.as_str()));
        index = Index::TRANSACTIONS_OF_GATEWAY;
    }
    if let Some(since) = filter.created_after {
        query = query.filter(payment_transactions::created_at.ge(SqlTimestamp::from(since)));
    }
    if let Some(until) = filter.created_before {
        query = query.filter(payment_transactions::created_at.lt(SqlTimestamp::from(until)));
    }
    if let Some((at, key)) = last {
        let beside = payment_transactions::created_at.eq(at).and(payment_transactions::id.lt(key));
        let behind = payment_transactions::created_at.lt(at).or(beside);
        // Redundant beside the `OR` of `behind`, but only this is seen as a range of the index.
        query = query.filter(payment_transactions::created_at.le(at)).filter(behind);
    }
    let newest_first = (payment_transactions::created_at.desc(), payment_transactions::id.desc());
    let query = query.order(newest_first).limit(limit_plus_one(filter.limit));
    IndexHint(index, query).load(conn).await
}

/// The transactions with these row keys, in this order, with their parts.
async fn load_transactions(conn: &mut Conn, keys: Vec<i64>) -> QueryResult<(Vec<StoredTransaction>, Parts)> {
    if keys.is_empty() {
        return Ok((Vec::new(), Parts::default()));
    }
    let query =
        stored_transactions().filter(payment_transactions::id.eq_any(pad_keys(keys.clone()))).select((
            TransactionRow::as_select(),
            payment_next_actions::content.nullable(),
            payment_metadata::content.nullable(),
        ));
    let rows = CachedStatement(query).load(conn).await?;
    let rows = sort_by_keys(rows, &keys, |(row, ..): &StoredTransaction| row.id);
    let parts = load_parts(conn, Shelf::Record, &rows).await?;
    Ok((rows, parts))
}

pub(super) async fn list_requests_of(
    database: &Database,
    transactions: &[TransactionKey],
) -> Result<Vec<StoredPaymentRequest>, PortError> {
    let mut missing: Vec<i64> = transactions.iter().map(|it| it.get()).collect();
    let mut found = Vec::new();
    for shelf in Shelf::LOOKS {
        if missing.is_empty() {
            break;
        }
        let (owners, requests) = load_requests_of(database, shelf, &missing).await?;
        // A transaction is moved with all of its requests.
        missing.retain(|key| !owners.contains(key));
        found.extend(requests);
    }
    Ok(found)
}

/// The transactions of a shelf that have requests, and those of the requests that can be read, oldest first.
async fn load_requests_of(
    database: &Database,
    shelf: Shelf,
    transactions: &[i64],
) -> Result<(Vec<i64>, Vec<StoredPaymentRequest>), PortError> {
    let keys = pad_keys(transactions.to_vec());
    let observer = database.observer();
    let load = async move |conn: &mut Conn| {
        let query = payment_requests::table
            .inner_join(
                payment_transactions::table
                    .on(payment_transactions::id.eq(payment_requests::transaction_key)),
            )
            .left_join(user::table.on(user::id.eq(payment_requests::requested_by)))
            .left_join(api_keys::table.on(api_keys::id.eq(payment_requests::requested_by)))
            .filter(payment_requests::transaction_key.eq_any(&keys))
            .select((RequestRow::as_select(), TransactionHead::as_select(), author_id()));
        let mut rows: Vec<RequestWithOwners> = On(shelf, CachedStatement(query)).load(conn).await?;
        rows.sort_by_key(|(row, ..)| row.id);
        let owners = rows.iter().map(|(row, ..)| row.transaction_key).collect();
        let read = |(row, of, author): RequestWithOwners| row.into_request(&of, author);
        Ok((owners, read_readable_rows(&*observer, rows, read)?))
    };
    database.run_query(load).await
}

pub(super) async fn list_all_refunds(
    database: &Database,
    filter: RefundFilter,
) -> Result<Page<StoredRefund>, PortError> {
    let observer = database.observer();
    database
        .run_snapshot(async move |conn: &mut Conn| {
            let last = match &filter.after {
                Some(after) => match find_refund_position(conn, after).await? {
                    Some(last) => Some(last),
                    None => return Ok(Page::EMPTY),
                },
                None => None,
            };
            let mut positions = Vec::new();
            for status in filter.listed_statuses() {
                positions.extend(list_refund_positions(conn, &filter, status, last).await?);
            }
            let keys = newest_keys(positions, filter.limit);
            let rows = load_refunds(conn, keys).await?;
            let cursor = |(refund, of, _): &RefundWithOwners| {
                RefundCursor { sequence: refund.sequence, transaction: of.public_id() }.to_string()
            };
            read_page(&*observer, rows, filter.limit, cursor, read_refund)
        })
        .await
}

/// A refund, what of its transaction it is read with, and the public id of who requested it.
type RefundWithOwners = (RefundRow, TransactionHead, Option<String>);

fn read_refund((refund, of, author): RefundWithOwners) -> QueryResult<StoredRefund> {
    Ok(StoredRefund {
        refund: of.read_refund(refund)?,
        transaction: of.public_id(),
        author: author.map(AuthorId::new),
    })
}

async fn find_refund_position(conn: &mut Conn, cursor: &RefundCursor) -> QueryResult<Option<SortKey>> {
    // Also of a refund that was archived since the page before.
    for shelf in Shelf::BOTH {
        let query = payment_transactions::table
            .filter(payment_transactions::transaction_id.eq(cursor.transaction.as_str()))
            .select(payment_transactions::id);
        let transaction: Option<i64> = On(shelf, query).get_result(conn).await.optional()?;
        let Some(transaction) = transaction else { continue };
        let query = refunds::table
            .filter(refunds::transaction_key.eq(transaction))
            .filter(refunds::sequence.eq(cursor.sequence))
            .select((refunds::created_at, refunds::id));
        return On(shelf, query).get_result(conn).await.optional();
    }
    Ok(None)
}

/// The positions of the newest refunds of one status, as many as a page can have.
async fn list_refund_positions(
    conn: &mut Conn,
    filter: &RefundFilter,
    status: RefundStatus,
    last: Option<SortKey>,
) -> QueryResult<Vec<SortKey>> {
    let mut query = refunds::table
        .select((refunds::created_at, refunds::id))
        .filter(refunds::status.eq(status.as_str()))
        .into_boxed();
    let mut index = Index::REFUNDS_OF_STATUS;
    if let Some(gateway) = &filter.gateway {
        query = query.filter(refunds::gateway.eq(gateway.as_str()));
        index = Index::REFUNDS_OF_GATEWAY;
    }
    if let Some(since) = filter.created_after {
        query = query.filter(refunds::created_at.ge(SqlTimestamp::from(since)));
    }
    if let Some(until) = filter.created_before {
        query = query.filter(refunds::created_at.lt(SqlTimestamp::from(until)));
    }
    if let Some((at, key)) = last {
        let behind = refunds::created_at.lt(at).or(refunds::created_at.eq(at).and(refunds::id.lt(key)));
        query = query.filter(refunds::created_at.le(at)).filter(behind);
    }
    let newest_first = (refunds::created_at.desc(), refunds::id.desc());
    let query = query.order(newest_first).limit(limit_plus_one(filter.limit));
    IndexHint(index, query).load(conn).await
}

/// The refunds with these row keys, in this order.
async fn load_refunds(conn: &mut Conn, keys: Vec<i64>) -> QueryResult<Vec<RefundWithOwners>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let padded = pad_keys(keys.clone());
    let query = refunds::table
        .inner_join(payment_transactions::table.on(payment_transactions::id.eq(refunds::transaction_key)))
        .left_join(user::table.on(user::id.eq(refunds::requested_by)))
        .left_join(api_keys::table.on(api_keys::id.eq(refunds::requested_by)))
        .filter(refunds::id.eq_any(&padded))
        .select((RefundRow::as_select(), TransactionHead::as_select(), author_id()));
    let rows = CachedStatement(query).load::<RefundWithOwners>(conn).await?;
    Ok(sort_by_keys(rows, &keys, |(refund, ..)| refund.id))
}
