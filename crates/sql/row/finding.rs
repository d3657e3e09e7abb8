use diesel::prelude::*;
use domain::{
    EventId, Finding, FindingId, FindingKey, FindingKind, GatewayName, OrderNumber, Text, Timestamp,
    TransactionId,
};

use super::known;
use crate::sql::schema::findings;
use crate::sql::value::Stamp;

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
    created_at: Stamp,
    resolved_at: Option<Stamp>,
    note: Option<String>,
    resolved: bool,
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
            resolved_at: finding.resolved_at.map(Stamp::from),
            note: finding.note.as_ref().map(|it| it.as_str().to_owned()),
            resolved: finding.resolved_at.is_some(),
        }
    }
}

impl FindingRow {
    pub(in crate::sql) fn read(self) -> QueryResult<Finding> {
        Ok(Finding {
            kind: known(FindingKind::parse(&self.kind), "findings.kind")?,
            key: FindingKey::new(self.id),
            id: FindingId::new(self.finding_id),
            gateway: self.gateway.map(GatewayName::new),
            event: self.event_id.map(EventId::new),
            transaction: self.transaction_id.map(TransactionId::new),
            order: self.order_number.map(OrderNumber::new),
            detail: self.detail,
            created_at: self.created_at.into(),
            resolved_at: self.resolved_at.map(Timestamp::from),
            note: self.note.map(Text::new),
        })
    }
}
