//! Pages of orders, in any of four orders and by any filters.
//!
//! A page never reads more rows than it shows and [`SCAN_ROWS`] times [`SCANS_MAX`] more, whatever the filters
//! are and however many orders there are (ADR 0024):
//!
//! ```text
//! filters that an index has, in the order of the list     the page is read along it: one query
//! several statuses                                         one query each, merged
//! any other filter   few orders fit the narrowest one?     all are read, sorted here
//!                    too many?                             walks along the list, SCAN_ROWS at a time, and ends
//!                                                          after SCANS_MAX steps: the page may be short, and
//!                                                          the next one begins where the walk ended
//! ```

use std::cmp::Ordering;
use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Order, OrderNumber, Timestamp, UserKey, order::OrderStatus};
use ports::{OrderCursor, OrderFilter, OrderSort, Page, UnreadableObserver};

use super::{StoredOrder, read_orders};
use crate::connection::Conn;
use crate::sql::cached_statement::{CachedStatement, pad_keys};
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::read::{limit_plus_one, to_usize};
use crate::sql::row::{DetailsRow, OrderRow};
use crate::sql::schema::{order_details, orders};
use crate::sql::shelf::{On, Shelf};
use crate::sql::value::SqlTimestamp;

/// The number of rows that one step of a walk reads.
const SCAN_ROWS: u16 = 1_000;
/// The largest number of steps of a walk for one page.
const SCANS_MAX: usize = 10;

/// The position of an order in a list: the time that the list is sorted by, then the row key.
type Position = (SqlTimestamp, i64);

/// The columns of an order that filters and sorting need.
#[derive(Debug, Clone, Queryable)]
struct Head {
    id: i64,
    number: String,
    status: String,
    created_at: SqlTimestamp,
    updated_at: SqlTimestamp,
    reference: Option<String>,
}

/// A part of an index of `orders`, in the order of the list.
#[derive(Clone, Copy)]
struct Walk {
    owner: Option<UserKey>,
    status: Option<OrderStatus>,
    sort: OrderSort,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    after: Option<Position>,
    limit: i64,
}

/// The page of a list.
pub(super) async fn list_orders(
    conn: &mut Conn,
    observer: &dyn UnreadableObserver,
    filter: &OrderFilter,
) -> QueryResult<Page<Order>> {
    let after = match &filter.after {
        None => None,
        Some(cursor) => match find_position(conn, cursor).await? {
            Some(position) => Some(position),
            None => return Ok(Page::EMPTY),
        },
    };
    if needs_walk(filter) {
        let (heads, next) = match few_heads(conn, filter).await? {
            Some(all) => cut_page(sort_behind(all, filter.sort, after), filter),
            None => walk_list(conn, filter, after).await?,
        };
        return load_page(conn, observer, heads, next).await;
    }
    let only = match filter.statuses.as_slice() {
        [] => Some(None),
        [status] => Some(Some(*status)),
        _ => None,
    };
    if let Some(status) = only {
        let walk = Walk::new(filter, status, after, limit_plus_one(filter.limit));
        let mut rows = walk.load_rows(conn).await?;
        let more = rows.len() > to_usize(filter.limit);
        rows.truncate(to_usize(filter.limit));
        let next = rows.last().filter(|_| more).map(|(row, _)| {
            let at = if filter.sort.is_by_change() { row.updated_at } else { row.created_at };
            order_cursor(&row.public_number(), at)
        });
        return Ok(Page { data: read_orders(conn, observer, rows).await?, next });
    }
    let mut heads = Vec::new();
    for status in &filter.statuses {
        let walk = Walk::new(filter, Some(*status), after, limit_plus_one(filter.limit));
        heads.extend(walk.load_heads(conn).await?);
    }
    let (heads, next) = cut_page(sort_behind(heads, filter.sort, None), filter);
    load_page(conn, observer, heads, next).await
}

