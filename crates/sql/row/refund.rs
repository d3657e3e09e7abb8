use diesel::prelude::*;
use domain::{Refund, RefundId, RefundKey, Text, Timestamp, TransactionKey, payment::RefundStatus};

use super::{count, known, money};
use crate::sql::schema::refunds;
use crate::sql::value::{Parts, Stamp};

/// A refund. Its currency is the transaction's.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = refunds, treat_none_as_default_value = false)]
pub(in crate::sql) struct RefundRow {
    id: i64,
    pub(in crate::sql) transaction_key: i64,
    refund_id: String,
    amount: Parts,
    status: String,
    reason: Option<String>,
    created_at: Stamp,
    check_at: Option<Stamp>,
    checks: i64,
}

impl From<&Refund> for RefundRow {
    fn from(refund: &Refund) -> Self {
        Self {
            id: refund.key.get(),
            transaction_key: refund.transaction.get(),
            refund_id: refund.id.as_str().to_owned(),
            amount: refund.amount.into(),
            status: refund.status.as_str().to_owned(),
            reason: refund.reason.as_ref().map(|it| it.as_str().to_owned()),
            created_at: refund.created_at.into(),
            check_at: refund.check_at.map(Stamp::from),
            checks: i64::from(refund.checks),
        }
    }
}

impl RefundRow {
    pub(super) fn read(self, currency: &str) -> QueryResult<Refund> {
        Ok(Refund {
            key: RefundKey::new(self.id),
            id: RefundId::new(self.refund_id),
            transaction: TransactionKey::new(self.transaction_key),
            amount: money(self.amount, currency, "refunds.amount")?,
            status: known(RefundStatus::parse(&self.status), "refunds.status")?,
            reason: self.reason.map(Text::new),
            created_at: self.created_at.into(),
            check_at: self.check_at.map(Timestamp::from),
            checks: count(self.checks, "refunds.checks")?,
        })
    }
}
