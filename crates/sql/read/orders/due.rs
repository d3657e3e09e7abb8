//! The orders that the sweeps work on, longest due first.
//!
//! Only numbers are read here. The sweep reads each order again before it decides, so that an outdated list
//! does no harm, and an unreadable order fails alone.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, order::OrderStatus, payment::PaymentStatus};
use ports::Batch;

use crate::connection::Conn;
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::schema::{orders, payment_transactions};
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
