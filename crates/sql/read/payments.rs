use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    GatewayName, OrderKey, Timestamp, Transaction, TransactionId,
    payment::{NamedReference, RecordedRequest},
};
use ports::{Batch, PaymentRepository, PortError};

use super::{each, each_readable, grouped, length};
use crate::connection::{Conn, Database};
use crate::sql::along::{Along, Index};
use crate::sql::row::{DisputeRow, ReferenceRow, RefundRow, RequestRow, TransactionRow};
use crate::sql::schema::{
    dispute_events, gateway_references, payment_requests, payment_transactions, refunds, user,
};
use crate::sql::value::Stamp;

#[async_trait]
impl PaymentRepository for Database {
    async fn find(&self, id: &TransactionId) -> Result<Option<Transaction>, PortError> {
        let id = id.clone();
        self.read_snapshot(async move |conn: &mut Conn| {
            let query = payment_transactions::table
                .filter(payment_transactions::transaction_id.eq(id.as_str()))
                .select(TransactionRow::as_select());
            let Some(row) = query.first(conn).await.optional()? else { return Ok(None) };
            let refunds = refunds::table
                .filter(refunds::transaction_key.eq(row.id))
                .order(refunds::sequence.asc())
                .select(RefundRow::as_select());
            let refunds = refunds.load(conn).await?;
            let disputes = if row.has_disputes() { read_disputes(conn, row.id).await? } else { Vec::new() };
            let references = read_references(conn, row.id).await?;
            row.read(refunds, disputes, references).map(Some)
        })
        .await
    }

    async fn list(&self, order: OrderKey) -> Result<Vec<Transaction>, PortError> {
        self.read_snapshot(async move |conn: &mut Conn| {
            let query = payment_transactions::table
                .filter(payment_transactions::order_key.eq(order.get()))
                .order(payment_transactions::sequence.asc())
                .select(TransactionRow::as_select());
            let rows = query.load(conn).await?;
            with_refunds(conn, order, rows).await
        })
        .await
    }

    async fn requests(&self, order: OrderKey) -> Result<Vec<RecordedRequest>, PortError> {
        let witness = self.witness();
        self.read(async move |conn: &mut Conn| {
            let query = payment_requests::table
                .inner_join(
                    payment_transactions::table
                        .on(payment_transactions::id.eq(payment_requests::transaction_key)),
                )
                .left_join(user::table.on(user::id.eq(payment_requests::requested_by)))
                .filter(payment_transactions::order_key.eq(order.get()))
                .select((
                    RequestRow::as_select(),
                    payment_transactions::currency,
                    user::public_id.nullable(),
                ));
            let mut rows = query.load::<(RequestRow, String, Option<String>)>(conn).await?;
            // An order has few, and no index has them in this order.
            rows.sort_by_key(|(row, ..)| row.id);
            each_readable(&*witness, rows, |(row, currency, user)| row.read(&currency, user))
        })
        .await
    }

    async fn find_by_reference(
        &self,
        gateway: &GatewayName,
        named: &NamedReference,
    ) -> Result<Option<TransactionId>, PortError> {
        let (gateway, named) = (gateway.clone(), named.clone());
        self.read(async move |conn: &mut Conn| {
            let query = gateway_references::table
                .inner_join(
                    payment_transactions::table
                        .on(payment_transactions::id.eq(gateway_references::transaction_key)),
                )
                .filter(gateway_references::gateway.eq(gateway.as_str()))
                .filter(gateway_references::kind.eq(named.kind.as_str()))
                .filter(gateway_references::reference.eq(named.reference.as_str()))
                .select(payment_transactions::transaction_id);
            Ok(query.first(conn).await.optional()?.map(TransactionId::new))
        })
        .await
    }

    async fn next_gateway(&self, after: Option<GatewayName>) -> Result<Option<GatewayName>, PortError> {
        self.read(async move |conn: &mut Conn| {
            // No name is empty, so all come after that.
            let after = after.as_ref().map_or("", GatewayName::as_str);
            let query = payment_transactions::table
                .filter(payment_transactions::gateway.gt(after))
                .order(payment_transactions::gateway.asc())
                .limit(1)
                .select(payment_transactions::gateway);
            let found: Vec<String> = Along(Index::TRANSACTIONS_TO_CHECK, query).load(conn).await?;
            Ok(found.into_iter().next().map(GatewayName::new))
        })
        .await
    }

    async fn to_check(
        &self,
        gateway: &GatewayName,
        now: Timestamp,
        batch: Batch,
    ) -> Result<Vec<TransactionId>, PortError> {
        let gateway = gateway.clone();
        self.read_snapshot(async move |conn: &mut Conn| {
            // What is skipped of both together is not known before both are read.
            let reach = batch.skip.saturating_add(batch.limit);
            let mut due = transactions_due(conn, &gateway, now, reach).await?;
            due.extend(refunds_due(conn, &gateway, now, reach).await?);
            due.sort();
            let mut seen = HashSet::new();
            due.retain(|(_, id)| seen.insert(id.clone()));
            let due = due.into_iter().skip(length(batch.skip)).take(length(batch.limit));
            Ok(due.map(|(_, id)| TransactionId::new(id)).collect())
        })
        .await
    }
}

