use domain::{
    EventKey,
    payment::{EventDisposition, StoredEvent},
};

use super::{
    abort::{Abort, Written},
    update_guarded,
};
use crate::record::{table::Duplicate, tables::Tables};

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
