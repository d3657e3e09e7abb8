use async_trait::async_trait;
use domain::{
    Order, OrderKey, OrderNumber, Timestamp, Transaction, UserKey,
    order::{OrderStatus, StoredHistoryEntry},
    payment::PaymentStatus,
};
use ports::{
    Batch, DueOrders, OldOrder, OrderCursor, OrderFilter, OrderHead, OrderRepository, OrderSort, Page,
};

use super::{Read, sort_behind, take_batch};
use crate::{
    MemoryRecord,
    record::{
        rows::{HistoryRow, TransactionKeys},
        tables::Tables,
    },
};

#[async_trait]
impl OrderRepository for MemoryRecord {
    async fn find_order(&self, number: &OrderNumber) -> Read<Option<Order>> {
        self.read_found(self.tables().orders.find(number), Order::clone)
    }

    async fn find_order_head(&self, number: &OrderNumber) -> Read<Option<OrderHead>> {
        Ok(self.tables().orders.find(number).map(head_of))
    }

    async fn find_order_heads(&self, numbers: &[OrderNumber]) -> Read<Vec<(OrderNumber, OrderHead)>> {
        let tables = self.tables();
        let found = tables.orders.rows().filter(|it| numbers.contains(&it.number));
        Ok(found.map(|it| (it.number.clone(), head_of(it))).collect())
    }

    async fn list_orders(&self, filter: OrderFilter) -> Read<Page<Order>> {
        let tables = self.tables();
        let place = |it: &Order| sort_place(it, filter.sort);
        let last = filter.after.as_ref().map(|cursor| {
            let key = tables.orders.find(&cursor.number)?.key;
            Some(signed_place(cursor.at, key, filter.sort))
        });
        if last == Some(None) {
            return Ok(Page::EMPTY);
        }
        let numbered = filter
            .search
            .as_ref()
            .filter(|_| filter.owner.is_none())
            .and_then(|search| tables.orders.rows().find(|it| it.number.as_str() == search.as_str()))
            .filter(|it| !tables.is_archived(it.key));
        let is_found = |it: &Order| match (&filter.search, numbered) {
            (None, _) => true,
            (Some(_), Some(only)) => only.key == it.key,
            (Some(search), None) => search.matches_order(it, tables.users.get(&it.owner).map(|it| &it.user)),
        };
        let listed = tables.orders.rows().filter(|it| !tables.is_archived(it.key));
        let rows = listed.filter(|it| matches_filter(&filter, it) && is_found(it));
        let rows = sort_behind(rows, place, last.flatten().as_ref());
        let cursor = |it: &Order| {
            OrderCursor { at: sort_time(it, filter.sort), number: it.number.clone() }.to_string()
        };
        Ok(self.read_page(rows, filter.limit, cursor, Order::clone))
    }

    async fn has_order_in(&self, owner: UserKey, statuses: &[OrderStatus]) -> Read<bool> {
        let tables = self.tables();
        let fits =
            |it: &Order| it.owner == owner && statuses.contains(&it.status) && !tables.is_archived(it.key);
        Ok(tables.orders.rows().any(fits))
    }

    async fn list_history_entries(&self, order: OrderKey) -> Read<Vec<StoredHistoryEntry>> {
        let tables = self.tables();
        let entries = tables.history.rows().filter(|it| it.order == order);
        let recorded = |row: &HistoryRow| {
            let author = tables.author_id(row.entry.by);
            StoredHistoryEntry { entry: row.entry.clone(), author }
        };
        Ok(self.read_readable(entries, recorded))
    }

    async fn list_due_orders(&self, due: DueOrders, batch: Batch) -> Read<Vec<OrderNumber>> {
        let tables = self.tables();
        let mut found = match due {
            DueOrders::Expired(now) => list_expired(&tables, now),
            DueOrders::InStatusSince(status, before) => list_in_status(&tables, status, before),
            DueOrders::Uncaptured(before) => list_uncaptured(&tables, before),
        };
        found.sort();
        Ok(take_batch(found, batch).into_iter().map(|(_, _, number)| number.clone()).collect())
    }