/// Whether a filter has no index in the order of the list.
fn needs_walk(filter: &OrderFilter) -> bool {
    let (other_after, other_before) = if filter.sort.is_by_change() {
        (filter.created_after, filter.created_before)
    } else {
        (filter.updated_after, filter.updated_before)
    };
    // There is an index by owner and change, and one by status and change, but none by all three.
    let three = filter.sort.is_by_change() && filter.owner.is_some() && !filter.statuses.is_empty();
    filter.search.is_some()
        || filter.reference.is_some()
        || other_after.is_some()
        || other_before.is_some()
        || three
}

/// All orders that fit, in any order, if few fit the narrowest filter that has an index.
async fn few_heads(conn: &mut Conn, filter: &OrderFilter) -> QueryResult<Option<Vec<Head>>> {
    if let Some(search) = &filter.search {
        // The owner is no column of a head, and other heads have no texts: both are left to the walk.
        let head =
            if filter.owner.is_none() { search::find_numbered_head(conn, search).await? } else { None };
        return Ok(head.map(|it| Some(it).filter(|it| it.matches_filter(filter)).into_iter().collect()));
    }
    let limit = i64::from(SCAN_ROWS).saturating_add(1);
    let heads = if let Some(reference) = &filter.reference {
        heads_of_reference(conn, reference.as_str(), filter.owner, limit).await?
    } else {
        // Along the index of the other time, because that is what no index in the order of the list has.
        let other = OrderFilter { sort: filter.sort.with_other_time_column(), ..filter.clone() };
        Walk::new(&other, None, None, limit).load_heads(conn).await?
    };
    if heads.len() > usize::from(SCAN_ROWS) {
        return Ok(None);
    }
    Ok(Some(heads.into_iter().filter(|it| it.matches_filter(filter)).collect()))
}

/// Walks along the list from `after`, and leaves out what does not fit. The second value is the cursor of the
/// next page: behind the last order of this one, or where the walk ended before the page was full.
async fn walk_list(
    conn: &mut Conn,
    filter: &OrderFilter,
    after: Option<Position>,
) -> QueryResult<(Vec<Head>, Option<String>)> {
    let mut fitting: Vec<Head> = Vec::new();
    let mut last: Option<Head> = None;
    for _ in 0..SCANS_MAX {
        let behind = last.as_ref().map(|it| it.sort_position(filter.sort)).or(after);
        let walk = Walk::new(filter, None, behind, i64::from(SCAN_ROWS));
        let step = match &filter.search {
            Some(search) => search::load_searched_heads(conn, &walk, search).await?,
            None => walk.load_heads(conn).await?.into_iter().map(|it| (it, true)).collect(),
        };
        let is_end = step.len() < usize::from(SCAN_ROWS);
        last = step.last().map(|(it, _)| it.clone()).or(last);
        let fits = |(it, found): (Head, bool)| Some(it).filter(|it| found && it.matches_filter(filter));
        fitting.extend(step.into_iter().filter_map(fits));
        if is_end || fitting.len() > to_usize(filter.limit) {
            return Ok(cut_page(fitting, filter));
        }
    }
    Ok((fitting, last.map(|it| it.page_cursor(filter.sort))))
}

/// Cuts off what is too much for a page. The second value is the cursor of the next page, if there is one.
fn cut_page(mut heads: Vec<Head>, filter: &OrderFilter) -> (Vec<Head>, Option<String>) {
    let more = heads.len() > to_usize(filter.limit);
    heads.truncate(to_usize(filter.limit));
    let next = heads.last().filter(|_| more).map(|it| it.page_cursor(filter.sort));
    (heads, next)
}

/// Sorts orders as the list is sorted, and leaves out those that do not come behind `after`.
fn sort_behind(mut heads: Vec<Head>, sort: OrderSort, after: Option<Position>) -> Vec<Head> {
    let compare = |a: &Position, b: &Position| if sort.is_descending() { b.cmp(a) } else { a.cmp(b) };
    heads
        .retain(|it| after.is_none_or(|after| compare(&it.sort_position(sort), &after) == Ordering::Greater));
    heads.sort_by(|a, b| compare(&a.sort_position(sort), &b.sort_position(sort)));
    heads
}

