use diesel::prelude::*;
use domain::{GatewayName, Refund, RefundId, RefundKey, Text, TransactionKey, payment::RefundFacts};

use super::{reading::Reading, user_key};
use crate::sql::schema::refunds;
use crate::sql::value::{Parts, Stamp};

/// A refund. Its currency is the transaction's; its `status` follows from the rest.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = refunds, treat_none_as_default_value = false)]
pub(in crate::sql) struct RefundRow {
    id: i64,
    pub(in crate::sql) transaction_key: i64,
    gateway: String,
    sequence: i64,
    refund_id: String,
    amount: Parts,
    status: String,
    succeeded_at: Option<Stamp>,
    failed_at: Option<Stamp>,
    withdrawn: bool,
    requested_by: i64,
    actor: String,
    reason: Option<String>,
    created_at: Stamp,
    check_at: Option<Stamp>,
    checks: i64,
}

impl RefundRow {
    /// The refund at that place among those of its transaction, 1 and so on. The gateway is the transaction's; it stands here
    /// for the index by which that gateway's due refunds are found.
    pub(in crate::sql) fn of(sequence: i64, refund: &Refund, gateway: &GatewayName) -> Self {
        Self {
            id: refund.key.get(),
            transaction_key: refund.transaction.get(),
            gateway: gateway.as_str().to_owned(),
            sequence,
            refund_id: refund.id.as_str().to_owned(),
            amount: refund.amount.into(),
            status: refund.status().as_str().to_owned(),
            succeeded_at: refund.facts.succeeded_at.map(Stamp::from),
            failed_at: refund.facts.failed_at.map(Stamp::from),
            withdrawn: refund.facts.withdrawn,
            requested_by: user_key(refund.requested_by),
            actor: refund.requested_by.actor.as_str().to_owned(),
            reason: refund.reason.as_ref().map(|it| it.as_str().to_owned()),
            created_at: refund.created_at.into(),
            check_at: refund.check_at.map(Stamp::from),
            checks: i64::from(refund.checks),
        }
    }

    /// A refund of that transaction.
    pub(super) fn read(self, of: Reading<'_>, currency: &str) -> QueryResult<Refund> {
        let row = of.beside("refunds", self.id);
        Ok(Refund {
            key: RefundKey::new(self.id),
            id: RefundId::new(self.refund_id),
            transaction: TransactionKey::new(self.transaction_key),
            amount: row.money(self.amount, currency, "amount")?,
            facts: RefundFacts {
                succeeded_at: row.any_moment(self.succeeded_at, "succeeded_at")?,
                failed_at: row.any_moment(self.failed_at, "failed_at")?,
                withdrawn: self.withdrawn,
            },
            requested_by: row.author(&self.actor, self.requested_by)?,
            reason: self.reason.map(Text::new),
            created_at: row.moment(self.created_at, "created_at")?,
            check_at: row.any_moment(self.check_at, "check_at")?,
            checks: row.count(self.checks, "checks")?,
        })
    }
}
