use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    Order, OrderKey, Progress,
    order::{Entry, Status},
};

use super::halt::{Refusal, Written, guarded, inserted};
use crate::connection::Conn;
use crate::sql::kept::Kept;
use crate::sql::row::{HistoryRow, NewItem, OrderRow};
use crate::sql::schema::{order_items, order_status_history, orders};
use crate::sql::value::Stamp;

pub(super) async fn insert(conn: &mut Conn, order: &Order, entry: &Entry) -> Written {
    let insert = diesel::insert_into(orders::table).values(OrderRow::from(order));
    inserted(insert.execute(conn).await, || Refusal::Stale)?;
    for item in NewItem::all(order) {
        let insert = diesel::insert_into(order_items::table).values(item);
        inserted(insert.execute(conn).await, || Refusal::Stale)?;
    }
    record(conn, order.key, entry).await
}

pub(super) async fn update(conn: &mut Conn, progress: &Progress) -> Written {
    let order = progress.order();
    let guard = orders::table.find(order.key.get()).filter(orders::revision.eq(progress.read().get()));
    let update = diesel::update(guard).set((
        orders::status.eq(order.status.as_str()),
        orders::came_from.eq(order.came_from.map(Status::as_str)),
        orders::version.eq(order.version.get()),
        orders::revision.eq(order.revision.get()),
        orders::last_sequence.eq(order.last_sequence.get()),
        orders::updated_at.eq(Stamp::from(order.updated_at)),
    ));
    guarded(Kept(update).execute(conn).await?)?;
    for entry in progress.entries() {
        record(conn, order.key, entry).await?;
    }
    Ok(())
}

async fn record(conn: &mut Conn, order: OrderKey, entry: &Entry) -> Written {
    let insert = diesel::insert_into(order_status_history::table).values(HistoryRow::of(order, entry));
    inserted(insert.execute(conn).await, || Refusal::Stale)
}
