use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    EventKey,
    payment::{Disposition, StoredEvent},
};

use super::halt::{Refusal, Written, guarded, inserted};
use crate::connection::Conn;
use crate::sql::{kept::Kept, row::EventRow, schema::payment_events};

pub(super) async fn insert(conn: &mut Conn, event: &StoredEvent) -> Written {
    let insert = diesel::insert_into(payment_events::table).values(EventRow::from(event));
    inserted(insert.execute(conn).await, || Refusal::Event(event.gateway.clone(), event.id.clone()))
}

pub(super) async fn relocate(conn: &mut Conn, key: EventKey, from: Disposition, to: Disposition) -> Written {
    let event = payment_events::table.find(key.get()).filter(payment_events::disposition.eq(from.as_str()));
    let update = diesel::update(event).set(payment_events::disposition.eq(to.as_str()));
    guarded(Kept(update).execute(conn).await?)
}
