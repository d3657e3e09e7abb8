mod due;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Order, OrderKey, OrderNumber, Revision, UserKey, order::StoredHistoryEntry};
use ports::{Batch, DueOrders, OrderFilter, OrderHead, OrderRepository, Page, PortError, UnreadableObserver};

use super::{group_by_key, limit_plus_one, read_readable_rows, truncate_page};
use crate::connection::{Conn, Database};
use crate::sql::cached_statement::{CachedStatement, pad_keys};
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::row::{HistoryRow, ItemRow, OrderRow};
use crate::sql::schema::{order_items, order_status_history, orders, user};
use crate::sql::value::SqlTimestamp;

#[async_trait]
impl OrderRepository for Database {
    async fn find_order(&self, number: &OrderNumber) -> Result<Option<Order>, PortError> {
        let number = number.clone();
        self.run_snapshot(async move |conn: &mut Conn| {
            let query =
                orders::table.filter(orders::order_number.eq(number.as_str())).select(OrderRow::as_select());
            let Some(row) = query.first(conn).await.optional()? else { return Ok(None) };
            let items = order_items::table
                .filter(order_items::order_id.eq(row.id))
                .order(order_items::position.asc())
                .select(ItemRow::as_select());
            row.into_order(items.load(conn).await?).map(Some)
        })
        .await
    }

    async fn find_order_head(&self, number: &OrderNumber) -> Result<Option<OrderHead>, PortError> {
        let number = number.clone();
        self.run_query(async move |conn: &mut Conn| {
            let query = orders::table.filter(orders::order_number.eq(number.as_str())).select((
                orders::id,
                orders::user_id,
                orders::revision,
            ));
            let head = query.first::<(i64, i64, i64)>(conn).await.optional()?;
            Ok(head.map(|(key, owner, revision)| OrderHead {
                key: OrderKey::new(key),
                owner: UserKey::new(owner),
                revision: Revision::new(revision),
            }))
        })
        .await
    }

    async fn find_order_heads(
        &self,
        numbers: &[OrderNumber],
    ) -> Result<Vec<(OrderNumber, OrderHead)>, PortError> {
        let numbers = pad_keys(numbers.iter().map(ToString::to_string).collect());
        self.run_query(async move |conn: &mut Conn| {
            let query = orders::table.filter(orders::order_number.eq_any(&numbers)).select((
                orders::order_number,
                orders::id,
                orders::user_id,
                orders::revision,
            ));
            let rows: Vec<(String, i64, i64, i64)> = CachedStatement(query).load(conn).await?;
            let head = |(number, key, owner, revision)| {
                let (key, owner) = (OrderKey::new(key), UserKey::new(owner));
                (OrderNumber::new(number), OrderHead { key, owner, revision: Revision::new(revision) })
            };
            Ok(rows.into_iter().map(head).collect())
        })
        .await
    }

    async fn list_orders(&self, filter: OrderFilter) -> Result<Page<Order>, PortError> {
        let observer = self.observer();
        self.run_snapshot(async move |conn: &mut Conn| {
            let mut query = orders::table.select(OrderRow::as_select()).into_boxed();
            if let Some(owner) = filter.owner {
                query = query.filter(orders::user_id.eq(owner.get()));
            }
            if let Some(status) = filter.status {
                query = query.filter(orders::status.eq(status.as_str()));
            }
            if let Some(since) = filter.created_after {
                query = query.filter(orders::created_at.ge(SqlTimestamp::from(since)));
            }
            if let Some(until) = filter.created_before {
                query = query.filter(orders::created_at.lt(SqlTimestamp::from(until)));
            }
            if let Some(after) = &filter.after {
                let Some((at, key)) = find_sort_key(conn, after).await? else { return Ok(Page::EMPTY) };
                let beside = orders::created_at.eq(at).and(orders::id.lt(key));
                let behind = orders::created_at.lt(at).or(beside);
                // Redundant beside the `OR` of `behind`, but only this is seen as a range of the index.
                query = query.filter(orders::created_at.le(at)).filter(behind);
            }
            let newest_first = (orders::created_at.desc(), orders::id.desc());
            let query = query.order(newest_first).limit(limit_plus_one(filter.limit));
            let mut rows = IndexHint(index_for(&filter), query).load(conn).await?;
            let next = truncate_page(&mut rows, filter.limit, OrderRow::public_number);
            Ok(Page { data: read_orders(conn, &*observer, rows).await?, next })
        })
        .await
    }

    async fn list_history_entries(&self, order: OrderKey) -> Result<Vec<StoredHistoryEntry>, PortError> {
        let observer = self.observer();
        self.run_query(async move |conn: &mut Conn| {
            let query = order_status_history::table
                .inner_join(orders::table.on(orders::id.eq(order_status_history::order_id)))
                .left_join(user::table.on(user::id.eq(order_status_history::changed_by)))
                .filter(order_status_history::order_id.eq(order.get()))
                .order(order_status_history::sequence.asc())
                .select((HistoryRow::as_select(), orders::order_number, user::public_id.nullable()));
            let rows = query.load::<(HistoryRow, String, Option<String>)>(conn).await?;
            read_readable_rows(&*observer, rows, |(row, order, user)| row.into_entry(&order, user))
        })
        .await
    }

    async fn list_due_orders(&self, due: DueOrders, batch: Batch) -> Result<Vec<OrderNumber>, PortError> {
        self.run_query(async move |conn: &mut Conn| {
            let numbers = match due {
                DueOrders::Expired(now) => due::list_expired_orders(conn, now, batch).await?,
                DueOrders::Unchanged(status, before) => {
                    due::list_unchanged_orders(conn, status, before, batch).await?
                }
                DueOrders::Uncaptured(before) => due::list_uncaptured_orders(conn, before, batch).await?,
            };
            Ok(numbers.into_iter().map(OrderNumber::new).collect())
        })
        .await
    }
}

/// The index that holds exactly the orders of a list, in the order of the list.
const fn index_for(filter: &OrderFilter) -> Index {
    match (filter.owner, filter.status) {
        (None, None) => Index::ORDERS_BY_TIME,
        (Some(_), None) => Index::ORDERS_OF_USER,
        (None, Some(_)) => Index::ORDERS_OF_STATUS,
        (Some(_), Some(_)) => Index::ORDERS_OF_USER_AND_STATUS,
    }
}

/// The position of an order in the lists: time, then row key.
async fn find_sort_key(conn: &mut Conn, number: &OrderNumber) -> QueryResult<Option<(SqlTimestamp, i64)>> {
    let query = orders::table.filter(orders::order_number.eq(number.as_str()));
    query.select((orders::created_at, orders::id)).first(conn).await.optional()
}

/// Reads the orders of these rows, each with its items, and leaves out those that cannot be read.
async fn read_orders(
    conn: &mut Conn,
    observer: &dyn UnreadableObserver,
    rows: Vec<OrderRow>,
) -> QueryResult<Vec<Order>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    // One query for the items of a whole page: one for each order would be up to a hundred round trips.
    let keys = pad_keys(rows.iter().map(|it| it.id).collect());
    let query = order_items::table
        .filter(order_items::order_id.eq_any(keys))
        .order(order_items::position.asc())
        .select(ItemRow::as_select());
    let mut items = group_by_key(CachedStatement(query).load(conn).await?, |it| it.order_id);
    read_readable_rows(observer, rows, |row| {
        let items = items.remove(&row.id).unwrap_or_default();
        row.into_order(items)
    })
}
