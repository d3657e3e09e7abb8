use async_trait::async_trait;
use domain::{
    EventId, EventKey, GatewayName, Timestamp, TransactionId,
    payment::{EventDisposition, StoredEvent},
};
use ports::{Batch, EventRepository, UnreadableRow};

use super::{Read, sort_behind, take_batch};
use crate::{
    MemoryRecord,
    record::{commit::TransactionKeys, tables::Tables},
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
    ) -> Read<Vec<StoredEvent>> {
        let tables = self.tables();
        let is_about =
            |it: &StoredEvent| it.gateway == *gateway && it.transaction.as_ref() == Some(transaction);
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

/// What lists sort an event by.
const fn sort_place(event: &StoredEvent) -> (Timestamp, EventKey) {
    (event.received_at, event.key)
}

const fn is_waiting(disposition: EventDisposition) -> bool {
    match disposition {
        EventDisposition::Waiting | EventDisposition::Parked | EventDisposition::Overdue => true,
        EventDisposition::Applied | EventDisposition::Unchanged | EventDisposition::Flagged => false,
    }
}

/// Whether the transaction of an event is there, at the gateway that the event is from.
fn is_known(tables: &Tables, event: &StoredEvent) -> bool {
    let Some(id) = &event.transaction else { return false };
    let transaction = tables.transactions.find(&TransactionKeys::Id(id.clone()));
    transaction.is_some_and(|it| it.gateway == event.gateway)
}
