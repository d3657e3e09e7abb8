//! Changes of products by operators. Each write makes one version, and one entry that says who made it.

use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    Product, ProductId, Version,
    product::{ProductChange, STOCK_MAX, StockChange, StockUpdate},
};

use super::abort::{Violation, WriteOutcome, check_guard, check_insert};
use crate::connection::Conn;
use crate::sql::{
    cached_statement::CachedStatement,
    row::{ChangeRow, ProductRow},
    schema::{product_changes, products},
    value::{SqlAmount, SqlTimestamp},
};

pub(super) async fn insert_product(
    conn: &mut Conn,
    product: &Product,
    change: &ProductChange,
) -> WriteOutcome {
    let insert = diesel::insert_into(products::table).values(ProductRow::from(product));
    check_insert(insert.execute(conn).await, || Violation::Stale)?;
    insert_change(conn, change, product.into(), StockChange::Set(product.stock)).await
}

pub(super) async fn replace_product(
    conn: &mut Conn,
    product: &Product,
    read: Version,
    stock_update: StockUpdate,
    change: &ProductChange,
) -> WriteOutcome {
    // Only operators move the version. Sales change other columns, so that no number of sales makes this
    // stale.
    let guard = products::table.find(product.key.get()).filter(products::version.eq(read.get()));
    let columns = (
        products::name.eq(product.name.as_str()),
        products::price.eq(SqlAmount::from(product.price)),
        products::currency.eq(product.price.currency().code()),
        products::active.eq(product.active),
        products::version.eq(product.version.get()),
        products::updated_at.eq(SqlTimestamp::from(product.updated_at)),
    );
    // Two statements rather than one with optional changes: each has one text and stays prepared.
    let rows = match stock_update {
        // The response shows the stock as it was read. Sales since then stay counted in `moves`, so that no
        // 304 is given for a version whose stock has changed since (ADR 0014).
        StockUpdate::Keep => {
            let moves = products::moves.eq(products::moves - product.stock_moves);
            CachedStatement(diesel::update(guard).set((columns, moves))).execute(conn).await?
        }
        StockUpdate::Set(stock) => {
            let stock = (products::stock.eq(stock), products::moves.eq(0_i64));
            CachedStatement(diesel::update(guard).set((columns, stock))).execute(conn).await?
        }
    };
    check_guard(rows)?;
    insert_change(conn, change, product.into(), stock_update.into()).await
}

pub(super) async fn adjust_stock(
    conn: &mut Conn,
    product: &ProductId,
    by: i64,
    required: Option<Version>,
    change: &ProductChange,
) -> WriteOutcome {
    let at = SqlTimestamp::from(change.at);
    // Without a required version every version will do: adding is right whatever else happened, and several
    // adjustments at once must not fail. A range and not an optional condition: one text, which stays prepared. The
    // limits are in the predicate, because a stock that was read before is outdated.
    let (oldest, newest) = required.map_or((i64::MIN, i64::MAX), |it| (it.get(), it.get()));
    let within = products::table
        .filter(products::product_id.eq(product.as_str()))
        .filter(products::version.between(oldest, newest))
        .filter(products::stock.ge(by.saturating_neg()))
        .filter(products::stock.le(STOCK_MAX.saturating_sub(by)));
    // The clock of this instance may be behind the one that wrote last, and `updated_at` must not go back.
    let latest = case_when(products::updated_at.lt(at), at.into_sql::<crate::dialect::TimestampType>())
        .otherwise(products::updated_at);
    let update = diesel::update(within).set((
        products::stock.eq(products::stock + by),
        products::moves.eq(0_i64),
        products::version.eq(products::version + 1),
        products::updated_at.eq(latest),
    ));
    check_guard(CachedStatement(update).execute(conn).await?)?;
    // The update has locked the row until the end of the commit, so this read gives exactly the version
    // that it made. The entry needs it, because the use case did not know the resulting version.
    let query = products::table.filter(products::product_id.eq(product.as_str()));
    let now = query.select(ProductRow::as_select()).first(conn).await?;
    insert_change(conn, change, now, StockChange::Adjusted(by)).await
}

async fn insert_change(
    conn: &mut Conn,
    change: &ProductChange,
    product: ProductRow,
    stock: StockChange,
) -> WriteOutcome {
    let insert = diesel::insert_into(product_changes::table).values(ChangeRow::new(change, product, stock));
    check_insert(insert.execute(conn).await, || Violation::Stale)
}
