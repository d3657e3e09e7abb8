use async_trait::async_trait;
use domain::{
    EventId, EventKey, GatewayName, Timestamp, Transaction,
    payment::{EventDisposition, EventTarget, StoredEvent},
};
use ports::{Batch, EventPosition, EventRepository, OverdueStretch, Page, UnreadableRow, is_event_about};

use super::{Read, sort_behind, take_batch};
use crate::{
    MemoryRecord,
    record::{rows::TransactionKeys, table::row_count, tables::Tables},
};

#[async_trait]
impl EventRepository for MemoryRecord {
    async fn find_event(&self, gateway: &GatewayName, id: &EventId) -> Read<Option<StoredEvent>> {
        self.read_found(self.tables().events.find(&(gateway.clone(), id.clone())), StoredEvent::clone)
    }

    async fn list_stored_ids(&self, gateway: &GatewayName, ids: &[EventId]) -> Read<Vec<EventId>> {
        let tables = self.tables();
        let stored = ids.iter().filter_map(|it| tables.events.find(&(gateway.clone(), it.clone())));
        let report = |event: &StoredEvent| {
            // Read for its report only: whether it can be read or not, it is stored.
            let _ = self.read_row(event, |_| ());
            event.id.clone()
        };
        Ok(stored.map(report).collect())
    }

    async fn list_events_about(
        &self,
        transaction: &Transaction,
        after: Option<EventId>,
        limit: u32,
    ) -> Read<Page<StoredEvent>> {
        let tables = self.tables();
        let place = |it: &StoredEvent| it.key;
        let last = after.map(|id| tables.events.find(&(transaction.gateway.clone(), id)).map(place));
        if last == Some(None) {
            return Ok(Page::EMPTY);
        }
        let about = tables.events.rows().filter(|it| is_event_about(it, transaction));
        let rows = sort_behind(about, place, last.flatten().as_ref());
        Ok(self.read_page(rows, limit, |it| it.id.to_string(), StoredEvent::clone))
    }

    async fn list_applicable_events(&self, batch: Batch) -> Read<Vec<Result<StoredEvent, UnreadableRow>>> {
        let tables = self.tables();
        let is_parked = |it: &&StoredEvent| it.disposition == EventDisposition::Parked;
        let known = tables.events.rows().filter(is_parked).filter(|it| is_known(&tables, it));
        Ok(self.read_each(take_batch(sort_behind(known, sort_place, None), batch)))
    }

    async fn list_applicable_overdue(
        &self,
        after: Option<EventPosition>,
        rows_max: u32,
    ) -> Read<OverdueStretch> {
        let tables = self.tables();
        let overdue = tables.events.rows().filter(|it| it.disposition == EventDisposition::Overdue);
        let after = after.map(|it| (it.at, it.key));
        let stretch =
            take_batch(sort_behind(overdue, sort_place, after.as_ref()), Batch { skip: 0, limit: rows_max });
        let is_full = stretch.len() >= row_count(rows_max);
        let next =
            stretch.last().filter(|_| is_full).map(|it| EventPosition { at: it.received_at, key: it.key });
        let applicable = self.read_each(stretch.into_iter().filter(|it| is_known(&tables, it)).collect());
        Ok(OverdueStretch { applicable, next })
    }

    async fn list_old_events(
        &self,
        disposition: EventDisposition,
        before: Timestamp,
        batch: Batch,
    ) -> Read<Vec<Result<StoredEvent, UnreadableRow>>> {
        let tables = self.tables();
        let is_old = |it: &&StoredEvent| it.disposition == disposition && it.received_at <= before;
        Ok(self
            .read_each(take_batch(sort_behind(tables.events.rows().filter(is_old), sort_place, None), batch)))
    }
}

impl MemoryRecord {
    /// Reads the readable events that wait for one of these transactions, oldest first.
    pub(super) fn read_waiting_events(&self, tables: &Tables, of: &[Transaction]) -> Vec<StoredEvent> {
        let is_theirs = |event: &&StoredEvent| {
            event.disposition.is_open() && of.iter().any(|it| is_event_about(event, it))
        };
        let waiting = tables.events.rows().filter(is_theirs);
        self.read_readable(sort_behind(waiting, sort_place, None), StoredEvent::clone)
    }

    fn read_each(&self, events: Vec<&StoredEvent>) -> Vec<Result<StoredEvent, UnreadableRow>> {
        events.into_iter().map(|event| self.read_row(event, StoredEvent::clone)).collect()
    }
}

/// The sort key of events: oldest first.
const fn sort_place(event: &StoredEvent) -> (Timestamp, EventKey) {
    (event.received_at, event.key)
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
