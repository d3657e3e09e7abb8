//! Sales of many products in one statement.

use std::collections::BTreeMap;

use diesel::sql_types::{BigInt, Bool, Text};
use diesel::{QueryResult, sql_query};
use diesel_async::RunQueryDsl;
use domain::{Product, ProductId};
use ports::Write;

use super::{ROWS_MAX, RunOutcome, repeat_list};
use crate::connection::Conn;
use crate::dialect::AmountType;
use crate::sql::cached_statement::{CachedStatement, pad_keys};
use crate::sql::value::SqlAmount;

/// Everything that a batch sells of one product.
struct Sale<'w> {
    /// The product as the use cases read it.
    read: &'w Product,
    /// The pieces of all lines.
    quantity: i64,
    /// The number of lines.
    lines: i64,
}

/// Sells every line, with one guard for each product: it has enough stock for all of them together, and is
/// otherwise as it was read.
pub(super) async fn sell_lines(conn: &mut Conn, run: &[Write]) -> QueryResult<RunOutcome> {
    let Some(sales) = sum_sales(run) else { return Ok(RunOutcome::Refused) };
    let sales: Vec<_> = sales.into_values().collect();
    for chunk in sales.chunks(ROWS_MAX) {
        if update_products(conn, pad_keys(chunk.iter().collect())).await? != chunk.len() {
            return Ok(RunOutcome::Refused);
        }
    }
    Ok(RunOutcome::Applied)
}

/// The sales by product; `None` if two units read a product differently, so that one of them is stale.
fn sum_sales(run: &[Write]) -> Option<BTreeMap<&ProductId, Sale<'_>>> {
    let mut sales = BTreeMap::new();
    for write in run {
        let Write::Sell { line, read } = write else { return None };
        let sale = sales.entry(&line.product).or_insert(Sale { read, quantity: 0, lines: 0 });
        let is_same = sale.read.price == read.price && sale.read.stock.is_some() == read.stock.is_some();
        if !is_same {
            return None;
        }
        sale.quantity = sale.quantity.saturating_add(i64::from(line.quantity));
        sale.lines = sale.lines.saturating_add(1);
    }
    Some(sales)
}

/// Updates the products whose guard holds and returns their number.
///
/// The hint makes the server lock the products in the order of their ids, as units of one order do: with
/// another plan two batches could wait for each other.
async fn update_products(conn: &mut Conn, sales: Vec<&Sale<'_>>) -> QueryResult<usize> {
    let cases = " WHEN ? THEN ?".repeat(sales.len());
    let guard = "(productId = ? AND price = CAST(? AS DECIMAL(19, 4)) AND currency = ? \
                 AND (stock IS NULL) = ? AND COALESCE(stock, 0) >= ?)";
    let guards = vec![guard; sales.len()].join(" OR ");
    let mut update = sql_query(format!(
        "UPDATE products FORCE INDEX (products_public) \
         SET held = held + IF(stock IS NULL, 0, CASE productId{cases} ELSE 0 END), \
         stock = stock - CASE productId{cases} ELSE 0 END, moves = moves + CASE productId{cases} ELSE 0 END \
         WHERE productId IN ({}) AND active AND ({guards})",
        repeat_list("?", sales.len()),
    ))
    .into_boxed();
    for sale in sales.iter().chain(&sales) {
        update = update.bind::<Text, _>(sale.read.id.as_str()).bind::<BigInt, _>(sale.quantity);
    }
    for sale in &sales {
        update = update.bind::<Text, _>(sale.read.id.as_str()).bind::<BigInt, _>(sale.lines);
    }
    for sale in &sales {
        update = update.bind::<Text, _>(sale.read.id.as_str());
    }
    for Sale { read, quantity, .. } in sales {
        update = update
            .bind::<Text, _>(read.id.as_str())
            .bind::<AmountType, _>(SqlAmount::from(read.price))
            .bind::<Text, _>(read.price.currency().code())
            .bind::<Bool, _>(read.stock.is_none())
            .bind::<BigInt, _>(if read.stock.is_some() { *quantity } else { 0 });
    }
    CachedStatement(update).execute(conn).await
}
