use diesel::prelude::*;
use domain::{
    AuthorId, EventId, Finding, FindingId, FindingKey, FindingKind, GatewayName, OrderNumber, Text,
    TransactionId, finding::ResolvedBy,
};

use super::{author_key, reader::RowReader};
use crate::sql::schema::findings;
use crate::sql::value::SqlTimestamp;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = findings, treat_none_as_default_value = false)]
pub(in crate::sql) struct FindingRow {
    id: i64,
    finding_id: String,
    kind: String,
    gateway: Option<String>,
    event_id: Option<String>,
    transaction_id: Option<String>,
    order_number: Option<String>,
    detail: String,
    created_at: SqlTimestamp,
    resolved_at: Option<SqlTimestamp>,
    note: Option<String>,
    resolved: bool,
    resolved_by: Option<i64>,
    resolved_actor: Option<String>,
}

impl From<&Finding> for FindingRow {
    fn from(finding: &Finding) -> Self {
        Self {
            id: finding.key.get(),
            finding_id: finding.id.as_str().to_owned(),
            kind: finding.kind.as_str().to_owned(),
            gateway: finding.gateway.as_ref().map(|it| it.as_str().to_owned()),
            event_id: finding.event.as_ref().map(|it| it.as_str().to_owned()),
            transaction_id: finding.transaction.as_ref().map(|it| it.as_str().to_owned()),
            order_number: finding.order.as_ref().map(|it| it.as_str().to_owned()),
            detail: finding.detail.clone(),
            created_at: finding.created_at.into(),
            resolved_at: finding.resolved_at.map(SqlTimestamp::from),
            note: finding.note.as_ref().map(|it| it.as_str().to_owned()),
            // Repeats `resolved_at`, because "not null" is no single value, and only behind one is an index
            // in order.
            resolved: finding.resolved_at.is_some(),
            resolved_by: finding.resolved_by.as_ref().map(|it| author_key(it.by)),
            resolved_actor: finding.resolved_by.as_ref().map(|it| it.by.actor.as_str().to_owned()),
        }
    }
}

impl FindingRow {
    pub(in crate::sql) fn public_id(&self) -> String {
        self.finding_id.clone()
    }

    /// The finding, with the public id of its resolver, if any.
    pub(in crate::sql) fn into_finding(self, author: Option<String>) -> QueryResult<Finding> {
        let row = RowReader::new("findings", self.id);
        let row = match (&self.transaction_id, &self.order_number) {
            (Some(id), Some(order)) => row.with_transaction(id, order),
            (None, Some(order)) => row.with_order(order),
            (Some(_) | None, None) => row,
        };
        let resolver = match self.resolved_actor.as_deref().zip(self.resolved_by) {
            Some((actor, key)) => {
                Some(ResolvedBy { by: row.read_changed_by(actor, key)?, author: author.map(AuthorId::new) })
            }
            None => None,
        };
        Ok(Finding {
            kind: row.require_value(FindingKind::parse(&self.kind), "kind")?,
            key: FindingKey::new(self.id),
            id: FindingId::new(self.finding_id),
            gateway: self.gateway.map(GatewayName::new),
            event: self.event_id.map(EventId::new),
            detail: self.detail,
            created_at: row.read_timestamp(self.created_at, "created_at")?,
            resolved_at: row.read_optional_timestamp(self.resolved_at, "resolved_at")?,
            note: self.note.map(Text::new),
            resolved_by: resolver,
            transaction: self.transaction_id.map(TransactionId::new),
            order: self.order_number.map(OrderNumber::new),
        })
    }
}
