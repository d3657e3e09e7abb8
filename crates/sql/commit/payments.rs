use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Refund, Transaction, payment::PaymentRequest};

use super::abort::{Violation, WriteOutcome, check_guard, check_insert};
use crate::connection::Conn;
use crate::sql::cached_statement::CachedStatement;
use crate::sql::row::{NewDispute, NewRequest, RefundRow, TransactionRow};
use crate::sql::schema::{dispute_events, payment_requests, payment_transactions, refunds};
use crate::sql::value::{SqlAmount, SqlTimestamp};

/// Makes a transaction. The violated key is that of the order it occupies, or one that was given out twice: to decide
/// again is right in every case.
pub(super) async fn insert_transaction(conn: &mut Conn, transaction: &Transaction) -> WriteOutcome {
    let insert = diesel::insert_into(payment_transactions::table).values(TransactionRow::from(transaction));
    check_insert(insert.execute(conn).await, || Violation::Stale)?;
    save_refunds(conn, transaction).await?;
    insert_new_disputes(conn, transaction).await
}

/// Replaces a transaction. One that comes back to life may find that another occupies its order.
pub(super) async fn update_transaction(conn: &mut Conn, transaction: &Transaction) -> WriteOutcome {
    let row = payment_transactions::table.find(transaction.key.get());
    let update = diesel::update(row).set(TransactionRow::from(transaction));
    let outcome = CachedStatement(update).execute(conn).await;
    if let Ok(rows) = outcome {
        check_guard(rows)?;
    }
    check_insert(outcome, || Violation::Stale)?;
    save_refunds(conn, transaction).await?;
    insert_new_disputes(conn, transaction).await
}

pub(super) async fn insert_request(conn: &mut Conn, request: &PaymentRequest) -> WriteOutcome {
    let insert = diesel::insert_into(payment_requests::table).values(NewRequest::from(request));
    check_insert(insert.execute(conn).await, || Violation::Stale)
}

pub(super) async fn postpone_checks(conn: &mut Conn, transaction: &Transaction) -> WriteOutcome {
    let row = payment_transactions::table.find(transaction.key.get());
    let update = diesel::update(row).set((
        payment_transactions::check_at.eq(transaction.check_at.map(SqlTimestamp::from)),
        payment_transactions::checks.eq(i64::from(transaction.checks)),
    ));
    CachedStatement(update).execute(conn).await?;
    for refund in &transaction.refunds {
        let update = diesel::update(refunds::table.find(refund.key.get())).set((
            refunds::check_at.eq(refund.check_at.map(SqlTimestamp::from)),
            refunds::checks.eq(i64::from(refund.checks)),
        ));
        CachedStatement(update).execute(conn).await?;
    }
    Ok(())
}

async fn save_refunds(conn: &mut Conn, transaction: &Transaction) -> WriteOutcome {
    for (sequence, refund) in (1..).zip(&transaction.refunds) {
        if !update_refund(conn, refund).await? {
            let insert = diesel::insert_into(refunds::table).values(RefundRow::new(sequence, refund));
            check_insert(insert.execute(conn).await, || Violation::Stale)?;
        }
    }
    Ok(())
}

/// Whether the refund is in the record already; then what can change of it is as given.
async fn update_refund(conn: &mut Conn, refund: &Refund) -> QueryResult<bool> {
    let row = refunds::table
        .find(refund.key.get())
        .filter(refunds::transaction_key.eq(refund.transaction.get()))
        .filter(refunds::refund_id.eq(refund.id.as_str()));
    let update = diesel::update(row).set((
        refunds::amount.eq(SqlAmount::from(refund.amount)),
        refunds::status.eq(refund.status().as_str()),
        refunds::succeeded_at.eq(refund.facts.succeeded_at.map(SqlTimestamp::from)),
        refunds::failed_at.eq(refund.facts.failed_at.map(SqlTimestamp::from)),
        refunds::withdrawn.eq(refund.facts.withdrawn),
        refunds::check_at.eq(refund.check_at.map(SqlTimestamp::from)),
        refunds::checks.eq(i64::from(refund.checks)),
    ));
    Ok(CachedStatement(update).execute(conn).await? > 0)
}

/// Adds the words about disputes that are new; a word never changes.
async fn insert_new_disputes(conn: &mut Conn, transaction: &Transaction) -> WriteOutcome {
    let told = &transaction.facts.as_raw().disputes;
    if told.is_empty() {
        return Ok(());
    }
    let known = dispute_events::table.filter(dispute_events::transaction_key.eq(transaction.key.get()));
    let known: Vec<String> = known.select(dispute_events::event_id).load(conn).await?;
    for event in told.iter().filter(|it| known.iter().all(|known| known != it.event.as_str())) {
        let insert =
            diesel::insert_into(dispute_events::table).values(NewDispute::new(transaction.key, event));
        check_insert(insert.execute(conn).await, || Violation::Stale)?;
    }
    Ok(())
}
