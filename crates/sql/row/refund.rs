use diesel::prelude::*;
use domain::{GatewayName, Refund, RefundId, RefundKey, Text, TransactionKey, payment::RefundFacts};

use super::{
    author_key,
    details::{json_text, read_json},
    reader::RowReader,
};
use crate::sql::schema::refunds;
use crate::sql::value::{SqlAmount, SqlTimestamp};

/// A refund. Its currency is the transaction's, and its `status` follows from the other columns.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = refunds, treat_none_as_default_value = false)]
pub(in crate::sql) struct RefundRow {
    pub(in crate::sql) id: i64,
    pub(in crate::sql) transaction_key: i64,
    gateway: String,
    pub(in crate::sql) sequence: i64,
    refund_id: String,
    amount: SqlAmount,
    pub(in crate::sql) status: String,
    succeeded_at: Option<SqlTimestamp>,
    failed_at: Option<SqlTimestamp>,
    withdrawn: bool,
    requested_by: i64,
    actor: String,
    reason: Option<String>,
    created_at: SqlTimestamp,
    check_at: Option<SqlTimestamp>,
    checks: i64,
    items: Option<String>,
    metadata: Option<String>,
}

impl RefundRow {
    /// The row of a refund; `sequence` is its position among those of its transaction, from 1. `gateway` is
    /// that of the transaction. The row repeats it for the index that finds a gateway's due refunds.
    pub(in crate::sql) fn new(sequence: i64, refund: &Refund, gateway: &GatewayName) -> Self {
        Self {
            id: refund.key.get(),
            transaction_key: refund.transaction.get(),
            gateway: gateway.as_str().to_owned(),
            sequence,
            refund_id: refund.id.as_str().to_owned(),
            amount: refund.amount.into(),
            status: refund.status().as_str().to_owned(),
            succeeded_at: refund.facts.succeeded_at.map(SqlTimestamp::from),
            failed_at: refund.facts.failed_at.map(SqlTimestamp::from),
            withdrawn: refund.facts.withdrawn,
            requested_by: author_key(refund.requested_by),
            actor: refund.requested_by.actor.as_str().to_owned(),
            reason: refund.reason.as_ref().map(|it| it.as_str().to_owned()),
            created_at: refund.created_at.into(),
            check_at: refund.check_at.map(SqlTimestamp::from),
            checks: i64::from(refund.checks),
            items: (!refund.items.is_empty()).then(|| json_text(&refund.items)),
            metadata: (!refund.metadata.is_empty()).then(|| json_text(&refund.metadata)),
        }
    }

    /// The refund, read with the currency of the transaction `of`, which an unreadable row is reported for.
    pub(super) fn into_refund(self, of: RowReader<'_>, currency: &str) -> QueryResult<Refund> {
        let row = of.sibling_row("refunds", self.id);
        Ok(Refund {
            key: RefundKey::new(self.id),
            id: RefundId::new(self.refund_id),
            transaction: TransactionKey::new(self.transaction_key),
            amount: row.read_money(self.amount, currency, "amount")?,
            facts: RefundFacts {
                succeeded_at: row.read_optional_timestamp(self.succeeded_at, "succeeded_at")?,
                failed_at: row.read_optional_timestamp(self.failed_at, "failed_at")?,
                withdrawn: self.withdrawn,
            },
            requested_by: row.read_changed_by(&self.actor, self.requested_by)?,
            reason: self.reason.map(Text::new),
            created_at: row.read_timestamp(self.created_at, "created_at")?,
            check_at: row.read_optional_timestamp(self.check_at, "check_at")?,
            checks: row.read_count(self.checks, "checks")?,
            items: read_json(row, self.items, "items")?.unwrap_or_default(),
            metadata: read_json(row, self.metadata, "metadata")?.unwrap_or_default(),
        })
    }
}
