//! What the sweeps look for, longest due first.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, order::Status, payment::PaymentStatus};
use ports::Batch;

use crate::connection::Conn;
use crate::sql::schema::{orders, payment_transactions};
use crate::sql::value::Stamp;

pub(super) async fn expired(conn: &mut Conn, now: Timestamp, batch: Batch) -> QueryResult<Vec<String>> {
    let occupied =
        payment_transactions::table.filter(payment_transactions::occupies_order.eq(orders::id.nullable()));
    orders::table
        .filter(orders::status.eq(Status::Pending.as_str()))
        .filter(orders::expires_at.le(Stamp::from(now)))
        .filter(not(exists(occupied)))
        .order((orders::expires_at.asc(), orders::id.asc()))
        .limit(i64::from(batch.limit))
        .offset(i64::from(batch.skip))
        .select(orders::order_number)
        .load(conn)
        .await
}

pub(super) async fn unchanged(
    conn: &mut Conn,
    status: Status,
    before: Timestamp,
    batch: Batch,
) -> QueryResult<Vec<String>> {
    orders::table
        .filter(orders::status.eq(status.as_str()))
        .filter(orders::updated_at.le(Stamp::from(before)))
        .order((orders::updated_at.asc(), orders::id.asc()))
        .limit(i64::from(batch.limit))
        .offset(i64::from(batch.skip))
        .select(orders::order_number)
        .load(conn)
        .await
}

pub(super) async fn uncaptured(conn: &mut Conn, before: Timestamp, batch: Batch) -> QueryResult<Vec<String>> {
    let occupying =
        payment_transactions::table.on(payment_transactions::occupies_order.eq(orders::id.nullable()));
    orders::table
        .inner_join(occupying)
        .filter(orders::status.eq(Status::Pending.as_str()))
        .filter(payment_transactions::status.eq(PaymentStatus::Authorized.as_str()))
        .filter(payment_transactions::asked.is_null())
        .filter(payment_transactions::created_at.le(Stamp::from(before)))
        .order((payment_transactions::created_at.asc(), payment_transactions::id.asc()))
        .limit(i64::from(batch.limit))
        .offset(i64::from(batch.skip))
        .select(orders::order_number)
        .load(conn)
        .await
}
