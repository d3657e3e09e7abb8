//! What operators do to products. Each write makes a version, and the entry that says who made it.

use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{
    Product, ProductId, Version,
    product::{Change, Restock, STOCK_MAX, StockChange},
};

use super::halt::{Refusal, Written, guarded, inserted};
use crate::connection::Conn;
use crate::sql::{
    kept::Kept,
    row::{ChangeRow, ProductRow},
    schema::{product_changes, products},
    value::{Parts, Stamp},
};

pub(super) async fn insert(conn: &mut Conn, product: &Product, change: &Change) -> Written {
    let insert = diesel::insert_into(products::table).values(ProductRow::from(product));
    inserted(insert.execute(conn).await, || Refusal::Stale)?;
    record(conn, change, product.into(), StockChange::Set(product.stock)).await
}

pub(super) async fn replace(
    conn: &mut Conn,
    product: &Product,
    read: Version,
    restock: Restock,
    change: &Change,
) -> Written {
    let guard = products::table.find(product.key.get()).filter(products::version.eq(read.get()));
    let columns = (
        products::name.eq(product.name.as_str()),
        products::price.eq(Parts::from(product.price)),
        products::currency.eq(product.price.currency().code()),
        products::active.eq(product.active),
        products::version.eq(product.version.get()),
        products::updated_at.eq(Stamp::from(product.updated_at)),
    );
    let rows = match restock {
        // The answer shows the stock as it was read: what was sold since then belongs to the new version.
        Restock::Keep => {
            let moves = products::moves.eq(products::moves - product.moves);
            Kept(diesel::update(guard).set((columns, moves))).execute(conn).await?
        }
        Restock::Set(stock) => {
            let stock = (products::stock.eq(stock), products::moves.eq(0_i64));
            Kept(diesel::update(guard).set((columns, stock))).execute(conn).await?
        }
    };
    guarded(rows)?;
    record(conn, change, product.into(), restock.into()).await
}

pub(super) async fn adjust(conn: &mut Conn, product: &ProductId, by: i64, change: &Change) -> Written {
    let at = Stamp::from(change.at);
    let within = products::table
        .filter(products::product_id.eq(product.as_str()))
        .filter(products::stock.ge(by.saturating_neg()))
        .filter(products::stock.le(STOCK_MAX.saturating_sub(by)));
    let latest = case_when(products::updated_at.lt(at), at.into_sql::<crate::dialect::Moment>())
        .otherwise(products::updated_at);
    let update = diesel::update(within).set((
        products::stock.eq(products::stock + by),
        products::moves.eq(0_i64),
        products::version.eq(products::version + 1),
        products::updated_at.eq(latest),
    ));
    guarded(Kept(update).execute(conn).await?)?;
    // The row is locked by its change, so what is read is what this commit makes of it.
    let query = products::table.filter(products::product_id.eq(product.as_str()));
    let now = query.select(ProductRow::as_select()).first(conn).await?;
    record(conn, change, now, StockChange::Adjusted(by)).await
}

async fn record(conn: &mut Conn, change: &Change, product: ProductRow, stock: StockChange) -> Written {
    let insert = diesel::insert_into(product_changes::table).values(ChangeRow::of(change, product, stock));
    inserted(insert.execute(conn).await, || Refusal::Stale)
}
