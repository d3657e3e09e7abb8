mod due;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Order, OrderKey, OrderNumber, Revision, UserKey, order::Recorded};
use ports::{Batch, Due, OrderFilter, OrderHead, OrderRepository, Page, PortError, Witness};

use super::{cut, each_readable, grouped, one_more};
use crate::connection::{Conn, Database};
use crate::sql::along::{Along, Index};
use crate::sql::kept::{Kept, padded};
use crate::sql::row::{HistoryRow, ItemRow, OrderRow};
use crate::sql::schema::{order_items, order_status_history, orders, user};
use crate::sql::value::Stamp;

#[async_trait]
impl OrderRepository for Database {
    async fn find(&self, number: &OrderNumber) -> Result<Option<Order>, PortError> {
        let number = number.clone();
        self.read_snapshot(async move |conn: &mut Conn| {
            let query =
                orders::table.filter(orders::order_number.eq(number.as_str())).select(OrderRow::as_select());
            let Some(row) = query.first(conn).await.optional()? else { return Ok(None) };
            let items = order_items::table
                .filter(order_items::order_id.eq(row.id))
                .order(order_items::position.asc())
                .select(ItemRow::as_select());
            row.read(items.load(conn).await?).map(Some)
        })
        .await
    }

    async fn head(&self, number: &OrderNumber) -> Result<Option<OrderHead>, PortError> {
        let number = number.clone();
        self.read(async move |conn: &mut Conn| {
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

    async fn list(&self, filter: OrderFilter) -> Result<Page<Order>, PortError> {
        let witness = self.witness();
        self.read_snapshot(async move |conn: &mut Conn| {
            let mut query = orders::table.select(OrderRow::as_select()).into_boxed();
            if let Some(owner) = filter.owner {
                query = query.filter(orders::user_id.eq(owner.get()));
            }
            if let Some(status) = filter.status {
                query = query.filter(orders::status.eq(status.as_str()));
            }
            if let Some(since) = filter.created_after {
                query = query.filter(orders::created_at.ge(Stamp::from(since)));
            }
            if let Some(until) = filter.created_before {
                query = query.filter(orders::created_at.lt(Stamp::from(until)));
            }
            if let Some(after) = &filter.after {
                let Some((at, key)) = place_of(conn, after).await? else { return Ok(Page::EMPTY) };
                let beside = orders::created_at.eq(at).and(orders::id.lt(key));
                let behind = orders::created_at.lt(at).or(beside);
                query = query.filter(orders::created_at.le(at)).filter(behind);
            }
            let newest_first = (orders::created_at.desc(), orders::id.desc());
            let query = query.order(newest_first).limit(one_more(filter.limit));
            let mut rows = Along(index_for(&filter), query).load(conn).await?;
            let next = cut(&mut rows, filter.limit, OrderRow::number);
            Ok(Page { data: with_items(conn, &*witness, rows).await?, next })
        })
        .await
    }

    async fn history(&self, order: OrderKey) -> Result<Vec<Recorded>, PortError> {
        let witness = self.witness();
        self.read(async move |conn: &mut Conn| {
            let query = order_status_history::table
                .inner_join(orders::table.on(orders::id.eq(order_status_history::order_id)))
                .left_join(user::table.on(user::id.eq(order_status_history::changed_by)))
                .filter(order_status_history::order_id.eq(order.get()))
                .order(order_status_history::sequence.asc())
                .select((HistoryRow::as_select(), orders::order_number, user::public_id.nullable()));
            let rows = query.load::<(HistoryRow, String, Option<String>)>(conn).await?;
            each_readable(&*witness, rows, |(row, order, user)| row.read(&order, user))
        })
        .await
    }

    async fn due(&self, due: Due, batch: Batch) -> Result<Vec<OrderNumber>, PortError> {
        self.read(async move |conn: &mut Conn| {
            let numbers = match due {
                Due::Expired(now) => due::expired(conn, now, batch).await?,
                Due::Unchanged(status, before) => due::unchanged(conn, status, before, batch).await?,
                Due::Uncaptured(before) => due::uncaptured(conn, before, batch).await?,
            };
            Ok(numbers.into_iter().map(OrderNumber::new).collect())
        })
        .await
    }
}

/// The index that has the orders of a list in its order and no others.
const fn index_for(filter: &OrderFilter) -> Index {
    match (filter.owner, filter.status) {
        (None, None) => Index::ORDERS_BY_TIME,
        (Some(_), None) => Index::ORDERS_OF_USER,
        (None, Some(_)) => Index::ORDERS_OF_STATUS,
        (Some(_), Some(_)) => Index::ORDERS_OF_USER_AND_STATUS,
    }
}

/// What lists sort an order by.
async fn place_of(conn: &mut Conn, number: &OrderNumber) -> QueryResult<Option<(Stamp, i64)>> {
    let query = orders::table.filter(orders::order_number.eq(number.as_str()));
    query.select((orders::created_at, orders::id)).first(conn).await.optional()
}

/// The orders of these rows that can be read, each with its items, in the order of the rows.
async fn with_items(conn: &mut Conn, witness: &dyn Witness, rows: Vec<OrderRow>) -> QueryResult<Vec<Order>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let keys = padded(rows.iter().map(|it| it.id).collect());
    let query = order_items::table
        .filter(order_items::order_id.eq_any(keys))
        .order(order_items::position.asc())
        .select(ItemRow::as_select());
    let mut items = grouped(Kept(query).load(conn).await?, |it| it.order_id);
    each_readable(witness, rows, |row| {
        let items = items.remove(&row.id).unwrap_or_default();
        row.read(items)
    })
}
