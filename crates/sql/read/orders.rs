mod due;
mod list;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    Order, OrderKey, OrderNumber, Revision, Timestamp, UserKey,
    order::{OrderStatus, StoredHistoryEntry},
};
use ports::{
    Batch, DueOrders, OldOrder, OrderFilter, OrderHead, OrderRepository, Page, PortError, UnreadableObserver,
};

use super::{author::author_id, group_by_key, read_readable_rows};
use crate::connection::{Conn, Database};
use crate::sql::cached_statement::{CachedStatement, pad_keys};
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::row::{DetailsRow, HistoryRow, ItemRow, OrderRow};
use crate::sql::schema::{api_keys, order_details, order_items, order_status_history, orders, user};
use crate::sql::shelf::{On, Shelf};

/// The row of an order, with that of its details if it has any.
pub(super) type StoredOrder = (OrderRow, Option<DetailsRow>);

#[async_trait]
impl OrderRepository for Database {
    async fn find_order(&self, number: &OrderNumber) -> Result<Option<Order>, PortError> {
        let number = number.clone();
        self.run_snapshot(async move |conn: &mut Conn| {
            for shelf in Shelf::BOTH {
                let query = orders::table
                    .left_join(order_details::table.on(order_details::order_id.eq(orders::id)))
                    .filter(orders::order_number.eq(number.as_str()))
                    .select((OrderRow::as_select(), Option::<DetailsRow>::as_select()));
                let found: Option<StoredOrder> = On(shelf, query).get_result(conn).await.optional()?;
                let Some((row, details)) = found else { continue };
                let items = order_items::table
                    .filter(order_items::order_id.eq(row.id))
                    .order(order_items::position.asc())
                    .select(ItemRow::as_select());
                return row.into_order(details, On(shelf, items).load(conn).await?).map(Some);
            }
            Ok(None)
        })
        .await
    }

    async fn find_order_head(&self, number: &OrderNumber) -> Result<Option<OrderHead>, PortError> {
        let heads = self.find_order_heads(std::slice::from_ref(number)).await?;
        Ok(heads.into_iter().next().map(|(_, head)| head))
    }

    async fn find_order_heads(
        &self,
        numbers: &[OrderNumber],
    ) -> Result<Vec<(OrderNumber, OrderHead)>, PortError> {
        let mut missing = numbers.to_vec();
        let mut heads = Vec::with_capacity(numbers.len());
        for shelf in Shelf::LOOKS {
            heads.extend(load_heads(self, shelf, &missing).await?);
            missing.retain(|number| heads.iter().all(|(it, _)| it != number));
            if missing.is_empty() {
                break;
            }
        }
        Ok(heads)
    }

    async fn list_orders(&self, filter: OrderFilter) -> Result<Page<Order>, PortError> {
        let observer = self.observer();
        self.run_snapshot(async move |conn: &mut Conn| list::list_orders(conn, &*observer, &filter).await)
            .await
    }

    async fn has_order_in(&self, owner: UserKey, statuses: &[OrderStatus]) -> Result<bool, PortError> {
        let statuses: Vec<_> = statuses.iter().map(|it| it.as_str()).collect();
        self.run_query(async move |conn: &mut Conn| {
            // One step of the index for each status, and no row is read.
            let query = orders::table
                .filter(orders::user_id.eq(owner.get()))
                .filter(orders::status.eq_any(&statuses))
                .limit(1)
                .select(orders::id);
            let query = IndexHint(Index::ORDERS_OF_USER_AND_STATUS, query);
            Ok(query.get_result::<i64>(conn).await.optional()?.is_some())
        })
        .await
    }

    async fn list_history_entries(&self, order: OrderKey) -> Result<Vec<StoredHistoryEntry>, PortError> {
        for shelf in Shelf::LOOKS {
            if let Some(entries) = load_history(self, shelf, order).await? {
                return Ok(entries);
            }
        }
        Ok(Vec::new())
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

    async fn list_old_orders(
        &self,
        before: Timestamp,
        after: Option<OldOrder>,
        limit: u32,
    ) -> Result<Vec<OldOrder>, PortError> {
        self.run_query(async move |conn: &mut Conn| {
            due::list_old_orders(conn, before, after.as_ref(), limit).await
        })
        .await
    }

    async fn list_archived_orders(
        &self,
        owner: Option<UserKey>,
        after: Option<OrderKey>,
        limit: u32,
    ) -> Result<Vec<(OrderKey, OrderNumber)>, PortError> {
        self.run_query(async move |conn: &mut Conn| {
            due::list_archived_orders(conn, owner, after, limit).await
        })
        .await
    }
}

/// The entries that can be read; `None` if the order is not on that shelf: every order has a history.
async fn load_history(
    database: &Database,
    shelf: Shelf,
    order: OrderKey,
) -> Result<Option<Vec<StoredHistoryEntry>>, PortError> {
    let observer = database.observer();
    let load = async move |conn: &mut Conn| {
        let query = order_status_history::table
            .inner_join(orders::table.on(orders::id.eq(order_status_history::order_id)))
            .left_join(user::table.on(user::id.eq(order_status_history::changed_by)))
            .left_join(api_keys::table.on(api_keys::id.eq(order_status_history::changed_by)))
            .filter(order_status_history::order_id.eq(order.get()))
            .order(order_status_history::sequence.asc())
            .select((HistoryRow::as_select(), orders::order_number, author_id()));
        let rows: Vec<(HistoryRow, String, Option<String>)> = On(shelf, query).load(conn).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        read_readable_rows(&*observer, rows, |(row, order, author)| row.into_entry(&order, author)).map(Some)
    };
    database.run_query(load).await
}

async fn load_heads(
    database: &Database,
    shelf: Shelf,
    numbers: &[OrderNumber],
) -> Result<Vec<(OrderNumber, OrderHead)>, PortError> {
    let numbers = pad_keys(numbers.iter().map(ToString::to_string).collect());
    let load = async move |conn: &mut Conn| {
        let query = orders::table.filter(orders::order_number.eq_any(&numbers)).select((
            orders::order_number,
            orders::id,
            orders::user_id,
            orders::revision,
        ));
        let rows: Vec<(String, i64, i64, i64)> = On(shelf, CachedStatement(query)).load(conn).await?;
        let head = |(number, key, owner, revision)| {
            let (key, owner) = (OrderKey::new(key), UserKey::new(owner));
            (OrderNumber::new(number), OrderHead { key, owner, revision: Revision::new(revision) })
        };
        Ok(rows.into_iter().map(head).collect())
    };
    database.run_query(load).await
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
