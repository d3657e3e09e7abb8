use domain::{
    EventId, EventKey, GatewayName,
    payment::{EventDisposition, StoredEvent},
};

use super::{
    abort::{Abort, Written},
    update_guarded,
};
use crate::record::{
    table::{Duplicate, Row},
    tables::Tables,
};

impl Row for StoredEvent {
    const TABLE: &'static str = "payment_events";
    type Key = EventKey;
    /// The id is unique within a gateway.
    type Unique = (GatewayName, EventId);

    fn key(&self) -> EventKey {
        self.key
    }

    fn unique_keys(&self) -> Vec<Self::Unique> {
        vec![(self.gateway.clone(), self.id.clone())]
    }

    fn row_name(&self) -> String {
        self.key.get().to_string()
    }
}

pub(super) fn insert_event(tables: &mut Tables, event: StoredEvent) -> Written {
    let (gateway, id) = (event.gateway.clone(), event.id.clone());
    tables.events.insert(event).map_err(|Duplicate| Abort::Event(gateway, id))
}

pub(super) fn move_event(
    tables: &mut Tables,
    key: EventKey,
    from: EventDisposition,
    to: EventDisposition,
) -> Written {
    update_guarded(&mut tables.events, &key, |it| it.disposition == from, |it| it.disposition = to)
}
