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
    dispute_events, gateway_references, payment_next_actions, payment_transactions, refunds,
};

/// A transaction with its next action, as it is stored.
pub(super) type TransactionWithAction = (TransactionRow, Option<String>);

/// Joins each transaction with its next action, which it can have only while it is pending. The join saves a
/// statement of its own.
#[auto_type]
pub(super) fn transactions_with_actions() -> _ {
    let pending: &'static str = PaymentStatus::Pending.as_str();
    payment_transactions::table.left_join(
        payment_next_actions::table.on(payment_next_actions::transaction_key
            .eq(payment_transactions::id)
            .and(payment_transactions::status.eq(pending))),
    )
}

/// The refunds, dispute events and references of several transactions, by the transaction's row key.
#[derive(Default)]
pub(super) struct Parts {
    refunds: HashMap<i64, Vec<RefundRow>>,
    disputes: HashMap<i64, Vec<DisputeRow>>,
    references: HashMap<i64, Vec<ReferenceRow>>,
}

impl Parts {
    /// Reads a transaction with its parts, which are removed from the maps.
    pub(super) fn read_transaction(
        &mut self,
        (row, action): TransactionWithAction,
    ) -> QueryResult<Transaction> {
        let refunds = self.refunds.remove(&row.id).unwrap_or_default();
        let disputes = self.disputes.remove(&row.id).unwrap_or_default();
        let references = self.references.remove(&row.id).unwrap_or_default();
        row.into_transaction(action, refunds, disputes, references)
    }
}

/// Loads the parts of these transactions, with one query for each table.
pub(super) async fn load_parts(conn: &mut Conn, rows: &[TransactionWithAction]) -> QueryResult<Parts> {
    if rows.is_empty() {
        return Ok(Parts::default());
    }
    let keys = pad_keys(rows.iter().map(|(row, _)| row.id).collect::<Vec<_>>());
    // The parts are sorted here: they are few, and no index has those of several transactions in order.
    let query =
        refunds::table.filter(refunds::transaction_key.eq_any(keys.clone())).select(RefundRow::as_select());
    let mut refunds: Vec<RefundRow> = CachedStatement(query).load(conn).await?;
    refunds.sort_by_key(|it| it.sequence);
    let query = gateway_references::table
        .filter(gateway_references::transaction_key.eq_any(keys))
        .select(ReferenceRow::as_select());
    let mut references: Vec<ReferenceRow> = CachedStatement(query).load(conn).await?;
    // In the order in which they were stored.
    references.sort_by_key(|it| it.id);
    let disputes = load_disputes(conn, rows).await?;
    Ok(Parts {
        refunds: group_by_key(refunds, |it| it.transaction_key),
        disputes: group_by_key(disputes, |it| it.transaction_key),
        references: group_by_key(references, |it| it.transaction_key),
    })
}

/// Loads the dispute events of those transactions that have any, in the order of their arrival. Few transactions have,
/// so that most reads need no such statement.
async fn load_disputes(conn: &mut Conn, rows: &[TransactionWithAction]) -> QueryResult<Vec<DisputeRow>> {
    let disputed: Vec<_> = rows.iter().filter(|(row, _)| row.has_disputes()).map(|(row, _)| row.id).collect();
    if disputed.is_empty() {
        return Ok(Vec::new());
    }
    let query = dispute_events::table
        .filter(dispute_events::transaction_key.eq_any(pad_keys(disputed)))
        .select(DisputeRow::as_select());
    let mut disputes: Vec<DisputeRow> = CachedStatement(query).load(conn).await?;
    disputes.sort_by_key(|it| it.id);
    Ok(disputes)
}
