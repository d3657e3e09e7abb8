use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    Order, OrderChange, OrderKey,
    order::{DetailsWrite, HistoryEntry, OrderStatus},
};

use super::abort::{Violation, WriteOutcome, check_guard, check_insert};
use super::archive;
use crate::connection::Conn;
use crate::multi_row::insert_item_rows;
use crate::sql::cached_statement::CachedStatement;
use crate::sql::row::{DetailsRow, HistoryRow, NewItem, OrderRow};
use crate::sql::schema::{order_details, order_items, order_status_history, orders};
use crate::sql::value::SqlTimestamp;

pub(super) async fn insert_order(conn: &mut Conn, order: &Order, entry: &HistoryEntry) -> WriteOutcome {
    let insert = diesel::insert_into(orders::table).values(OrderRow::from(order));
    check_insert(insert.execute(conn).await, || Violation::Stale)?;
    let items = NewItem::from_order(order).collect();
    check_insert(insert_item_rows(conn, items).await, || Violation::Stale)?;
    insert_details(conn, order).await?;
    insert_history_entry(conn, order.key, entry).await
}

/// Inserts the row of the order's details. An order without any has no row, and costs no statement.
async fn insert_details(conn: &mut Conn, order: &Order) -> WriteOutcome {
    let Some(row) = DetailsRow::from_order(order) else { return Ok(()) };
    let insert = diesel::insert_into(order_details::table).values(row);
    check_insert(insert.execute(conn).await, || Violation::Stale)
}

/// Writes what the change does to the details. The order's row is locked, and its revision is the one that was
/// read, so the row of the details exists exactly if the order that was read has any.
pub(super) async fn write_details(conn: &mut Conn, progress: &OrderChange) -> WriteOutcome {
    let order = progress.order();
    match (progress.details_write(), DetailsRow::from_order(order)) {
        (DetailsWrite::Keep, _) | (DetailsWrite::Replace, None) => Ok(()),
        (DetailsWrite::Insert, _) => insert_details(conn, order).await,
        (DetailsWrite::Replace, Some(row)) => {
            let update = diesel::update(order_details::table.find(order.key.get())).set((
                order_details::reference.eq(row.reference),
                order_details::metadata.eq(row.metadata),
                order_details::contact.eq(row.contact),
                order_details::shipping_address.eq(row.shipping_address),
                order_details::tracking.eq(row.tracking),
            ));
            check_guard(CachedStatement(update).execute(conn).await?)
        }
        (DetailsWrite::Delete, _) => {
            let delete = diesel::delete(order_details::table.find(order.key.get()));
            check_guard(delete.execute(conn).await?)
        }
    }
}

/// Writes how many pieces of each line have gone back into stock. The revision of the order guards it; the counts that
/// were read do so once more, so that pieces which go back twice never fit the rows.
pub(super) async fn write_restocked(conn: &mut Conn, progress: &OrderChange) -> WriteOutcome {
    let lines: Vec<_> = progress.restocked_lines().collect();
    let items = order_items::table.filter(order_items::order_id.eq(progress.order().key.get()));
    if lines.len() > 1 && progress.holds_no_stock() {
        // The usual end of an order: one statement for all its lines.
        let held = items.filter(order_items::holds_stock.eq(true));
        let held = held.filter(order_items::restocked.lt(order_items::quantity));
        let update = diesel::update(held).set(order_items::restocked.eq(order_items::quantity));
        let changed = CachedStatement(update).execute(conn).await?;
        return if changed == lines.len() { Ok(()) } else { Err(Violation::Stale.into()) };
    }
    for line in lines {
        let read = items
            .filter(order_items::position.eq(i64::from(line.position)))
            .filter(order_items::restocked.eq(i64::from(line.read)));
        let update = diesel::update(read).set(order_items::restocked.eq(i64::from(line.restocked)));
        check_guard(CachedStatement(update).execute(conn).await?)?;
    }
    Ok(())
}

pub(super) async fn update_order(conn: &mut Conn, progress: &OrderChange) -> WriteOutcome {
    let order = progress.order();
    if update_row(conn, progress).await? == 0 {
        // Nearly always another commit was faster. But the order may be in the archive, and then it comes back whole, before
        // anything of it is written: the writes of its payments come after this one in the lock order.
        if !archive::restore_order(conn, order.key, progress.base_revision()).await? {
            return Err(Violation::Stale.into());
        }
        check_guard(update_row(conn, progress).await?)?;
    }
    // The guard comes before the history: a stale unit must end here, not with the unique key of an entry that another
    // unit wrote.
    write_details(conn, progress).await?;
    write_restocked(conn, progress).await?;
    for entry in progress.history_entries() {
        insert_history_entry(conn, order.key, entry).await?;
    }
    Ok(())
}

/// Writes the columns of the order itself; none if its revision is not the one that was read.
async fn update_row(conn: &mut Conn, progress: &OrderChange) -> QueryResult<usize> {
    let order = progress.order();
    // The revision guards the order, its payments and its refunds together. With a version for each of
    // them, two units that read both and change one each could both commit, and be wrong together (ADR
    // 0005).
    let guard =
        orders::table.find(order.key.get()).filter(orders::revision.eq(progress.base_revision().get()));
    let update = diesel::update(guard).set((
        orders::status.eq(order.status.as_str()),
        orders::came_from.eq(order.status_before_refund.map(OrderStatus::as_str)),
        orders::version.eq(order.version.get()),
        orders::revision.eq(order.revision.get()),
        orders::last_sequence.eq(order.last_sequence.get()),
        orders::updated_at.eq(SqlTimestamp::from(order.updated_at)),
        orders::status_changed_at.eq(SqlTimestamp::from(order.status_changed_at)),
    ));
    CachedStatement(update).execute(conn).await
}

async fn insert_history_entry(conn: &mut Conn, order: OrderKey, entry: &HistoryEntry) -> WriteOutcome {
    // Order and sequence are a unique key, so the schema too refuses a second entry of the same number.
    let insert = diesel::insert_into(order_status_history::table).values(HistoryRow::new(order, entry));
    check_insert(insert.execute(conn).await, || Violation::Stale)
}
