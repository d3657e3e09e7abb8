mod due;
mod list;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Order, OrderKey, OrderNumber, Revision, UserKey, order::StoredHistoryEntry};
use ports::{Batch, DueOrders, OrderFilter, OrderHead, OrderRepository, Page, PortError, UnreadableObserver};

use super::{author::author_id, group_by_key, read_readable_rows};
use crate::connection::{Conn, Database};
use crate::sql::cached_statement::{CachedStatement, pad_keys};
use crate::sql::row::{DetailsRow, HistoryRow, ItemRow, OrderRow};
use crate::sql::schema::{api_keys, order_details, order_items, order_status_history, orders, user};

/// The row of an order, with that of its details if it has any.
pub(super) type StoredOrder = (OrderRow, Option<DetailsRow>);

#[async_trait]
impl OrderRepository for Database {
    async fn find_order(&self, number: &OrderNumber) -> Result<Option<Order>, PortError> {
        let number = number.clone();
        self.run_snapshot(async move |conn: &mut Conn| {
            let query = orders::table
                .left_join(order_details::table.on(order_details::order_id.eq(orders::id)))
                .filter(orders::order_number.eq(number.as_str()))
                .select((OrderRow::as_select(), Option::<DetailsRow>::as_select()));
            let found: Option<StoredOrder> = query.first(conn).await.optional()?;
            let Some((row, details)) = found else { return Ok(None) };
            let items = order_items::table
                .filter(order_items::order_id.eq(row.id))
                .order(order_items::position.asc())
                .select(ItemRow::as_select());
            row.into_order(details, items.load(conn).await?).map(Some)
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
        self.run_snapshot(async move |conn: &mut Conn| list::list_orders(conn, &*observer, &filter).await)
            .await
    }

    async fn list_history_entries(&self, order: OrderKey) -> Result<Vec<StoredHistoryEntry>, PortError> {
        let observer = self.observer();
        self.run_query(async move |conn: &mut Conn| {
            let query = order_status_history::table
                .inner_join(orders::table.on(orders::id.eq(order_status_history::order_id)))
                .left_join(user::table.on(user::id.eq(order_status_history::changed_by)))
                .left_join(api_keys::table.on(api_keys::id.eq(order_status_history::changed_by)))
                .filter(order_status_history::order_id.eq(order.get()))
                .order(order_status_history::sequence.asc())
                .select((HistoryRow::as_select(), orders::order_number, author_id()));
            let rows = query.load::<(HistoryRow, String, Option<String>)>(conn).await?;
            read_readable_rows(&*observer, rows, |(row, order, author)| row.into_entry(&order, author))
        })
        .await
    }

    async fn list_due_orders(&self, due: DueOrders, batch: Batch) -> Result<Vec<OrderNumber>, PortError> {
        self.run_query(async move |conn: &mut Conn| {
            let numbers = match due {
                DueOrders::Expired(now) => due::list_expired_orders(conn, now, batch).await?,
                DueOrders::InStatusSince(status, before) => {
                    due::list_orders_in_status(conn, status, before, batch).await?
                }
                DueOrders::Uncaptured(before) => due::list_uncaptured_orders(conn, before, batch).await?,
            };
            Ok(numbers.into_iter().map(OrderNumber::new).collect())
        })
        .await
    }
}

/// Reads the orders of these rows, each with its items, and leaves out those that cannot be read.
async fn read_orders(
    conn: &mut Conn,
    observer: &dyn UnreadableObserver,
    rows: Vec<StoredOrder>,
) -> QueryResult<Vec<Order>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    // One query for the items of a whole page: one for each order would be up to a hundred round trips.
    let keys = pad_keys(rows.iter().map(|(it, _)| it.id).collect());
    let query = order_items::table
        .filter(order_items::order_id.eq_any(keys))
        .order(order_items::position.asc())
        .select(ItemRow::as_select());
    let mut items = group_by_key(CachedStatement(query).load(conn).await?, |it| it.order_id);
    read_readable_rows(observer, rows, |(row, details)| {
        let items = items.remove(&row.id).unwrap_or_default();
        row.into_order(details, items)
    })
}
