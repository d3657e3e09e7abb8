use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    EventId, EventKey, GatewayName,
    payment::{EventDisposition, StoredEvent},
};

use super::abort::{Violation, WriteOutcome, check_guard, check_insert};
use crate::connection::Conn;
use crate::sql::{
    cached_statement::{CachedStatement, pad_keys},
    row::EventRow,
    schema::payment_events,
    shelf::{On, Shelf},
};

pub(super) async fn insert_event(conn: &mut Conn, event: &StoredEvent) -> WriteOutcome {
    // A gateway repeats a notice until it gets a 2xx, and may send it to several instances at once. The
    // unique key of gateway and event id lets exactly one of these units commit.
    let insert = diesel::insert_into(payment_events::table).values(EventRow::from(event));
    check_insert(insert.execute(conn).await, || Violation::Event(event.gateway.clone(), event.id.clone()))?;
    check_archived_events(conn, &[event]).await
}

/// Refuses events that archived orders have, which the unique key does not know, with one query for each gateway. It is
/// called after the insert: before it, the order of the equal one could still be on its way to the archive.
pub(super) async fn check_archived_events(conn: &mut Conn, events: &[&StoredEvent]) -> WriteOutcome {
    let mut of_gateway: BTreeMap<&GatewayName, Vec<&str>> = BTreeMap::new();
    for event in events {
        of_gateway.entry(&event.gateway).or_default().push(event.id.as_str());
    }
    for (gateway, ids) in of_gateway {
        let query = payment_events::table
            .filter(payment_events::gateway.eq(gateway.as_str()))
            .filter(payment_events::event_id.eq_any(pad_keys(ids)))
            .select(payment_events::event_id);
        let found: Vec<String> = On(Shelf::Archive, CachedStatement(query)).load(conn).await?;
        if let Some(id) = found.into_iter().next() {
            return Err(Violation::Event(gateway.clone(), EventId::new(id)).into());
        }
    }
    Ok(())
}

pub(super) async fn move_event(
    conn: &mut Conn,
    key: EventKey,
    from: EventDisposition,
    to: EventDisposition,
) -> WriteOutcome {
    // The old disposition is the guard: a parked event can be applied by a notice and by a sweep at the
    // same time, and only one of them may have an effect.
    let event = payment_events::table.find(key.get()).filter(payment_events::disposition.eq(from.as_str()));
    let update = diesel::update(event).set(payment_events::disposition.eq(to.as_str()));
    check_guard(CachedStatement(update).execute(conn).await?)
}
