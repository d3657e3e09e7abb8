//! Writes of operators to products. Each makes a new version, with a change that names its author.

use domain::{
    Product, ProductId, Version,
    product::{ProductChange, STOCK_MAX, StockChange, StockUpdate},
};

use super::{
    abort::{Abort, Written},
    update_guarded,
};
use crate::record::{rows::ProductChangeRow, tables::Tables};

pub(super) fn insert_product(tables: &mut Tables, product: Product, change: ProductChange) -> Written {
    tables.products.insert(product.clone())?;
    insert_change(tables, change, &product, StockChange::Set(product.stock))
}

pub(super) fn replace_product(
    tables: &mut Tables,
    next: Product,
    read: Version,
    stock_update: StockUpdate,
    change: ProductChange,
) -> Written {
    let is_as_read = |row: &Product| row.version == read;
    update_guarded(&mut tables.products, &next.key, is_as_read, |row| {
        row.name = next.name.clone();
        row.price = next.price;
        row.active = next.active;
        row.version = next.version;
        row.updated_at = next.updated_at;
        match stock_update {
            // The reply shows the stock as it was read, so sales since then count as moves of the new
            // version.
            StockUpdate::Keep => row.stock_moves = row.stock_moves.saturating_sub(next.stock_moves),
            StockUpdate::Set(stock) => (row.stock, row.stock_moves) = (stock, 0),
        }
    })?;
    insert_change(tables, change, &next, stock_update.into())
}

pub(super) fn adjust_stock(
    tables: &mut Tables,
    id: ProductId,
    by: i64,
    required: Option<Version>,
    change: ProductChange,
) -> Written {
    let found = tables.products.find(&id).filter(|it| required.is_none_or(|version| it.version == version));
    let Some(read) = found else { return Err(Abort::Stale) };
    let adjusted = read.stock.and_then(|it| it.checked_add(by)).filter(|it| (0..=STOCK_MAX).contains(it));
    let Some(stock) = adjusted else { return Err(Abort::Stale) };
    let next = Product { stock: Some(stock), stock_moves: 0, ..read.next_version(change.at) };
    tables.products.update(&next.key, |row| *row = next.clone())?;
    insert_change(tables, change, &next, StockChange::Adjusted(by))
}

fn insert_change(
    tables: &mut Tables,
    change: ProductChange,
    product: &Product,
    stock: StockChange,
) -> Written {
    let Product { key, version, price, active, .. } = *product;
    Ok(tables.product_changes.insert(ProductChangeRow {
        change,
        product: key,
        version,
        price,
        active,
        stock,
    })?)
}
