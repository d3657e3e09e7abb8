use domain::{Order, OrderChange, OrderKey, Revision, order::HistoryEntry, payment::StoredEvent};
use ports::is_event_about;

use super::{
    abort::{Abort, Written},
    require_parent, update_guarded,
};
use crate::record::{
    rows::{ArchivedOrderRow, HistoryRow},
    tables::Tables,
};

pub(super) fn insert_order(tables: &mut Tables, order: Order, entry: HistoryEntry) -> Written {
    require_parent(&tables.users, &order.owner, "a user")?;
    let key = order.key;
    tables.orders.insert(order)?;
    Ok(tables.history.insert(HistoryRow { order: key, entry })?)
}

fn has_open_event(tables: &Tables, order: OrderKey) -> bool {
    let is_theirs = |event: &StoredEvent| {
        tables.transactions.rows().any(|it| it.order == order && is_event_about(event, it))
    };
    tables.events.rows().any(|it| it.disposition.is_open() && is_theirs(it))
}

pub(super) fn update_order(tables: &mut Tables, order_change: &OrderChange) -> Written {
    let (next, read) = (order_change.order(), order_change.base_revision());
    let is_as_read = |row: &Order| row.revision == read;
    update_guarded(&mut tables.orders, &next.key, is_as_read, |row| {
        row.status = next.status;
        row.status_before_refund = next.status_before_refund;
        row.version = next.version;
        row.revision = next.revision;
        row.last_sequence = next.last_sequence;
        row.updated_at = next.updated_at;
        row.status_changed_at = next.status_changed_at;
        row.details = next.details.clone();
        for (line, next) in row.items.iter_mut().zip(&next.items) {
            line.restocked = next.restocked;
        }
    })?;
    // An archived order that changes is brought back.
    tables.archived_orders.remove(&next.key);
    for entry in order_change.history_entries() {
        tables.history.insert(HistoryRow { order: next.key, entry: entry.clone() })?;
    }
    Ok(())
}

pub(super) fn archive_orders(tables: &mut Tables, read: Vec<(OrderKey, Revision)>) -> Written {
    for (order, revision) in read {
        let is_as_read = |row: &Order| row.revision == revision;
        if tables.is_archived(order) || has_open_event(tables, order) {
            return Err(Abort::Stale);
        }
        update_guarded(&mut tables.orders, &order, is_as_read, |row| row.revision = row.revision.next())?;
        tables.archived_orders.insert(ArchivedOrderRow { order })?;
    }
    Ok(())
}
