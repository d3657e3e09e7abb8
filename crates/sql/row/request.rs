use diesel::prelude::*;
use domain::{
    AuthorId, TransactionKey,
    payment::{PaymentRequest, PaymentRequestKind, StoredPaymentRequest},
};

use super::{TransactionHead, author_key};
use crate::sql::schema::payment_requests;
use crate::sql::value::{SqlAmount, SqlTimestamp};

/// Who asked for a payment, a capture or a void, as it is written. Its currency is the
/// transaction's.
#[derive(Insertable)]
#[diesel(table_name = payment_requests, treat_none_as_default_value = false)]
pub(crate) struct NewRequest {
    pub(in crate::sql) transaction_key: i64,
    kind: &'static str,
    amount: SqlAmount,
    requested_by: i64,
    actor: &'static str,
    requested_at: SqlTimestamp,
}

impl From<&PaymentRequest> for NewRequest {
    fn from(it: &PaymentRequest) -> Self {
        Self {
            transaction_key: it.transaction.get(),
            kind: it.kind.as_str(),
            amount: it.amount.into(),
            requested_by: author_key(it.requested_by),
            actor: it.requested_by.actor.as_str(),
            requested_at: it.requested_at.into(),
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = payment_requests, treat_none_as_default_value = false)]
pub(in crate::sql) struct RequestRow {
    pub(in crate::sql) id: i64,
    pub(in crate::sql) transaction_key: i64,
    kind: String,
    amount: SqlAmount,
    requested_by: i64,
    actor: String,
    requested_at: SqlTimestamp,
}

impl RequestRow {
    /// The request, with the currency of its transaction and the public id of its author, if there is one.
    pub(in crate::sql) fn into_request(
        self,
        of: &TransactionHead,
        author: Option<String>,
    ) -> QueryResult<StoredPaymentRequest> {
        let (row, currency) =
            (of.row().child_row("payment_requests", self.transaction_key, self.id), of.currency());
        let request = PaymentRequest {
            transaction: TransactionKey::new(self.transaction_key),
            kind: row.require_value(PaymentRequestKind::parse(&self.kind), "kind")?,
            amount: row.read_money(self.amount, currency, "amount")?,
            requested_by: row.read_changed_by(&self.actor, self.requested_by)?,
            requested_at: row.read_timestamp(self.requested_at, "requested_at")?,
        };
        Ok(StoredPaymentRequest { request, author: author.map(AuthorId::new) })
    }
}
