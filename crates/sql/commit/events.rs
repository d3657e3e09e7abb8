use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    EventKey,
    payment::{EventDisposition, StoredEvent},
};

use super::abort::{Violation, WriteOutcome, check_guard, check_insert};
use crate::connection::Conn;
use crate::sql::{cached_statement::CachedStatement, row::EventRow, schema::payment_events};

pub(super) async fn insert_event(conn: &mut Conn, event: &StoredEvent) -> WriteOutcome {
    // A gateway repeats a notice until it gets a 2xx, and may send it to several instances at once. The
    // unique key of gateway and event id lets exactly one of these units commit.
    let insert = diesel::insert_into(payment_events::table).values(EventRow::from(event));
    check_insert(insert.execute(conn).await, || Violation::Event(event.gateway.clone(), event.id.clone()))
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