    async fn list_old_orders(
        &self,
        before: Timestamp,
        after: Option<OldOrder>,
        limit: u32,
    ) -> Read<Vec<OldOrder>> {
        let tables = self.tables();
        let is_erased =
            |it: &Order| tables.erasures.get(&it.owner).is_some_and(|it| !it.progress.is_finished());
        let is_old = |it: &&Order| {
            it.status == OrderStatus::Closed
                && it.updated_at < before
                && !tables.is_archived(it.key)
                && !is_erased(it)
        };
        let after = after.map(|it| (it.updated_at, it.key));
        let rows =
            sort_behind(tables.orders.rows().filter(is_old), |it| (it.updated_at, it.key), after.as_ref());
        let old = |it: &Order| OldOrder { updated_at: it.updated_at, key: it.key, number: it.number.clone() };
        Ok(take_batch(rows, Batch { skip: 0, limit }).into_iter().map(old).collect())
    }

    async fn list_archived_orders(
        &self,
        owner: Option<UserKey>,
        after: Option<OrderKey>,
        limit: u32,
    ) -> Read<Vec<(OrderKey, OrderNumber)>> {
        let tables = self.tables();
        let archived = tables.archived_orders.rows().filter_map(|it| tables.orders.get(&it.order));
        let fits = |it: &&Order| {
            owner.is_none_or(|owner| owner == it.owner) && after.is_none_or(|after| after < it.key)
        };
        let rows = take_batch(archived.filter(fits).collect(), Batch { skip: 0, limit });
        Ok(rows.into_iter().map(|it| (it.key, it.number.clone())).collect())
    }
}

const fn sort_time(order: &Order, sort: OrderSort) -> Timestamp {
    if sort.is_by_change() { order.updated_at } else { order.created_at }
}

/// The sort key of an order: time, then row.
fn sort_place(order: &Order, sort: OrderSort) -> (i64, i64) {
    signed_place(sort_time(order, sort), order.key, sort)
}

/// Negated for a list in which later times come first, so that both directions have one type.
const fn signed_place(at: Timestamp, key: OrderKey, sort: OrderSort) -> (i64, i64) {
    let (at, key) = (at.as_millis(), key.get());
    if sort.is_descending() { (at.wrapping_neg(), key.wrapping_neg()) } else { (at, key) }
}

fn matches_filter(filter: &OrderFilter, order: &Order) -> bool {
    let within = |at: Timestamp, after: Option<Timestamp>, before: Option<Timestamp>| {
        after.is_none_or(|it| it <= at) && before.is_none_or(|it| at < it)
    };
    filter.owner.is_none_or(|it| it == order.owner)
        && (filter.statuses.is_empty() || filter.statuses.contains(&order.status))
        && within(order.created_at, filter.created_after, filter.created_before)
        && within(order.updated_at, filter.updated_after, filter.updated_before)
        && (filter.reference.is_none() || filter.reference == order.details.reference)
}

/// The time since when an order is due, the row key that breaks a tie, and the order's number.
type DueOrder<'t> = (Timestamp, i64, &'t OrderNumber);

fn list_expired(tables: &Tables, now: Timestamp) -> Vec<DueOrder<'_>> {
    let is_free = |it: &Order| tables.transactions.find(&TransactionKeys::Occupied(it.key)).is_none();
    let is_over = |it: &&Order| it.status == OrderStatus::Pending && it.expires_at <= now && is_free(it);
    let orders = tables.orders.rows().filter(is_over);
    orders.map(|it| (it.expires_at, it.key.get(), &it.number)).collect()
}

fn list_in_status(tables: &Tables, status: OrderStatus, before: Timestamp) -> Vec<DueOrder<'_>> {
    let orders = tables.orders.rows().filter(|it| it.status == status && it.status_changed_at <= before);
    orders.map(|it| (it.status_changed_at, it.key.get(), &it.number)).collect()
}

fn list_uncaptured(tables: &Tables, before: Timestamp) -> Vec<DueOrder<'_>> {
    let is_held = |it: &&Transaction| {
        it.status() == PaymentStatus::Authorized
            && it.occupies_order()
            && it.pending_operation.is_none()
            && it.created_at <= before
    };
    let due = |it: &Transaction| {
        let order = tables.orders.get(&it.order).filter(|order| order.status == OrderStatus::Pending);
        order.map(|order| (it.created_at, it.key.get(), &order.number))
    };
    // The tie is broken by the key of the transaction, as in the SQL adapters, because its time is the sort
    // key.
    let held: Vec<_> = tables.transactions.rows().filter(is_held).collect();
    held.into_iter().filter_map(due).collect()
}

const fn head_of(order: &Order) -> OrderHead {
    OrderHead { key: order.key, owner: order.owner, revision: order.revision }
}
