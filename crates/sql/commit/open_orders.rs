//! How many unpaid orders a user has, and how many pieces of each product are in them; and how many orders the user
//! ever placed, which is counted in the same row as the unpaid ones. Each count is a row that every
//! commit which changes it has to lock, so that no two of them can take the last place.

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::RunQueryDsl;
use domain::{UserKey, order::StockLine};
use ports::{OpenLimit, OpenLimits};

use super::abort::{Violation, WriteOutcome, check_insert};
use crate::connection::Conn;
use crate::multi_row::lower_counts;
use crate::sql::{cached_statement::CachedStatement, schema::open_order_counts as counts};

/// The product id of the row that counts the orders themselves: no product has it.
const ORDERS: &str = "";
/// A number by which the count of a user and a product changes.
pub(crate) type CountChange<'w> = ((UserKey, &'w str), i64);
/// A count that leaves no room: every limit is a `u32`, and one more would be beyond it.
const CLOSED: i64 = 4_294_967_295;

/// Counts one more order with those pieces, unless something would be more than is allowed.
pub(super) async fn add(
    conn: &mut Conn,
    owner: UserKey,
    lines: &[StockLine],
    limits: OpenLimits,
) -> WriteOutcome {
    if !raise_count(conn, owner, ORDERS, 1, limits.orders).await? {
        return Err(Violation::Limit(OpenLimit::Orders).into());
    }
    for line in in_order(lines) {
        if !raise_count(conn, owner, line.product.as_str(), line.quantity, limits.pieces).await? {
            return Err(Violation::Limit(OpenLimit::Pieces).into());
        }
    }
    Ok(())
}

/// Takes an order and its pieces off the counts.
pub(super) async fn remove(conn: &mut Conn, owner: UserKey, lines: &[StockLine]) -> WriteOutcome {
    let mut lowered = vec![((owner, ORDERS), 1)];
    lowered
        .extend(in_order(lines).into_iter().map(|it| ((owner, it.product.as_str()), i64::from(it.quantity))));
    // What was never counted, because its order is older than the counts, is not taken off.
    lower_counts(conn, &lowered).await?;
    Ok(())
}

/// Closes the count of a user who has no unpaid order and has placed exactly that many, so that there is never room
/// again.
pub(super) async fn close(conn: &mut Conn, owner: UserKey, placed: u64) -> WriteOutcome {
    let placed = i64::try_from(placed).unwrap_or(i64::MAX);
    let count = counts::table
        .find((owner.get(), ORDERS))
        .filter(counts::total.eq(0))
        .filter(counts::placed.eq(placed));
    let update = diesel::update(count).set(counts::total.eq(CLOSED));
    if CachedStatement(update).execute(conn).await? > 0 {
        return Ok(());
    }
    if placed > 0 {
        return Err(Violation::Stale.into());
    }
    // A user who never placed an order has no row.
    let row = (
        counts::user_id.eq(owner.get()),
        counts::product_id.eq(ORDERS),
        counts::total.eq(CLOSED),
        counts::placed.eq(placed),
    );
    check_insert(diesel::insert_into(counts::table).values(row).execute(conn).await, || Violation::Stale)
}

/// By product, so that rows are locked in one order.
fn in_order(lines: &[StockLine]) -> Vec<&StockLine> {
    let mut lines: Vec<_> = lines.iter().collect();
    lines.sort_by_key(|it| &it.product);
    lines
}

/// Whether there was room for that many more.
async fn raise_count(conn: &mut Conn, owner: UserKey, of: &str, by: u32, max: u32) -> QueryResult<bool> {
    let Some(room) = max.checked_sub(by) else { return Ok(false) };
    if raise_known(conn, owner, of, by, room).await? {
        return Ok(true);
    }
    let row = (
        counts::user_id.eq(owner.get()),
        counts::product_id.eq(of),
        counts::total.eq(i64::from(by)),
        counts::placed.eq(placed_by(of, by)),
    );
    match diesel::insert_into(counts::table).values(row).execute(conn).await {
        Ok(_) => Ok(true),
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            // The count is full, or another commit has inserted it since the update found none. A plain read
            // finds out without a lock: the failed insert holds a shared one, and two commits that both went on
            // to update would wait for each other.
            let total: i64 = counts::table.find((owner.get(), of)).select(counts::total).first(conn).await?;
            Ok(total <= i64::from(room) && raise_known(conn, owner, of, by, room).await?)
        }
        Err(error) => Err(error),
    }
}

/// Whether there is a count, of at most `room`.
async fn raise_known(conn: &mut Conn, owner: UserKey, of: &str, by: u32, room: u32) -> QueryResult<bool> {
    let count = counts::table.find((owner.get(), of)).filter(counts::total.le(i64::from(room)));
    let update = diesel::update(count).set((
        counts::total.eq(counts::total + i64::from(by)),
        counts::placed.eq(counts::placed + placed_by(of, by)),
    ));
    Ok(CachedStatement(update).execute(conn).await? > 0)
}

/// What is added to the number of all orders that the user ever placed.
fn placed_by(of: &str, by: u32) -> i64 {
    if of == ORDERS { i64::from(by) } else { 0 }
}
