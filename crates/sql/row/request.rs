use diesel::prelude::*;
use domain::{
    TransactionKey, UserId,
    payment::{RecordedRequest, Request, RequestKind},
};

use super::{TransactionHead, user_key};
use crate::sql::schema::payment_requests;
use crate::sql::value::{Parts, Stamp};

/// Who asked for what of a transaction. Its currency is the transaction's.
#[derive(Insertable)]
#[diesel(table_name = payment_requests)]
pub(in crate::sql) struct NewRequest {
    transaction_key: i64,
    kind: &'static str,
    amount: Parts,
    requested_by: i64,
    actor: &'static str,
    requested_at: Stamp,
}

impl From<&Request> for NewRequest {
    fn from(it: &Request) -> Self {
        Self {
            transaction_key: it.transaction.get(),
            kind: it.kind.as_str(),
            amount: it.amount.into(),
            requested_by: user_key(it.requested_by),
            actor: it.requested_by.actor.as_str(),
            requested_at: it.requested_at.into(),
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = payment_requests)]
pub(in crate::sql) struct RequestRow {
    pub(in crate::sql) id: i64,
    transaction_key: i64,
    kind: String,
    amount: Parts,
    requested_by: i64,
    actor: String,
    requested_at: Stamp,
}

impl RequestRow {
    /// The request of that transaction, with the public id of who asked.
    pub(in crate::sql) fn read(
        self,
        of: &TransactionHead,
        user: Option<String>,
    ) -> QueryResult<RecordedRequest> {
        let (row, currency) =
            (of.row().within("payment_requests", self.transaction_key, self.id), of.currency());
        let request = Request {
            transaction: TransactionKey::new(self.transaction_key),
            kind: row.known(RequestKind::parse(&self.kind), "kind")?,
            amount: row.money(self.amount, currency, "amount")?,
            requested_by: row.author(&self.actor, self.requested_by)?,
            requested_at: row.moment(self.requested_at, "requested_at")?,
        };
        Ok(RecordedRequest { request, user: user.map(UserId::new) })
    }
}
