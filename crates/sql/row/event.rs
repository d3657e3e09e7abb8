use diesel::prelude::*;
use domain::{
    EventId, EventKey, GatewayName, TransactionId,
    payment::{Disposition, EventTarget, GatewayReference, NamedReference, ReferenceKind, StoredEvent},
};

use super::reading::Reading;
use crate::sql::schema::payment_events;
use crate::sql::value::Stamp;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = payment_events, treat_none_as_default_value = false)]
pub(in crate::sql) struct EventRow {
    id: i64,
    gateway: String,
    event_id: String,
    kind: Option<String>,
    transaction_id: Option<String>,
    reference_kind: Option<String>,
    reference: Option<String>,
    raw: String,
    disposition: String,
    received_at: Stamp,
}

impl From<&StoredEvent> for EventRow {
    fn from(event: &StoredEvent) -> Self {
        let (transaction_id, named) = match &event.target {
            Some(EventTarget::Transaction(id)) => (Some(id.as_str().to_owned()), None),
            Some(EventTarget::Reference(named)) => (None, Some(named)),
            None => (None, None),
        };
        Self {
            id: event.key.get(),
            gateway: event.gateway.as_str().to_owned(),
            event_id: event.id.as_str().to_owned(),
            kind: event.kind.clone(),
            transaction_id,
            reference_kind: named.map(|it| it.kind.as_str().to_owned()),
            reference: named.map(|it| it.reference.as_str().to_owned()),
            raw: event.raw.clone(),
            disposition: event.disposition.as_str().to_owned(),
            received_at: event.received_at.into(),
        }
    }
}

impl EventRow {
    /// What lists are sorted by.
    pub(in crate::sql) const fn place(&self) -> (Stamp, i64) {
        (self.received_at, self.id)
    }

    pub(in crate::sql) fn read(self) -> QueryResult<StoredEvent> {
        let row = Reading::of("payment_events", self.id);
        Ok(StoredEvent {
            disposition: row.known(Disposition::parse(&self.disposition), "disposition")?,
            received_at: row.moment(self.received_at, "received_at")?,
            key: EventKey::new(self.id),
            gateway: GatewayName::new(self.gateway),
            id: EventId::new(self.event_id),
            kind: self.kind,
            target: target(row, self.transaction_id, self.reference_kind, self.reference)?,
            raw: self.raw,
        })
    }
}

/// What the event names its transaction by: at most one of the two is there.
fn target(
    row: Reading<'_>,
    transaction: Option<String>,
    kind: Option<String>,
    reference: Option<String>,
) -> QueryResult<Option<EventTarget>> {
    if let Some(id) = transaction {
        return Ok(Some(EventTarget::Transaction(TransactionId::new(id))));
    }
    let Some((kind, reference)) = kind.zip(reference) else { return Ok(None) };
    let kind = row.known(ReferenceKind::parse(&kind), "reference_kind")?;
    Ok(Some(EventTarget::Reference(NamedReference { kind, reference: GatewayReference::new(reference) })))
}
