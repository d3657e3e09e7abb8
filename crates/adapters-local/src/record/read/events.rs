use async_trait::async_trait;
use domain::{
    EventId, EventKey, GatewayName, Timestamp, TransactionId,
    payment::{EventDisposition, EventTarget, NamedReference, StoredEvent},
};
use ports::{Batch, EventRepository, UnreadableRow};

use super::{Read, sort_behind, take_batch};
use crate::{
    MemoryRecord,
    record::{rows::TransactionKeys, tables::Tables},
};

#[async_trait]
impl EventRepository for MemoryRecord {
    async fn find_event(&self, gateway: &GatewayName, id: &EventId) -> Read<Option<StoredEvent>> {
        self.read_found(self.tables().events.find(&(gateway.clone(), id.clone())), StoredEvent::clone)
    }

    async fn list_waiting_events(
        &self,
        gateway: &GatewayName,
        transaction: &TransactionId,
        references: &[NamedReference],
    ) -> Read<Vec<StoredEvent>> {
        let tables = self.tables();
        let names_it = |it: &StoredEvent| match &it.target {
            Some(EventTarget::Transaction(id)) => id == transaction,
            Some(EventTarget::Reference(named)) => references.contains(named),
            None => false,
        };
        let is_about = |it: &StoredEvent| it.gateway == *gateway && names_it(it);
        let waiting = tables.events.rows().filter(|it| is_about(it) && is_waiting(it.disposition));
        Ok(self.read_readable(sort_behind(waiting, sort_place, None), StoredEvent::clone))
    }

    async fn list_applicable_events(&self, batch: Batch) -> Read<Vec<Result<StoredEvent, UnreadableRow>>> {
        let tables = self.tables();
        let is_parked =
            |it: EventDisposition| matches!(it, EventDisposition::Parked | EventDisposition::Overdue);
        let known = tables.events.rows().filter(|it| is_parked(it.disposition) && is_known(&tables, it));
        Ok(self.read_each(take_batch(sort_behind(known, sort_place, None), batch)))
    }

    async fn list_overdue_events(
        &self,
        before: Timestamp,
        batch: Batch,
    ) -> Read<Vec<Result<StoredEvent, UnreadableRow>>> {
        let tables = self.tables();
        let is_overdue =
            |it: &&StoredEvent| it.disposition == EventDisposition::Parked && it.received_at <= before;
        Ok(self.read_each(take_batch(
            sort_behind(tables.events.rows().filter(is_overdue), sort_place, None),
            batch,
        )))
    }
}

impl MemoryRecord {
    fn read_each(&self, events: Vec<&StoredEvent>) -> Vec<Result<StoredEvent, UnreadableRow>> {
        events.into_iter().map(|event| self.read_row(event, StoredEvent::clone)).collect()
    }
}

/// The sort key of events: oldest first.
const fn sort_place(event: &StoredEvent) -> (Timestamp, EventKey) {
    (event.received_at, event.key)
}

const fn is_waiting(disposition: EventDisposition) -> bool {
    match disposition {
        EventDisposition::Waiting | EventDisposition::Parked | EventDisposition::Overdue => true,
        EventDisposition::Applied | EventDisposition::Unchanged | EventDisposition::Flagged => false,
    }
}

/// Whether the transaction or the reference that an event names is known at the event's gateway.
fn is_known(tables: &Tables, event: &StoredEvent) -> bool {
    let keys = match &event.target {
        Some(EventTarget::Transaction(id)) => TransactionKeys::Id(id.clone()),
        Some(EventTarget::Reference(named)) => {
            TransactionKeys::Reference(event.gateway.clone(), named.clone())
        }
        None => return false,
    };
    tables.transactions.find(&keys).is_some_and(|it| it.gateway == event.gateway)
}
