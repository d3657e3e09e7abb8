//! Payments by the time of what happened to them.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::TransactionId;
use ports::{DatedPayment, PaymentMoment, PaymentPeriod};

use super::DatedRow;
use crate::connection::Conn;
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::read::to_usize;
use crate::sql::schema::{payment_transactions, refunds};
use crate::sql::shelf::{On, Shelf};
use crate::sql::value::SqlTimestamp;

/// A page of the payments to which that happened within the period, oldest first.
/// It reads both shelves: a payment that both ledgers must have is not missing because it was archived.
pub(super) async fn list_within(conn: &mut Conn, period: &PaymentPeriod) -> QueryResult<Vec<DatedPayment>> {
    let mut rows = Vec::new();
    for shelf in Shelf::BOTH {
        rows.extend(match period.moment {
            PaymentMoment::Requested => list_requested(conn, shelf, period).await?,
            PaymentMoment::Captured => list_captured(conn, shelf, period).await?,
            PaymentMoment::Refunded => list_refunded(conn, shelf, period).await?,
        });
    }
    // Both parts are as long as the page can be, so the first of all are the page.
    rows.sort_by_key(|(at, row, _)| (*at, *row));
    rows.truncate(to_usize(period.limit));
    // A time within the period is always readable: the filter has compared it.
    let dated =
        |(at, row, id): DatedRow| Some(DatedPayment { id: TransactionId::new(id), at: at?.get()?, row });
    Ok(rows.into_iter().filter_map(dated).collect())
}

/// A page of the rows whose time in the column `$at` is within a period, by time and row.
// A macro, because each column is a type of its own and the statement is the same.
macro_rules! page_within {
    ($conn:ident, $shelf:ident, $period:ident, $index:expr, $from:expr, $gateway:expr, $at:expr, $row:expr) => {{
        let (from, until) = (SqlTimestamp::from($period.from), SqlTimestamp::from($period.until));
        let mut query = $from
            .filter($gateway.eq($period.gateway.as_str()))
            .filter($at.lt(until))
            .select(($at.nullable(), $row, payment_transactions::transaction_id))
            .into_boxed();
        query = match &$period.after {
            None => query.filter($at.ge(from)),
            Some(last) => {
                let at = SqlTimestamp::from(last.at);
                let beside = $at.eq(at).and($row.gt(last.row));
                query.filter($at.ge(at)).filter($at.gt(at).or(beside))
            }
        };
        let query = query.order(($at.asc(), $row.asc())).limit(i64::from($period.limit));
        IndexHint($index.on($shelf), On($shelf, query)).load($conn).await
    }};
}

async fn list_requested(conn: &mut Conn, shelf: Shelf, period: &PaymentPeriod) -> QueryResult<Vec<DatedRow>> {
    page_within!(
        conn,
        shelf,
        period,
        Index::TRANSACTIONS_BY_TIME,
        payment_transactions::table,
        payment_transactions::gateway,
        payment_transactions::created_at,
        payment_transactions::id
    )
}

async fn list_captured(conn: &mut Conn, shelf: Shelf, period: &PaymentPeriod) -> QueryResult<Vec<DatedRow>> {
    page_within!(
        conn,
        shelf,
        period,
        Index::TRANSACTIONS_BY_CAPTURE,
        payment_transactions::table,
        payment_transactions::gateway,
        payment_transactions::captured_at,
        payment_transactions::id
    )
}

async fn list_refunded(conn: &mut Conn, shelf: Shelf, period: &PaymentPeriod) -> QueryResult<Vec<DatedRow>> {
    let of = payment_transactions::id.eq(refunds::transaction_key);
    page_within!(
        conn,
        shelf,
        period,
        Index::REFUNDS_SUCCEEDED,
        refunds::table.inner_join(payment_transactions::table.on(of)),
        refunds::gateway,
        refunds::succeeded_at,
        refunds::id
    )
}
