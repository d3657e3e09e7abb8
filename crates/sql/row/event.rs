use diesel::prelude::*;
use domain::{
    EventId, EventKey, GatewayName, TransactionId,
    payment::{EventDisposition, EventTarget, GatewayReference, NamedReference, ReferenceKind, StoredEvent},
};

use super::reader::RowReader;
use crate::sql::schema::payment_events;
use crate::sql::value::SqlTimestamp;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = payment_events, treat_none_as_default_value = false)]
pub(crate) struct EventRow {
    id: i64,
    gateway: String,
    event_id: String,
    kind: Option<String>,
    transaction_id: Option<String>,
    reference_kind: Option<String>,
    reference: Option<String>,
    raw: String,
    disposition: String,
    received_at: SqlTimestamp,
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
    /// The position in the lists: time of arrival, then row key.
    pub(in crate::sql) const fn sort_key(&self) -> (SqlTimestamp, i64) {
        (self.received_at, self.id)
    }

    /// The key of the row.
    pub(in crate::sql) const fn key(&self) -> i64 {
        self.id
    }

    /// The gateway's id of the event, which every row has.
    pub(in crate::sql) fn public_id(&self) -> EventId {
        EventId::new(self.event_id.clone())
    }

    pub(in crate::sql) fn into_event(self) -> QueryResult<StoredEvent> {
        let row = RowReader::new("payment_events", self.id).of_event(
            &self.gateway,
            &self.event_id,
            self.transaction_id.as_deref(),
        );
        Ok(StoredEvent {
            disposition: row.require_value(EventDisposition::parse(&self.disposition), "disposition")?,
            received_at: row.read_timestamp(self.received_at, "received_at")?,
            target: self.read_target(row)?,
            key: EventKey::new(self.id),
            gateway: GatewayName::new(self.gateway),
            id: EventId::new(self.event_id),
            kind: self.kind,
            raw: self.raw,
        })
    }

    /// Reads how the event names its transaction: by our id or by a reference. A row has at most one of the
    /// two.
    fn read_target(&self, row: RowReader<'_>) -> QueryResult<Option<EventTarget>> {
        if let Some(id) = &self.transaction_id {
            return Ok(Some(EventTarget::Transaction(TransactionId::new(id.clone()))));
        }
        let Some((kind, reference)) = self.reference_kind.as_deref().zip(self.reference.clone()) else {
            return Ok(None);
        };
        let kind = row.require_value(ReferenceKind::parse(kind), "reference_kind")?;
        let reference = GatewayReference::new(reference);
        Ok(Some(EventTarget::Reference(NamedReference { kind, reference })))
    }
}
