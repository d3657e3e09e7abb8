//! Counts of the unpaid orders of many users.

use std::collections::BTreeMap;

use diesel::sql_types::{BigInt, Text};
use diesel::{QueryResult, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::UserKey;
use ports::{OpenLimits, Write};

use super::{ROWS_MAX, RunOutcome, insert_length, repeat_list};
use crate::connection::Conn;
use crate::sql::cached_statement::{CachedStatement, pad_keys};
use crate::sql::commit::CountChange;

/// The product id of the row that counts the orders themselves: no product has it.
const ORDERS: &str = "";

/// The numbers by which counts change, by user and product.
type CountChanges<'w> = BTreeMap<(UserKey, &'w str), i64>;

#[derive(QueryableByName)]
struct Excess {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Counts every order with its pieces, and then checks that no count exceeds its limit. The rows are locked from
/// the first statement on, so the check sees what will be committed.
pub(super) async fn add_open_orders(conn: &mut Conn, run: &[Write]) -> QueryResult<RunOutcome> {
    let Some((additions, limits)) = sum_additions(run) else { return Ok(RunOutcome::OneByOne) };
    let rows: Vec<_> = additions.into_iter().collect();
    let mut rest = rows.as_slice();
    while !rest.is_empty() {
        let (chunk, more) = rest.split_at(insert_length(rest.len()));
        add_to_counts(conn, chunk).await?;
        rest = more;
    }
    for chunk in rows.chunks(ROWS_MAX) {
        if count_excess(conn, &pad_keys(chunk.to_vec()), limits).await? > 0 {
            return Ok(RunOutcome::Refused);
        }
    }
    Ok(RunOutcome::Applied)
}

/// Takes every order with its pieces off the counts. What was never counted, because its order is older than the
/// counts, is not taken off; which order that is only single units tell, so such a batch is refused.
pub(super) async fn remove_open_orders(conn: &mut Conn, run: &[Write]) -> QueryResult<RunOutcome> {
    let mut removals = CountChanges::new();
    for write in run {
        let Write::RemoveOpenOrder { owner, lines } = write else { return Ok(RunOutcome::OneByOne) };
        let pieces = lines.iter().map(|it| (it.product.as_str(), i64::from(it.quantity)));
        for (product, number) in std::iter::once((ORDERS, 1)).chain(pieces) {
            let total = removals.entry((*owner, product)).or_default();
            *total = total.saturating_add(number);
        }
    }
    let rows: Vec<_> = removals.into_iter().collect();
    let lowered = lower_counts(conn, &rows).await?;
    Ok(if lowered == rows.len() { RunOutcome::Applied } else { RunOutcome::Refused })
}

/// The additions in the order of their rows; `None` if the units have different limits.
fn sum_additions(run: &[Write]) -> Option<(CountChanges<'_>, OpenLimits)> {
    let (mut additions, mut common) = (CountChanges::new(), None);
    for write in run {
        let Write::AddOpenOrder { owner, lines, limits } = write else { return None };
        if *common.get_or_insert(*limits) != *limits {
            return None;
        }
        let pieces = lines.iter().map(|it| (it.product.as_str(), i64::from(it.quantity)));
        for (product, number) in std::iter::once((ORDERS, 1)).chain(pieces) {
            let total = additions.entry((*owner, product)).or_default();
            *total = total.saturating_add(number);
        }
    }
    Some((additions, common?))
}

async fn add_to_counts(conn: &mut Conn, rows: &[CountChange<'_>]) -> QueryResult<()> {
    let mut upsert = sql_query(format!(
        "INSERT INTO open_order_counts (userId, productId, total, placed) VALUES {} \
         ON DUPLICATE KEY UPDATE total = total + VALUES(total), placed = placed + VALUES(placed)",
        repeat_list("(?, ?, ?, ?)", rows.len()),
    ))
    .into_boxed();
    for ((owner, product), number) in rows {
        let placed = if *product == ORDERS { *number } else { 0 };
        upsert = upsert.bind::<BigInt, _>(owner.get()).bind::<Text, _>(*product).bind::<BigInt, _>(*number);
        upsert = upsert.bind::<BigInt, _>(placed);
    }
    CachedStatement(upsert).execute(conn).await.map(drop)
}

/// Lowers each count by a number, if it is as high, and returns how many were.
pub(crate) async fn lower_counts(conn: &mut Conn, lowered: &[CountChange<'_>]) -> QueryResult<usize> {
    let mut rows = 0_usize;
    for chunk in lowered.chunks(ROWS_MAX) {
        rows = rows.saturating_add(lower_rows(conn, &pad_keys(chunk.to_vec())).await?);
    }
    Ok(rows)
}

async fn lower_rows(conn: &mut Conn, rows: &[CountChange<'_>]) -> QueryResult<usize> {
    let number = format!("CASE{} ELSE 0 END", " WHEN userId = ? AND productId = ? THEN ?".repeat(rows.len()));
    let mut update = sql_query(format!(
        "UPDATE open_order_counts SET total = total - {number} \
         WHERE (userId, productId) IN ({}) AND total >= {number}",
        repeat_list("(?, ?)", rows.len()),
    ))
    .into_boxed();
    for ((owner, product), number) in rows {
        update = update.bind::<BigInt, _>(owner.get()).bind::<Text, _>(*product).bind::<BigInt, _>(*number);
    }
    for ((owner, product), _) in rows {
        update = update.bind::<BigInt, _>(owner.get()).bind::<Text, _>(*product);
    }
    for ((owner, product), number) in rows {
        update = update.bind::<BigInt, _>(owner.get()).bind::<Text, _>(*product).bind::<BigInt, _>(*number);
    }
    CachedStatement(update).execute(conn).await
}

/// How many of these counts exceed their limit.
async fn count_excess(conn: &mut Conn, rows: &[CountChange<'_>], limits: OpenLimits) -> QueryResult<i64> {
    let mut query = sql_query(format!(
        "SELECT COUNT(*) AS number FROM open_order_counts WHERE (userId, productId) IN ({}) \
         AND total > CASE productId WHEN '' THEN ? ELSE ? END",
        repeat_list("(?, ?)", rows.len()),
    ))
    .into_boxed();
    for ((owner, product), _) in rows {
        query = query.bind::<BigInt, _>(owner.get()).bind::<Text, _>(*product);
    }
    let query = query.bind::<BigInt, _>(i64::from(limits.orders)).bind::<BigInt, _>(i64::from(limits.pieces));
    let excess: Excess = CachedStatement(query).get_result(conn).await?;
    Ok(excess.number)
}
