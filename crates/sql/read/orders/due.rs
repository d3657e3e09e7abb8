//! The orders that the sweeps work on, longest due first.
//!
//! Only numbers are read here. The sweep reads each order again before it decides, so that an outdated list
//! does no harm, and an unreadable order fails alone.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{OrderKey, OrderNumber, Timestamp, UserKey, order::OrderStatus, payment::PaymentStatus};
use ports::{Batch, OldOrder};

use crate::connection::Conn;
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::schema::{erasures, orders, payment_transactions};
use crate::sql::shelf::{On, Shelf};
use crate::sql::value::SqlTimestamp;

pub(super) async fn list_expired_orders(
    conn: &mut Conn,
    now: Timestamp,
    batch: Batch,
) -> QueryResult<Vec<String>> {
    // An order with a live payment does not expire: the payment decides what becomes of it.
    let occupying =
        payment_transactions::table.on(payment_transactions::occupies_order.eq(orders::id.nullable()));
    let query = orders::table
        .left_join(occupying)
        .filter(orders::status.eq(OrderStatus::Pending.as_str()))
        .filter(orders::expires_at.le(SqlTimestamp::from(now)))
        .filter(payment_transactions::id.nullable().is_null())
        .order((orders::expires_at.asc(), orders::id.asc()))
        .limit(i64::from(batch.limit))
        .offset(i64::from(batch.skip))
        .select(orders::order_number);
    IndexHint(Index::ORDERS_EXPIRED, query).load(conn).await
}

pub(super) async fn list_orders_in_status(
    conn: &mut Conn,
    status: OrderStatus,
    before: Timestamp,
    batch: Batch,
) -> QueryResult<Vec<String>> {
    let query = orders::table
        .filter(orders::status.eq(status.as_str()))
        .filter(orders::status_changed_at.le(SqlTimestamp::from(before)))
        .order((orders::status_changed_at.asc(), orders::id.asc()))
        .limit(i64::from(batch.limit))
        .offset(i64::from(batch.skip))
        .select(orders::order_number);
    IndexHint(Index::ORDERS_IN_STATUS, query).load(conn).await
}

pub(super) async fn list_uncaptured_orders(
    conn: &mut Conn,
    before: Timestamp,
    batch: Batch,
) -> QueryResult<Vec<String>> {
    // A payment that waits for an answer to a capture or a void (`asked`) is left to the payment checks,
    // which know what the gateway was asked.
    let occupied = orders::table.on(orders::id.nullable().eq(payment_transactions::occupies_order));
    let query = payment_transactions::table
        .inner_join(occupied)
        .filter(payment_transactions::status.eq(PaymentStatus::Authorized.as_str()))
        .filter(payment_transactions::created_at.le(SqlTimestamp::from(before)))
        .filter(payment_transactions::asked.is_null())
        .filter(orders::status.eq(OrderStatus::Pending.as_str()))
        .order((payment_transactions::created_at.asc(), payment_transactions::id.asc()))
        .limit(i64::from(batch.limit))
        .offset(i64::from(batch.skip))
        .select(orders::order_number);
    IndexHint(Index::TRANSACTIONS_OF_STATUS, query).load(conn).await
}

/// The orders that can be archived as far as their own rows say so, oldest change first.
pub(super) async fn list_old_orders(
    conn: &mut Conn,
    before: Timestamp,
    after: Option<&OldOrder>,
    limit: u32,
) -> QueryResult<Vec<OldOrder>> {
    let erasure =
        erasures::table.filter(erasures::user_key.eq(orders::user_id)).filter(erasures::finished.eq(false));
    let mut query = orders::table
        .filter(orders::status.eq(OrderStatus::Closed.as_str()))
        .filter(orders::updated_at.lt(SqlTimestamp::from(before)))
        .filter(not(exists(erasure)))
        .select((orders::updated_at, orders::id, orders::order_number))
        .into_boxed();
    if let Some(last) = after {
        let (at, key) = (SqlTimestamp::from(last.updated_at), last.key.get());
        let beside = orders::updated_at.eq(at).and(orders::id.gt(key));
        // Redundant beside the `OR`, but only this is seen as a range of the index.
        query = query.filter(orders::updated_at.ge(at)).filter(orders::updated_at.gt(at).or(beside));
    }
    let query = query.order((orders::updated_at.asc(), orders::id.asc())).limit(i64::from(limit));
    let rows: Vec<(SqlTimestamp, i64, String)> = IndexHint(Index::ORDERS_UNCHANGED, query).load(conn).await?;
    // A time that is before another one can be read: the filter has compared it.
    let old = |(at, key, number): (SqlTimestamp, i64, String)| {
        Some(OldOrder { updated_at: at.get()?, key: OrderKey::new(key), number: OrderNumber::new(number) })
    };
    Ok(rows.into_iter().filter_map(old).collect())
}

pub(super) async fn list_archived_orders(
    conn: &mut Conn,
    owner: Option<UserKey>,
    after: Option<OrderKey>,
    limit: u32,
) -> QueryResult<Vec<(OrderKey, OrderNumber)>> {
    // No row key is negative.
    let after = after.map_or(-1, OrderKey::get);
    let query = orders::table
        .filter(orders::id.gt(after))
        .order(orders::id.asc())
        .limit(i64::from(limit))
        .select((orders::id, orders::order_number));
    let rows: Vec<(i64, String)> = match owner {
        None => On(Shelf::Archive, query).load(conn).await?,
        Some(owner) => {
            let own = query.filter(orders::user_id.eq(owner.get()));
            IndexHint(Index::ORDERS_OF_USER.on(Shelf::Archive), On(Shelf::Archive, own)).load(conn).await?
        }
    };
    Ok(rows.into_iter().map(|(key, number)| (OrderKey::new(key), OrderNumber::new(number))).collect())
}
