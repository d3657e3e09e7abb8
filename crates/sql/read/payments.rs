mod attempts;
mod cases;
mod flaws;
mod lists;
mod parts;
mod periods;

use std::collections::HashSet;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    AttemptId, GatewayName, OrderKey, Refund, Timestamp, Transaction, TransactionId, TransactionKey,
    payment::{NamedReference, StoredPaymentRequest},
};
use ports::{
    Batch, CaseKey, DatedPayment, Page, PaymentCase, PaymentFilter, PaymentPeriod, PaymentRepository,
    PortError, RefundFilter, StoredAttempt, StoredRefund,
};

pub(super) use self::flaws::list_flawed_payments;
use self::parts::{Parts, StoredTransaction, load_parts, stored_transactions};
use super::{author::author_id, read_readable_rows, to_usize};
use crate::connection::{Conn, Database};
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::row::{RefundRow, RequestRow, TransactionHead, TransactionRow, read_rows};
use crate::sql::schema::{
    api_keys, gateway_references, payment_metadata, payment_next_actions, payment_requests,
    payment_transactions, refunds, user,
};
use crate::sql::shelf::{On, Shelf};
use crate::sql::value::SqlTimestamp;

#[async_trait]
impl PaymentRepository for Database {
    async fn find_transaction(&self, id: &TransactionId) -> Result<Option<Transaction>, PortError> {
        let id = id.clone();
        self.run_snapshot(async move |conn: &mut Conn| {
            for shelf in Shelf::BOTH {
                let query = stored_transactions()
                    .filter(payment_transactions::transaction_id.eq(id.as_str()))
                    .select((
                        TransactionRow::as_select(),
                        payment_next_actions::content.nullable(),
                        payment_metadata::content.nullable(),
                    ));
                let found: Option<StoredTransaction> = On(shelf, query).get_result(conn).await.optional()?;
                let Some(row) = found else { continue };
                let rows = vec![row];
                let mut parts = load_parts(conn, shelf, &rows).await?;
                return Ok(read_rows(rows, |row| parts.read_transaction(row))?.pop());
            }
            Ok(None)
        })
        .await
    }

    async fn find_cases(&self, keys: &[CaseKey]) -> Result<Vec<PaymentCase>, PortError> {
        let (keys, observer) = (keys.to_vec(), self.observer());
        self.run_snapshot(async move |conn: &mut Conn| cases::load_cases(conn, &*observer, &keys).await).await
    }

    async fn list_transactions(&self, order: OrderKey) -> Result<Vec<Transaction>, PortError> {
        self.run_snapshot(async move |conn: &mut Conn| {
            let (rows, mut parts) = load_all(conn, order).await?;
            read_rows(rows, |row| parts.read_transaction(row))
        })
        .await
    }

    async fn list_readable(&self, order: OrderKey) -> Result<Vec<Transaction>, PortError> {
        let observer = self.observer();
        self.run_snapshot(async move |conn: &mut Conn| {
            let (rows, mut parts) = load_all(conn, order).await?;
            read_readable_rows(&*observer, rows, |row| parts.read_transaction(row))
        })
        .await
    }

    async fn list_refunds(&self, id: &TransactionId) -> Result<Option<Vec<Refund>>, PortError> {
        let (id, observer) = (id.clone(), self.observer());
        self.run_snapshot(async move |conn: &mut Conn| {
            let Some((shelf, of)) = find_head(conn, &id).await? else { return Ok(None) };
            let rows = read_refunds(conn, shelf, of.id).await?;
            read_readable_rows(&*observer, rows, |row| of.read_refund(row)).map(Some)
        })
        .await
    }

    async fn list_payment_requests(&self, order: OrderKey) -> Result<Vec<StoredPaymentRequest>, PortError> {
        let observer = self.observer();
        self.run_snapshot(async move |conn: &mut Conn| {
            let mut rows = Vec::new();
            // An order is on one shelf, so the rows are those of one of them.
            for shelf in Shelf::BOTH {
                rows.extend(load_requests(conn, shelf, order).await?);
            }
            // An order has few, and no index has them in this order.
            rows.sort_by_key(|(row, ..)| row.id);
            read_readable_rows(&*observer, rows, |(row, of, author)| row.into_request(&of, author))
        })
        .await
    }

    async fn list_attempts(
        &self,
        transaction: &TransactionId,
        after: Option<AttemptId>,
        limit: u32,
    ) -> Result<Option<Page<StoredAttempt>>, PortError> {
        attempts::list_attempts(self, transaction, after, limit).await
    }

    async fn list_payments(&self, filter: PaymentFilter) -> Result<Page<Transaction>, PortError> {
        lists::list_payments(self, filter).await
    }

