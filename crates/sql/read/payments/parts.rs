//! What belongs to transactions and is read with them.

use std::collections::HashMap;

use diesel::{dsl::auto_type, prelude::*};
use diesel_async::RunQueryDsl;
use domain::{Transaction, payment::PaymentStatus};

use crate::connection::Conn;
use crate::sql::cached_statement::{CachedStatement, pad_keys};
use crate::sql::read::group_by_key;
use crate::sql::row::{DisputeRow, ReferenceRow, RefundRow, TransactionRow};
use crate::sql::schema::{
    dispute_events, gateway_references, payment_metadata, payment_next_actions, payment_transactions, refunds,
};
use crate::sql::shelf::{On, Shelf};

/// A transaction with its next action and its metadata, as they are stored.
pub(super) type StoredTransaction = (TransactionRow, Option<String>, Option<String>);

/// Joins each transaction with its next action, which it can have only while it is pending, and with its metadata. The
/// joins save statements of their own.
#[auto_type]
pub(super) fn stored_transactions() -> _ {
    let pending: &'static str = PaymentStatus::Pending.as_str();
    payment_transactions::table
        .left_join(
            payment_next_actions::table.on(payment_next_actions::transaction_key
                .eq(payment_transactions::id)
                .and(payment_transactions::status.eq(pending))),
        )
        .left_join(payment_metadata::table.on(payment_metadata::transaction_key.eq(payment_transactions::id)))
}

/// The refunds, dispute events and references of several transactions, by the transaction's row key.
#[derive(Default)]
pub(super) struct Parts {
    refunds: HashMap<i64, Vec<RefundRow>>,
    disputes: HashMap<i64, Vec<DisputeRow>>,
    references: HashMap<i64, Vec<ReferenceRow>>,
}

impl Parts {
    /// The stored status of each refund of a transaction, by the row keys of both.
    pub(super) fn refund_statuses(&self, transaction: i64) -> HashMap<i64, String> {
        let refunds = self.refunds.get(&transaction).into_iter().flatten();
        refunds.map(|it| (it.id, it.status.clone())).collect()
    }

    /// Reads a transaction with its parts, which are removed from the maps.
    pub(super) fn read_transaction(
        &mut self,
        (row, action, metadata): StoredTransaction,
    ) -> QueryResult<Transaction> {
        let refunds = self.refunds.remove(&row.id).unwrap_or_default();
        let disputes = self.disputes.remove(&row.id).unwrap_or_default();
        let references = self.references.remove(&row.id).unwrap_or_default();
        row.into_transaction(action, metadata, refunds, disputes, references)
    }
}

/// Loads the parts of these transactions, which are all on that shelf, with one query for each table.
pub(super) async fn load_parts(
    conn: &mut Conn,
    shelf: Shelf,
    rows: &[StoredTransaction],
) -> QueryResult<Parts> {
    if rows.is_empty() {
        return Ok(Parts::default());
    }
    // The parts are sorted here and below: they are few, and no index has those of several transactions in order.
    let refunds = load_refunds(conn, shelf, rows).await?;
    let keys = pad_keys(rows.iter().map(|(row, ..)| row.id).collect::<Vec<_>>());
    let query = gateway_references::table
        .filter(gateway_references::transaction_key.eq_any(keys))
        .select(ReferenceRow::as_select());
    let mut references: Vec<ReferenceRow> = On(shelf, CachedStatement(query)).load(conn).await?;
    // In the order in which they were stored.
    references.sort_by_key(|it| it.id);
    let disputes = load_disputes(conn, shelf, rows).await?;
    Ok(Parts {
        refunds: group_by_key(refunds, |it| it.transaction_key),
        disputes: group_by_key(disputes, |it| it.transaction_key),
        references: group_by_key(references, |it| it.transaction_key),
    })
}

/// Loads the refunds of those transactions that may have any, in the order of their requests.
async fn load_refunds(
    conn: &mut Conn,
    shelf: Shelf,
    rows: &[StoredTransaction],
) -> QueryResult<Vec<RefundRow>> {
    let captured: Vec<_> =
        rows.iter().filter(|(row, ..)| row.may_have_refunds()).map(|(row, ..)| row.id).collect();
    if captured.is_empty() {
        return Ok(Vec::new());
    }
    let query = refunds::table
        .filter(refunds::transaction_key.eq_any(pad_keys(captured)))
        .select(RefundRow::as_select());
    let mut refunds: Vec<RefundRow> = On(shelf, CachedStatement(query)).load(conn).await?;
    refunds.sort_by_key(|it| it.sequence);
    Ok(refunds)
}

/// Loads the dispute events of those transactions that have any, in the order of their arrival. Few transactions have,
/// so that most reads need no such statement.
async fn load_disputes(
    conn: &mut Conn,
    shelf: Shelf,
    rows: &[StoredTransaction],
) -> QueryResult<Vec<DisputeRow>> {
    let disputed: Vec<_> =
        rows.iter().filter(|(row, ..)| row.has_disputes()).map(|(row, ..)| row.id).collect();
    if disputed.is_empty() {
        return Ok(Vec::new());
    }
    let query = dispute_events::table
        .filter(dispute_events::transaction_key.eq_any(pad_keys(disputed)))
        .select(DisputeRow::as_select());
    let mut disputes: Vec<DisputeRow> = On(shelf, CachedStatement(query)).load(conn).await?;
    disputes.sort_by_key(|it| it.id);
    Ok(disputes)
}
