//! Writes of orders to products. They change the stock, but neither version nor `updated_at`, which belong to
//! operators.

use domain::{Product, ProductId, ProductKey, order::StockLine};

use super::abort::{Abort, Written};
use crate::record::{rows::HeldPiecesRow, table::Row, tables::Tables};

/// The products of a unit that have not enough stock. The unit continues after the first one, so that the
/// error names all of them.
#[derive(Default)]
pub(super) struct Lacking {
    products: Vec<ProductId>,
}

impl Lacking {
    /// Sells one line, or records that its product has not enough stock. Guard: the product is active, with
    /// the same price and kind of stock as it was read; otherwise `Stale`.
    pub(super) fn sell_line(&mut self, tables: &mut Tables, line: &StockLine, read: &Product) -> Written {
        let is_as_read = |now: &&Product| {
            now.active && now.price == read.price && now.stock.is_some() == read.stock.is_some()
        };
        let Some(now) = tables.products.get(&read.key).filter(is_as_read) else { return Err(Abort::Stale) };
        let left = now.stock.map(|it| it.saturating_sub(i64::from(line.quantity)));
        if left.is_some_and(|it| it < 0) {
            self.add_product(&line.product);
            return Ok(());
        }
        // `stock_moves` also counts sales of products without tracked stock: a new version has to know of the
        // sales since it was read.
        let pieces = i64::from(line.quantity);
        if left.is_some() {
            return hold_pieces(tables, read.key, pieces);
        }
        Ok(tables.products.update(&read.key, |row| row.stock_moves = row.stock_moves.saturating_add(1))?)
    }

    /// Takes pieces of one line out of stock again, or records that its product has not enough. A stock that is not tracked
    /// any more stays so.
    pub(super) fn retake_line(&mut self, tables: &mut Tables, line: &StockLine) -> Written {
        let Some((key, stock)) = tables.products.find(&line.product).map(|it| (it.key(), it.stock)) else {
            return Ok(());
        };
        let pieces = i64::from(line.quantity);
        if stock.is_some_and(|it| it < pieces) {
            self.add_product(&line.product);
            return Ok(());
        }
        hold_pieces(tables, key, pieces)
    }

    fn add_product(&mut self, product: &ProductId) {
        if !self.products.contains(product) {
            self.products.push(product.clone());
        }
    }

    /// Fails if a product had not enough stock.
    pub(super) fn into_outcome(self) -> Written {
        if self.products.is_empty() { Ok(()) } else { Err(Abort::OutOfStock(self.products)) }
    }
}

/// Returns stock to a product. One that is not tracked any more takes none.
pub(super) fn return_stock(tables: &mut Tables, line: StockLine) -> Written {
    let Some(key) = tables.products.find(&line.product).map(Row::key) else { return Ok(()) };
    hold_pieces(tables, key, -i64::from(line.quantity))
}

/// Takes that many pieces from the stock, or gives them back if the number is negative.
fn hold_pieces(tables: &mut Tables, key: ProductKey, pieces: i64) -> Written {
    tables.products.update(&key, |row| {
        row.stock = row.stock.map(|it| it.saturating_sub(pieces));
        row.stock_moves = row.stock_moves.saturating_add(1);
    })?;
    if tables.held_pieces.get(&key).is_none() {
        tables.held_pieces.insert(HeldPiecesRow { product: key, pieces: 0 })?;
    }
    Ok(tables.held_pieces.update(&key, |row| row.pieces = row.pieces.saturating_add(pieces))?)
}