    async fn list_requests_of(
        &self,
        transactions: &[TransactionKey],
    ) -> Result<Vec<StoredPaymentRequest>, PortError> {
        lists::list_requests_of(self, transactions).await
    }

    async fn list_all_refunds(&self, filter: RefundFilter) -> Result<Page<StoredRefund>, PortError> {
        lists::list_all_refunds(self, filter).await
    }

    async fn find_by_reference(
        &self,
        gateway: &GatewayName,
        named: &NamedReference,
    ) -> Result<Option<TransactionId>, PortError> {
        // No third look, as for an order: who learns that a reference is unknown either stores it, which the unique key
        // guards, or parks an event, which a sweep applies.
        for shelf in Shelf::BOTH {
            let found = find_reference_owner(self, shelf, gateway, named).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    async fn next_gateway(&self, after: Option<GatewayName>) -> Result<Option<GatewayName>, PortError> {
        self.run_query(async move |conn: &mut Conn| find_gateway_after(conn, after.as_ref()).await).await
    }

    async fn list_payments_within(&self, period: PaymentPeriod) -> Result<Vec<DatedPayment>, PortError> {
        self.run_snapshot(async move |conn: &mut Conn| periods::list_within(conn, &period).await).await
    }

    async fn list_due_transactions(
        &self,
        gateway: &GatewayName,
        now: Timestamp,
        batch: Batch,
    ) -> Result<Vec<TransactionId>, PortError> {
        let gateway = gateway.clone();
        self.run_snapshot(async move |conn: &mut Conn| {
            // Which entries `skip` leaves out is only known once transactions and refunds are merged, so
            // both are read as far as the end of the batch.
            let reach = batch.skip.saturating_add(batch.limit);
            let mut due = list_due_transactions(conn, &gateway, now, reach).await?;
            due.extend(list_due_refunds(conn, &gateway, now, reach).await?);
            due.sort();
            // Sorted by due time first, so that a transaction stays at the earliest of its checks.
            let mut seen = HashSet::new();
            due.retain(|(_, id)| seen.insert(id.clone()));
            let due = due.into_iter().skip(to_usize(batch.skip)).take(to_usize(batch.limit));
            Ok(due.map(|(_, id)| TransactionId::new(id)).collect())
        })
        .await
    }
}

/// A request with the head of its transaction, and the public id of its author.
type RequestWithOwners = (RequestRow, TransactionHead, Option<String>);

async fn load_requests(
    conn: &mut Conn,
    shelf: Shelf,
    order: OrderKey,
) -> QueryResult<Vec<RequestWithOwners>> {
    let query = payment_requests::table
        .inner_join(
            payment_transactions::table.on(payment_transactions::id.eq(payment_requests::transaction_key)),
        )
        .left_join(user::table.on(user::id.eq(payment_requests::requested_by)))
        .left_join(api_keys::table.on(api_keys::id.eq(payment_requests::requested_by)))
        .filter(payment_transactions::order_key.eq(order.get()))
        .select((RequestRow::as_select(), TransactionHead::as_select(), author_id()));
    On(shelf, query).load(conn).await
}

async fn find_reference_owner(
    database: &Database,
    shelf: Shelf,
    gateway: &GatewayName,
    named: &NamedReference,
) -> Result<Option<TransactionId>, PortError> {
    let (gateway, named) = (gateway.clone(), named.clone());
    let find = async move |conn: &mut Conn| {
        let query = gateway_references::table
            .inner_join(
                payment_transactions::table
                    .on(payment_transactions::id.eq(gateway_references::transaction_key)),
            )
            .filter(gateway_references::gateway.eq(gateway.as_str()))
            .filter(gateway_references::kind.eq(named.kind.as_str()))
            .filter(gateway_references::reference.eq(named.reference.as_str()))
            .select(payment_transactions::transaction_id);
        let found: Option<String> = On(shelf, query).get_result(conn).await.optional()?;
        Ok(found.map(TransactionId::new))
    };
    database.run_query(find).await
}

/// The head of a transaction, and where it is stored.
async fn find_head(conn: &mut Conn, id: &TransactionId) -> QueryResult<Option<(Shelf, TransactionHead)>> {
    for shelf in Shelf::BOTH {
        let query = payment_transactions::table
            .filter(payment_transactions::transaction_id.eq(id.as_str()))
            .select(TransactionHead::as_select());
        if let Some(head) = On(shelf, query).get_result(conn).await.optional()? {
            return Ok(Some((shelf, head)));
        }
    }
    Ok(None)
}

/// Loads the transactions of an order, oldest first, with their parts.
async fn load_all(conn: &mut Conn, order: OrderKey) -> QueryResult<(Vec<StoredTransaction>, Parts)> {
    for shelf in Shelf::BOTH {
        let query = stored_transactions()
            .filter(payment_transactions::order_key.eq(order.get()))
            .order(payment_transactions::sequence.asc())
            .select((
                TransactionRow::as_select(),
                payment_next_actions::content.nullable(),
                payment_metadata::content.nullable(),
            ));
        let rows: Vec<StoredTransaction> = On(shelf, query).load(conn).await?;
        if !rows.is_empty() {
            let parts = load_parts(conn, shelf, &rows).await?;
            return Ok((rows, parts));
        }
    }
    Ok((Vec::new(), Parts::default()))
}

/// The refunds of a transaction, oldest first.
async fn read_refunds(conn: &mut Conn, shelf: Shelf, transaction: i64) -> QueryResult<Vec<RefundRow>> {
    let query = refunds::table
        .filter(refunds::transaction_key.eq(transaction))
        .order(refunds::sequence.asc())
        .select(RefundRow::as_select());
    On(shelf, query).load(conn).await
}

/// Most pages of refunds that are read for one batch. It ends a batch whose refunds all belong to few
/// transactions.
const PAGES_MAX: u32 = 100;

/// When the check is due, and the id of the transaction to check.
type DueCheck = (Option<SqlTimestamp>, String);

/// The first name of a gateway with payments behind that name: one step of the index, however many payments it has.
pub(super) async fn find_gateway_after(
    conn: &mut Conn,
    after: Option<&GatewayName>,
) -> QueryResult<Option<GatewayName>> {
    // No name is empty, so every name is greater than the empty one.
    let query = payment_transactions::table
        .filter(payment_transactions::gateway.gt(after.map_or("", GatewayName::as_str)))
        .order(payment_transactions::gateway.asc())
        .limit(1)
        .select(payment_transactions::gateway);
    let found: Vec<String> = IndexHint(Index::TRANSACTIONS_TO_CHECK, query).load(conn).await?;
    Ok(found.into_iter().next().map(GatewayName::new))
}

async fn list_due_transactions(
    conn: &mut Conn,
    gateway: &GatewayName,
    now: Timestamp,
    limit: u32,
) -> QueryResult<Vec<DueCheck>> {
    let query = payment_transactions::table
        .filter(payment_transactions::gateway.eq(gateway.as_str()))
        .filter(payment_transactions::check_at.le(SqlTimestamp::from(now)))
        .order((payment_transactions::check_at.asc(), payment_transactions::id.asc()))
        .limit(i64::from(limit))
        .select((payment_transactions::check_at, payment_transactions::transaction_id));
    IndexHint(Index::TRANSACTIONS_TO_CHECK, query).load(conn).await
}

/// The transactions whose refunds are longest due. One transaction can have several of these refunds, so it
/// can take several pages until the batch is full.
async fn list_due_refunds(
    conn: &mut Conn,
    gateway: &GatewayName,
    now: Timestamp,
    limit: u32,
) -> QueryResult<Vec<DueCheck>> {
    let (mut due, mut seen, mut last) = (Vec::new(), HashSet::new(), None);
    for _ in 0..PAGES_MAX {
        let page = list_refunds_after(conn, gateway, now, last, limit).await?;
        let ends = page.len() < to_usize(limit);
        for (at, key, id) in page {
            // The position of the last row, not an offset, which would read all rows before it again.
            last = at.map(|at| (at, key));
            if seen.insert(id.clone()) {
                due.push((at, id));
            }
        }
        if ends || due.len() >= to_usize(limit) {
            break;
        }
    }
    Ok(due)
}

/// A time, a row key, and the id of the row's transaction.
type DatedRow = (Option<SqlTimestamp>, i64, String);

async fn list_refunds_after(
    conn: &mut Conn,
    gateway: &GatewayName,
    now: Timestamp,
    last: Option<(SqlTimestamp, i64)>,
    limit: u32,
) -> QueryResult<Vec<DatedRow>> {
    let mut query = refunds::table
        .inner_join(payment_transactions::table.on(payment_transactions::id.eq(refunds::transaction_key)))
        .filter(refunds::gateway.eq(gateway.as_str()))
        .filter(refunds::check_at.le(SqlTimestamp::from(now)))
        .select((refunds::check_at, refunds::id, payment_transactions::transaction_id))
        .into_boxed();
    if let Some((at, key)) = last {
        let beside = refunds::check_at.eq(at).and(refunds::id.gt(key));
        query = query.filter(refunds::check_at.ge(at)).filter(refunds::check_at.gt(at).or(beside));
    }
    let query = query.order((refunds::check_at.asc(), refunds::id.asc())).limit(i64::from(limit));
    IndexHint(Index::REFUNDS_TO_CHECK, query).load(conn).await
}
