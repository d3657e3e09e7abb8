//! What the sweeps look for, longest due first.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, order::Status, payment::PaymentStatus};
use ports::Batch;

use crate::connection::Conn;
use crate::sql::along::{Along, Index};
use crate::sql::schema::{orders, payment_transactions};
use crate::sql::value::Stamp;

pub(super) async fn expired(conn: &mut Conn, now: Timestamp, batch: Batch) -> QueryResult<Vec<String>> {
    let occupying =
        payment_transactions::table.on(payment_transactions::occupies_order.eq(orders::id.nullable()));
    let query = orders::table
        .left_join(occupying)
        .filter(orders::status.eq(Status::Pending.as_str()))
        .filter(orders::expires_at.le(Stamp::from(now)))
        .filter(payment_transactions::id.nullable().is_null())
        .order((orders::expires_at.asc(), orders::id.asc()))
        .limit(i64::from(batch.limit))
        .offset(i64::from(batch.skip))
        .select(orders::order_number);
    Along(Index::ORDERS_EXPIRED, query).load(conn).await
}

pub(super) async fn unchanged(
    conn: &mut Conn,
    status: Status,
    before: Timestamp,
    batch: Batch,
) -> QueryResult<Vec<String>> {
    let query = orders::table
        .filter(orders::status.eq(status.as_str()))
        .filter(orders::updated_at.le(Stamp::from(before)))
        .order((orders::updated_at.asc(), orders::id.asc()))
        .limit(i64::from(batch.limit))
        .offset(i64::from(batch.skip))
        .select(orders::order_number);
    Along(Index::ORDERS_UNCHANGED, query).load(conn).await
}

pub(super) async fn uncaptured(conn: &mut Conn, before: Timestamp, batch: Batch) -> QueryResult<Vec<String>> {
    let occupied = orders::table.on(orders::id.nullable().eq(payment_transactions::occupies_order));
    let query = payment_transactions::table
        .inner_join(occupied)
        .filter(payment_transactions::status.eq(PaymentStatus::Authorized.as_str()))
        .filter(payment_transactions::created_at.le(Stamp::from(before)))
        .filter(payment_transactions::asked.is_null())
        .filter(orders::status.eq(Status::Pending.as_str()))
        .order((payment_transactions::created_at.asc(), payment_transactions::id.asc()))
        .limit(i64::from(batch.limit))
        .offset(i64::from(batch.skip))
        .select(orders::order_number);
    Along(Index::TRANSACTIONS_OF_STATUS, query).load(conn).await
}
