use diesel::prelude::*;
use domain::{Refund, RefundId, RefundKey, Text, Timestamp, TransactionKey, payment::RefundFacts};

use super::{author, count, money, user_key};
use crate::sql::schema::refunds;
use crate::sql::value::{Parts, Stamp};

/// A refund. Its currency is the transaction's; its `status` follows from the rest.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = refunds, treat_none_as_default_value = false)]
pub(in crate::sql) struct RefundRow {
    id: i64,
    pub(in crate::sql) transaction_key: i64,
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
    /// The refund at that place among those of its transaction, 1 and so on.
    pub(in crate::sql) fn of(sequence: i64, refund: &Refund) -> Self {
        Self {
            id: refund.key.get(),
            transaction_key: refund.transaction.get(),
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

    pub(super) fn read(self, currency: &str) -> QueryResult<Refund> {
        Ok(Refund {
            key: RefundKey::new(self.id),
            id: RefundId::new(self.refund_id),
            transaction: TransactionKey::new(self.transaction_key),
            amount: money(self.amount, currency, "refunds.amount")?,
            facts: RefundFacts {
                succeeded_at: self.succeeded_at.map(Timestamp::from),
                failed_at: self.failed_at.map(Timestamp::from),
                withdrawn: self.withdrawn,
            },
            requested_by: author(&self.actor, self.requested_by, "refunds.actor")?,
            reason: self.reason.map(Text::new),
            created_at: self.created_at.into(),
            check_at: self.check_at.map(Timestamp::from),
            checks: count(self.checks, "refunds.checks")?,
        })
    }
}