async fn with_refunds(
    conn: &mut Conn,
    order: OrderKey,
    rows: Vec<TransactionRow>,
) -> QueryResult<Vec<Transaction>> {
    let query = refunds::table
        .inner_join(payment_transactions::table.on(payment_transactions::id.eq(refunds::transaction_key)))
        .filter(payment_transactions::order_key.eq(order.get()))
        .order(refunds::sequence.asc())
        .select(RefundRow::as_select());
    let mut refunds = grouped(query.load(conn).await?, |it| it.transaction_key);
    let mut references = grouped(references_of_order(conn, order).await?, |it| it.transaction_key);
    let mut disputes = HashMap::new();
    for row in rows.iter().filter(|it| it.has_disputes()) {
        disputes.insert(row.id, read_disputes(conn, row.id).await?);
    }
    each(rows, |row| {
        let refunds = refunds.remove(&row.id).unwrap_or_default();
        let disputes = disputes.remove(&row.id).unwrap_or_default();
        let references = references.remove(&row.id).unwrap_or_default();
        row.read(refunds, disputes, references)
    })
}

/// All words about the disputes of a transaction as they arrived; few transactions have any.
async fn read_disputes(conn: &mut Conn, transaction: i64) -> QueryResult<Vec<DisputeRow>> {
    dispute_events::table
        .filter(dispute_events::transaction_key.eq(transaction))
        .order(dispute_events::id.asc())
        .select(DisputeRow::as_select())
        .load(conn)
        .await
}

/// What the gateway calls a transaction, its refunds and disputes, in the order learnt.
async fn read_references(conn: &mut Conn, transaction: i64) -> QueryResult<Vec<ReferenceRow>> {
    let query = gateway_references::table
        .filter(gateway_references::transaction_key.eq(transaction))
        .select(ReferenceRow::as_select());
    Ok(in_order(query.load(conn).await?))
}

/// The same of all transactions of an order.
async fn references_of_order(conn: &mut Conn, order: OrderKey) -> QueryResult<Vec<ReferenceRow>> {
    let query = gateway_references::table
        .inner_join(
            payment_transactions::table.on(payment_transactions::id.eq(gateway_references::transaction_key)),
        )
        .filter(payment_transactions::order_key.eq(order.get()))
        .select(ReferenceRow::as_select());
    Ok(in_order(query.load(conn).await?))
}

/// Few, and no index has them in this order.
fn in_order(mut rows: Vec<ReferenceRow>) -> Vec<ReferenceRow> {
    rows.sort_by_key(|it| it.id);
    rows
}

/// Most pages of refunds that one look reads.
const PAGES_MAX: u32 = 100;

/// When it is due, and the transaction's id.
type DueAt = (Option<Stamp>, String);

async fn transactions_due(
    conn: &mut Conn,
    gateway: &GatewayName,
    now: Timestamp,
    limit: u32,
) -> QueryResult<Vec<DueAt>> {
    let query = payment_transactions::table
        .filter(payment_transactions::gateway.eq(gateway.as_str()))
        .filter(payment_transactions::check_at.le(Stamp::from(now)))
        .order((payment_transactions::check_at.asc(), payment_transactions::id.asc()))
        .limit(i64::from(limit))
        .select((payment_transactions::check_at, payment_transactions::transaction_id));
    Along(Index::TRANSACTIONS_TO_CHECK, query).load(conn).await
}

/// The transactions of the refunds that are longest due. Some have several of them, so it may take several pages.
async fn refunds_due(
    conn: &mut Conn,
    gateway: &GatewayName,
    now: Timestamp,
    limit: u32,
) -> QueryResult<Vec<DueAt>> {
    let (mut due, mut seen, mut last) = (Vec::new(), HashSet::new(), None);
    for _ in 0..PAGES_MAX {
        let page = refunds_after(conn, gateway, now, last, limit).await?;
        let ends = page.len() < length(limit);
        for (at, key, id) in page {
            last = at.map(|at| (at, key));
            if seen.insert(id.clone()) {
                due.push((at, id));
            }
        }
        if ends || due.len() >= length(limit) {
            break;
        }
    }
    Ok(due)
}

/// A refund's `check_at`, its row, and its transaction's id.
type RefundDue = (Option<Stamp>, i64, String);

async fn refunds_after(
    conn: &mut Conn,
    gateway: &GatewayName,
    now: Timestamp,
    last: Option<(Stamp, i64)>,
    limit: u32,
) -> QueryResult<Vec<RefundDue>> {
    let mut query = refunds::table
        .inner_join(payment_transactions::table.on(payment_transactions::id.eq(refunds::transaction_key)))
        .filter(refunds::gateway.eq(gateway.as_str()))
        .filter(refunds::check_at.le(Stamp::from(now)))
        .select((refunds::check_at, refunds::id, payment_transactions::transaction_id))
        .into_boxed();
    if let Some((at, key)) = last {
        let beside = refunds::check_at.eq(at).and(refunds::id.gt(key));
        query = query.filter(refunds::check_at.ge(at)).filter(refunds::check_at.gt(at).or(beside));
    }
    let query = query.order((refunds::check_at.asc(), refunds::id.asc())).limit(i64::from(limit));
    Along(Index::REFUNDS_TO_CHECK, query).load(conn).await
}
