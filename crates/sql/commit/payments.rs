use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    GatewayName, Refund, Transaction,
    payment::{NewReference, Request},
};

use super::halt::{Refusal, Written, guarded, inserted};
use crate::connection::Conn;
use crate::sql::kept::Kept;
use crate::sql::row::{NewDispute, NewReferenceRow, NewRequest, RefundRow, TransactionRow};
use crate::sql::schema::{
    dispute_events, gateway_references, payment_requests, payment_transactions, refunds,
};
use crate::sql::value::{Parts, Stamp};

/// Makes a transaction. The violated key is that of the order it occupies, or one that was given out twice: to decide
/// again is right in every case.
pub(super) async fn insert(conn: &mut Conn, transaction: &Transaction) -> Written {
    let insert = diesel::insert_into(payment_transactions::table).values(TransactionRow::from(transaction));
    inserted(insert.execute(conn).await, || Refusal::Stale)?;
    keep_refunds(conn, transaction).await?;
    keep_disputes(conn, transaction).await
}

/// Replaces a transaction. One that comes back to life may find that another occupies its order.
pub(super) async fn update(conn: &mut Conn, transaction: &Transaction) -> Written {
    let row = payment_transactions::table.find(transaction.key.get());
    let update = diesel::update(row).set(TransactionRow::from(transaction));
    let outcome = Kept(update).execute(conn).await;
    if let Ok(rows) = outcome {
        guarded(rows)?;
    }
    inserted(outcome, || Refusal::Stale)?;
    keep_refunds(conn, transaction).await?;
    keep_disputes(conn, transaction).await
}

pub(super) async fn note_request(conn: &mut Conn, request: &Request) -> Written {
    let insert = diesel::insert_into(payment_requests::table).values(NewRequest::from(request));
    inserted(insert.execute(conn).await, || Refusal::Stale)
}

/// Keeps a reference. The violated key is that of the reference, which another thing has, or that of the thing, which has
/// another one: either way somebody else has learnt something, and to decide again is right.
pub(super) async fn learn_reference(conn: &mut Conn, gateway: &GatewayName, new: &NewReference) -> Written {
    let insert = diesel::insert_into(gateway_references::table).values(NewReferenceRow::new(gateway, new));
    inserted(insert.execute(conn).await, || Refusal::Stale)
}

pub(super) async fn postpone(conn: &mut Conn, transaction: &Transaction) -> Written {
    let row = payment_transactions::table.find(transaction.key.get());
    let update = diesel::update(row).set((
        payment_transactions::check_at.eq(transaction.check_at.map(Stamp::from)),
        payment_transactions::checks.eq(i64::from(transaction.checks)),
    ));
    Kept(update).execute(conn).await?;
    for refund in &transaction.refunds {
        let update = diesel::update(refunds::table.find(refund.key.get())).set((
            refunds::check_at.eq(refund.check_at.map(Stamp::from)),
            refunds::checks.eq(i64::from(refund.checks)),
        ));
        Kept(update).execute(conn).await?;
    }
    Ok(())
}

async fn keep_refunds(conn: &mut Conn, transaction: &Transaction) -> Written {
    for (sequence, refund) in (1..).zip(&transaction.refunds) {
        if !keep(conn, refund).await? {
            let insert = diesel::insert_into(refunds::table).values(RefundRow::of(
                sequence,
                refund,
                &transaction.gateway,
            ));
            inserted(insert.execute(conn).await, || Refusal::Stale)?;
        }
    }
    Ok(())
}

/// Whether the refund is in the record already; then what can change of it is as given.
async fn keep(conn: &mut Conn, refund: &Refund) -> QueryResult<bool> {
    let row = refunds::table
        .find(refund.key.get())
        .filter(refunds::transaction_key.eq(refund.transaction.get()))
        .filter(refunds::refund_id.eq(refund.id.as_str()));
    let update = diesel::update(row).set((
        refunds::amount.eq(Parts::from(refund.amount)),
        refunds::status.eq(refund.status().as_str()),
        refunds::succeeded_at.eq(refund.facts.succeeded_at.map(Stamp::from)),
        refunds::failed_at.eq(refund.facts.failed_at.map(Stamp::from)),
        refunds::withdrawn.eq(refund.facts.withdrawn),
        refunds::check_at.eq(refund.check_at.map(Stamp::from)),
        refunds::checks.eq(i64::from(refund.checks)),
    ));
    Ok(Kept(update).execute(conn).await? > 0)
}

/// Adds the words about disputes that are new; a word never changes.
async fn keep_disputes(conn: &mut Conn, transaction: &Transaction) -> Written {
    let told = &transaction.facts.record().disputes;
    if told.is_empty() {
        return Ok(());
    }
    let known = dispute_events::table.filter(dispute_events::transaction_key.eq(transaction.key.get()));
    let known: Vec<String> = known.select(dispute_events::event_id).load(conn).await?;
    for event in told.iter().filter(|it| known.iter().all(|known| known != it.event.as_str())) {
        let insert =
            diesel::insert_into(dispute_events::table).values(NewDispute::of(transaction.key, event));
        inserted(insert.execute(conn).await, || Refusal::Stale)?;
    }
    Ok(())
}