impl Head {
    fn sort_position(&self, sort: OrderSort) -> Position {
        (if sort.is_by_change() { self.updated_at } else { self.created_at }, self.id)
    }

    fn page_cursor(&self, sort: OrderSort) -> String {
        order_cursor(&self.number, self.sort_position(sort).0)
    }

    fn matches_filter(&self, filter: &OrderFilter) -> bool {
        let within = |at: SqlTimestamp, after: Option<Timestamp>, before: Option<Timestamp>| {
            after.is_none_or(|it| SqlTimestamp::from(it) <= at)
                && before.is_none_or(|it| at < SqlTimestamp::from(it))
        };
        let statuses = &filter.statuses;
        (statuses.is_empty() || statuses.iter().any(|it| it.as_str() == self.status))
            && within(self.created_at, filter.created_after, filter.created_before)
            && within(self.updated_at, filter.updated_after, filter.updated_before)
            && filter.reference.as_ref().is_none_or(|it| Some(it.as_str()) == self.reference.as_deref())
    }
}

/// The cursor of the page behind that order.
fn order_cursor(number: &str, at: SqlTimestamp) -> String {
    let number = OrderNumber::new(number.to_owned());
    // An unreadable time sorts as the earliest one, and so does this.
    OrderCursor { at: at.get().unwrap_or(Timestamp::from_millis(i64::MIN)), number }.to_string()
}

/// Adds the range, the position and the order of a walk to a query, along the column that it is sorted by. A
/// macro, because every query has a type of its own.
macro_rules! along_index {
    ($query:ident, $walk:expr, $column:expr) => {{
        let walk = $walk;
        if let Some(since) = walk.since {
            $query = $query.filter($column.ge(SqlTimestamp::from(since)));
        }
        if let Some(until) = walk.until {
            $query = $query.filter($column.lt(SqlTimestamp::from(until)));
        }
        // The first condition is redundant beside the `OR` of the second, but only it is seen as a range.
        match (walk.after, walk.sort.is_descending()) {
            (None, _) => {}
            (Some((at, key)), true) => {
                let beside = $column.eq(at).and(orders::id.lt(key));
                $query = $query.filter($column.le(at)).filter($column.lt(at).or(beside));
            }
            (Some((at, key)), false) => {
                let beside = $column.eq(at).and(orders::id.gt(key));
                $query = $query.filter($column.ge(at)).filter($column.gt(at).or(beside));
            }
        }
        if walk.sort.is_descending() {
            $query.order(($column.desc(), orders::id.desc())).limit(walk.limit)
        } else {
            $query.order(($column.asc(), orders::id.asc())).limit(walk.limit)
        }
    }};
}

// Here, because it uses the macro above.
mod search;

/// Runs the query of a walk: filters, order and index are those of the walk, the columns are `$select`.
macro_rules! load_walk {
    ($conn:expr, $walk:expr, $select:expr) => {{
        let walk = $walk;
        let details = order_details::table.on(order_details::order_id.eq(orders::id));
        let mut query = orders::table.left_join(details).select($select).into_boxed();
        if let Some(owner) = walk.owner {
            query = query.filter(orders::user_id.eq(owner.get()));
        }
        if let Some(status) = walk.status {
            query = query.filter(orders::status.eq(status.as_str()));
        }
        let query = if walk.sort.is_by_change() {
            along_index!(query, walk, orders::updated_at)
        } else {
            along_index!(query, walk, orders::created_at)
        };
        IndexHint(walk.list_index(), query).load($conn).await
    }};
}

impl Walk {
    fn new(filter: &OrderFilter, status: Option<OrderStatus>, after: Option<Position>, limit: i64) -> Self {
        let (since, until) = if filter.sort.is_by_change() {
            (filter.updated_after, filter.updated_before)
        } else {
            (filter.created_after, filter.created_before)
        };
        Self { owner: filter.owner, status, sort: filter.sort, since, until, after, limit }
    }

