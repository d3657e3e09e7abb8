//! Writes of orders to products: they move the stock, and leave version and `updated_at` to operators.

use domain::{Product, ProductId, order::StockLine};

use super::abort::{Abort, Written};
use crate::record::{table::Row, tables::Tables};

/// What could not be sold so far. The unit goes on when one product lacks, so that all that lack are named.
#[derive(Default)]
pub(super) struct Lacking {
    products: Vec<ProductId>,
}

impl Lacking {
    /// Sells one line, or notes that there is not enough.
    pub(super) fn sell_line(&mut self, tables: &mut Tables, line: StockLine, read: &Product) -> Written {
        let offered = |now: &&Product| {
            now.active && now.price == read.price && now.stock.is_some() == read.stock.is_some()
        };
        let Some(now) = tables.products.get(&read.key).filter(offered) else { return Err(Abort::Stale) };
        let left = now.stock.map(|it| it.saturating_sub(i64::from(line.quantity)));
        if left.is_some_and(|it| it < 0) {
            if !self.products.contains(&line.product) {
                self.products.push(line.product);
            }
            return Ok(());
        }
        // A product without tracked stock counts its sales too: `moves` is how a change of price knows of them.
        Ok(tables.products.update(&read.key, |row| {
            (row.stock, row.stock_moves) = (left, row.stock_moves.saturating_add(1))
        })?)
    }

    /// Refuses the unit if anything lacked.
    pub(super) fn into_outcome(self) -> Written {
        if self.products.is_empty() { Ok(()) } else { Err(Abort::OutOfStock(self.products)) }
    }
}

/// Gives stock back. A product that is not tracked, or not any more, takes none.
pub(super) fn return_stock(tables: &mut Tables, line: StockLine) -> Written {
    let tracked = tables.products.find(&line.product).filter(|it| it.stock.is_some());
    let Some(key) = tracked.map(Row::key) else { return Ok(()) };
    Ok(tables.products.update(&key, |row| {
        row.stock = row.stock.map(|it| it.saturating_add(i64::from(line.quantity)));
        row.stock_moves = row.stock_moves.saturating_add(1);
    })?)
}
