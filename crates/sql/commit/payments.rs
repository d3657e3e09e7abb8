use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    GatewayName, Refund, Transaction,
    payment::{NewReference, PaymentRequest, ReferenceKind},
};

use super::abort::{Violation, WriteOutcome, check_guard, check_insert};
use crate::connection::Conn;
use crate::sql::cached_statement::{CachedStatement, pad_keys};
use crate::sql::row::{MetadataRow, NewDispute, NewReferenceRow, NewRequest, RefundRow, TransactionRow};
use crate::sql::schema::{
    dispute_events, gateway_references, payment_metadata, payment_requests, payment_transactions, refunds,
};
use crate::sql::shelf::{On, Shelf};
use crate::sql::value::{SqlAmount, SqlTimestamp};

/// Inserts a transaction with its metadata, refunds and dispute events. The violated key is that of the order, which
/// another live transaction occupies, or a generated one: to decide again is right for both.
pub(super) async fn insert_transaction(conn: &mut Conn, transaction: &Transaction) -> WriteOutcome {
    let insert = diesel::insert_into(payment_transactions::table).values(TransactionRow::from(transaction));
    check_insert(insert.execute(conn).await, || Violation::Stale)?;
    if let Some(row) = MetadataRow::from_transaction(transaction) {
        let insert = diesel::insert_into(payment_metadata::table).values(row);
        check_insert(insert.execute(conn).await, || Violation::Stale)?;
    }
    save_parts(conn, transaction).await
}

/// Replaces a transaction, except its metadata, which never changes. One that becomes live again may find that another one occupies its order.
pub(super) async fn update_transaction(conn: &mut Conn, transaction: &Transaction) -> WriteOutcome {
    let row = payment_transactions::table.find(transaction.key.get());
    let update = diesel::update(row).set(TransactionRow::from(transaction));
    let outcome = CachedStatement(update).execute(conn).await;
    // Two outcomes mean stale: no row with that key, and a violated key of `occupies_order`. The revision
    // of the order, which the same unit guards, makes any other predicate on the row superfluous.
    if let Ok(rows) = outcome {
        check_guard(rows)?;
    }
    check_insert(outcome, || Violation::Stale)?;
    save_parts(conn, transaction).await
}

/// Saves what belongs to a transaction in other tables.
pub(super) async fn save_parts(conn: &mut Conn, transaction: &Transaction) -> WriteOutcome {
    save_refunds(conn, transaction).await?;
    insert_new_disputes(conn, transaction).await
}

pub(super) async fn insert_request(conn: &mut Conn, request: &PaymentRequest) -> WriteOutcome {
    let insert = diesel::insert_into(payment_requests::table).values(NewRequest::from(request));
    check_insert(insert.execute(conn).await, || Violation::Stale)
}

/// Inserts a reference. The violated key is that of the reference, which has another owner, or that of the
/// owner, which has a reference already. Either way another commit stored it since the read, so the outcome
/// is stale.
pub(super) async fn learn_reference(
    conn: &mut Conn,
    gateway: &GatewayName,
    new: &NewReference,
) -> WriteOutcome {
    let insert = diesel::insert_into(gateway_references::table).values(NewReferenceRow::new(gateway, new));
    check_insert(insert.execute(conn).await, || Violation::Stale)?;
    check_archived_references(conn, &[(gateway, new)]).await
}

/// Refuses references that archived payments have, which the unique key does not know. It is called after the insert: before
/// it, the order of the other payment could still be on its way to the archive.
pub(super) async fn check_archived_references(
    conn: &mut Conn,
    learnt: &[(&GatewayName, &NewReference)],
) -> WriteOutcome {
    if learnt.is_empty() {
        return Ok(());
    }
    let named: Vec<_> = learnt.iter().map(|(gateway, new)| (gateway.as_str(), new.known.name())).collect();
    let query = gateway_references::table
        .filter(gateway_references::gateway.eq_any(pad_keys(named.iter().map(|it| it.0).collect())))
        .filter(gateway_references::kind.eq_any(ReferenceKind::ALL.map(ReferenceKind::as_str)))
        .filter(
            gateway_references::reference
                .eq_any(pad_keys(named.iter().map(|it| it.1.reference.as_str()).collect())),
        )
        .select((gateway_references::gateway, gateway_references::kind, gateway_references::reference));
    let found: Vec<(String, String, String)> = On(Shelf::Archive, CachedStatement(query)).load(conn).await?;
    // The query compares the columns separately, and two gateways may have the same reference.
    let is_taken = |(gateway, kind, reference): &(String, String, String)| {
        named
            .iter()
            .any(|(of, it)| of == gateway && it.kind.as_str() == kind && it.reference.as_str() == reference)
    };
    if found.iter().any(is_taken) { Err(Violation::Stale.into()) } else { Ok(()) }
}

pub(super) async fn postpone_checks(conn: &mut Conn, transaction: &Transaction) -> WriteOutcome {
    // No guard and no count of rows: this only moves the time of the next lookup. A lost race costs one
    // lookup more, whereas a guard would be stale after every other change of the order.
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
        // Update first: every decision brings all refunds of the transaction, and few of them are new. No
        // other unit can insert the same refund in between, because both would move the revision of the
        // order.
        if !update_refund(conn, refund).await? {
            let insert = diesel::insert_into(refunds::table).values(RefundRow::new(
                sequence,
                refund,
                &transaction.gateway,
            ));
            check_insert(insert.execute(conn).await, || Violation::Stale)?;
        }
    }
    Ok(())
}

/// Updates the columns of a refund that can change. False if the refund is not stored yet.
async fn update_refund(conn: &mut Conn, refund: &Refund) -> QueryResult<bool> {
    // The key alone is not enough: if two processes generated the same one, this would overwrite the refund
    // of another transaction. With the id it matches nothing, and the insert that follows fails as stale.
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

/// Inserts the dispute events that are not stored yet. A stored one never changes.
async fn insert_new_disputes(conn: &mut Conn, transaction: &Transaction) -> WriteOutcome {
    let events = &transaction.facts.as_raw().disputes;
    if events.is_empty() {
        return Ok(());
    }
    // A read before an insert is safe here, as only units that move the order's revision insert dispute
    // events. Most transactions have none and return above without a round trip.
    let known = dispute_events::table.filter(dispute_events::transaction_key.eq(transaction.key.get()));
    let known: Vec<String> = known.select(dispute_events::event_id).load(conn).await?;
    for event in events.iter().filter(|it| known.iter().all(|known| known != it.event.as_str())) {
        let insert =
            diesel::insert_into(dispute_events::table).values(NewDispute::new(transaction.key, event));
        check_insert(insert.execute(conn).await, || Violation::Stale)?;
    }
    Ok(())
}