    /// The index that holds exactly these orders, in the order of the list.
    const fn list_index(&self) -> Index {
        match (self.owner, self.status, self.sort.is_by_change()) {
            (None, None, false) => Index::ORDERS_BY_TIME,
            (Some(_), None, false) => Index::ORDERS_OF_USER,
            (None, Some(_), false) => Index::ORDERS_OF_STATUS,
            (Some(_), Some(_), false) => Index::ORDERS_OF_USER_AND_STATUS,
            (None, None, true) => Index::ORDERS_BY_CHANGE,
            (None, Some(_), true) => Index::ORDERS_UNCHANGED,
            (Some(_), _, true) => Index::ORDERS_OF_USER_BY_CHANGE,
        }
    }

    async fn load_heads(&self, conn: &mut Conn) -> QueryResult<Vec<Head>> {
        load_walk!(
            conn,
            self,
            (
                orders::id,
                orders::order_number,
                orders::status,
                orders::created_at,
                orders::updated_at,
                order_details::reference.nullable(),
            )
        )
    }

    async fn load_rows(&self, conn: &mut Conn) -> QueryResult<Vec<StoredOrder>> {
        load_walk!(conn, self, (OrderRow::as_select(), Option::<DetailsRow>::as_select()))
    }
}

/// The newest orders of a reference, of one owner or of all.
async fn heads_of_reference(
    conn: &mut Conn,
    reference: &str,
    owner: Option<UserKey>,
    limit: i64,
) -> QueryResult<Vec<Head>> {
    let mut query = order_details::table
        .inner_join(orders::table.on(orders::id.eq(order_details::order_id)))
        .filter(order_details::reference.eq(reference))
        .order((order_details::created_at.desc(), order_details::order_id.desc()))
        .limit(limit)
        .select((
            orders::id,
            orders::order_number,
            orders::status,
            orders::created_at,
            orders::updated_at,
            order_details::reference,
        ))
        .into_boxed();
    let mut index = Index::DETAILS_OF_REFERENCE;
    if let Some(owner) = owner {
        query = query.filter(order_details::user_id.eq(owner.get()));
        index = Index::DETAILS_OF_OWNER;
    }
    IndexHint(index, query).load(conn).await
}

/// The position of a cursor. The time is the cursor's own: the order may have changed since, and would be found
/// elsewhere in a list that is sorted by changes.
async fn find_position(conn: &mut Conn, cursor: &OrderCursor) -> QueryResult<Option<Position>> {
    // An order that was archived since the page before still says where the list goes on.
    for shelf in Shelf::BOTH {
        let query = orders::table.filter(orders::order_number.eq(cursor.number.as_str())).select(orders::id);
        let key: Option<i64> = On(shelf, query).get_result(conn).await.optional()?;
        if let Some(key) = key {
            return Ok(Some((cursor.at.into(), key)));
        }
    }
    Ok(None)
}

/// Loads the orders of a page, whose heads are known and sorted.
async fn load_page(
    conn: &mut Conn,
    observer: &dyn UnreadableObserver,
    heads: Vec<Head>,
    next: Option<String>,
) -> QueryResult<Page<Order>> {
    if heads.is_empty() {
        return Ok(Page { data: Vec::new(), next });
    }
    let keys = pad_keys(heads.iter().map(|it| it.id).collect());
    let query = orders::table
        .left_join(order_details::table.on(order_details::order_id.eq(orders::id)))
        .filter(orders::id.eq_any(keys))
        .select((OrderRow::as_select(), Option::<DetailsRow>::as_select()));
    let rows: Vec<StoredOrder> = CachedStatement(query).load(conn).await?;
    let mut rows: HashMap<i64, StoredOrder> = rows.into_iter().map(|it| (it.0.id, it)).collect();
    let sorted = heads.iter().filter_map(|it| rows.remove(&it.id)).collect();
    Ok(Page { data: read_orders(conn, observer, sorted).await?, next })
}
