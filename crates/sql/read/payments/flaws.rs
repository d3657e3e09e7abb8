//! What is stored of payments and follows from their facts, compared with them.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{OrderKey, Refund, TransactionId};
use ports::{FlawedPayment, PaymentFlaw, PortError};

use super::{load_all, parts::Parts, parts::StoredTransaction};
use crate::connection::{Conn, Database};
use crate::sql::cached_statement::{CachedStatement, pad_keys};
use crate::sql::read::read_readable_rows;
use crate::sql::row::TransactionRow;
use crate::sql::schema::refunds;
use crate::sql::shelf::{On, Shelf};

pub(in crate::sql::read) async fn list_flawed_payments(
    database: &Database,
    order: OrderKey,
) -> Result<Vec<FlawedPayment>, PortError> {
    let observer = database.observer();
    let load = async move |conn: &mut Conn| {
        let (rows, mut parts) = load_all(conn, order).await?;
        let untaken = rows.iter().filter(|(row, ..)| !row.may_have_refunds());
        let untaken: Vec<_> =
            untaken.map(|(row, ..)| (row.id, TransactionId::new(row.public_id()))).collect();
        let columns = read_readable_rows(&*observer, rows, |row| compare_columns(row, &mut parts))?;
        let mut flawed: Vec<_> = columns.into_iter().flatten().collect();
        if untaken.is_empty() {
            return Ok(flawed);
        }
        for shelf in Shelf::BOTH {
            flawed.extend(list_early_refunds(conn, shelf, &untaken).await?);
        }
        Ok(flawed)
    };
    database.run_snapshot(load).await
}

fn compare_columns(stored: StoredTransaction, parts: &mut Parts) -> QueryResult<Vec<FlawedPayment>> {
    let (row, ..) = &stored;
    let (status, occupies) = (row.status.clone(), row.occupies_order);
    let (refunded, disputed) = (row.refunded_amount, row.disputed_amount);
    let refunds = parts.refund_statuses(row.id);
    let transaction = parts.read_transaction(stored)?;
    let fits = |it: &Refund| refunds.get(&it.key.get()).is_some_and(|stored| stored == it.status().as_str());
    let derived = TransactionRow::from(&transaction);
    let columns = [
        ("status", status == derived.status),
        ("occupies_order", occupies == derived.occupies_order),
        ("refunded_amount", refunded == derived.refunded_amount),
        ("disputed_amount", disputed == derived.disputed_amount),
        ("status of refunds", transaction.refunds.iter().all(fits)),
    ];
    let flawed = columns.into_iter().filter(|(_, fits)| !fits);
    let flaw =
        |(column, _)| FlawedPayment { payment: transaction.id.clone(), flaw: PaymentFlaw::Column(column) };
    Ok(flawed.map(flaw).collect())
}

/// Refunds of payments that took nothing. They are not read with their payment.
async fn list_early_refunds(
    conn: &mut Conn,
    shelf: Shelf,
    untaken: &[(i64, TransactionId)],
) -> QueryResult<Vec<FlawedPayment>> {
    let keys = pad_keys(untaken.iter().map(|(key, _)| *key).collect::<Vec<_>>());
    let query = refunds::table.filter(refunds::transaction_key.eq_any(keys)).select(refunds::transaction_key);
    let found: Vec<i64> = On(shelf, CachedStatement(query)).load(conn).await?;
    let flawed = untaken.iter().filter(|(key, _)| found.contains(key));
    let flaw = |(_, payment): &(i64, TransactionId)| FlawedPayment {
        payment: payment.clone(),
        flaw: PaymentFlaw::RefundWithoutCapture,
    };
    Ok(flawed.map(flaw).collect())
}
