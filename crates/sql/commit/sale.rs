//! What orders do to products: they move the stock, and leave to operators what is theirs.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Product, ProductId, order::StockLine};

use super::abort::{Violation, WriteOutcome};
use crate::connection::Conn;
use crate::dialect::exact_amount;
use crate::sql::{cached_statement::CachedStatement, row::ProductRow, schema::products};

/// Gives stock back. A product that is not tracked, or not any more, takes none.
pub(super) async fn return_stock(conn: &mut Conn, line: &StockLine) -> WriteOutcome {
    let tracked = products::table
        .filter(products::product_id.eq(line.product.as_str()))
        .filter(products::stock.is_not_null());
    let update = diesel::update(tracked).set((
        products::stock.eq(products::stock + i64::from(line.quantity)),
        products::moves.eq(products::moves + 1),
    ));
    CachedStatement(update).execute(conn).await?;
    Ok(())
}

/// What could not be sold so far. The unit goes on when one product lacks, so that all that lack are named.
#[derive(Default)]
pub(super) struct StockShortage {
    products: Vec<ProductId>,
}

impl StockShortage {
    /// Sells one line, or notes that there is not enough.
    pub(super) async fn sell_line(
        &mut self,
        conn: &mut Conn,
        line: &StockLine,
        read: &Product,
    ) -> WriteOutcome {
        let quantity = i64::from(line.quantity);
        let sold = match read.stock {
            Some(_) => take_stock(conn, read, quantity).await?,
            None => count_sale(conn, read).await?,
        };
        if sold > 0 {
            return Ok(());
        }
        if !is_out_of_stock(conn, read, quantity).await? {
            return Err(Violation::Stale.into());
        }
        if !self.products.contains(&line.product) {
            self.products.push(line.product.clone());
        }
        Ok(())
    }

    /// Refuses the unit if anything lacked.
    pub(super) fn into_outcome(self) -> WriteOutcome {
        if self.products.is_empty() { Ok(()) } else { Err(Violation::OutOfStock(self.products).into()) }
    }
}

/// Takes from a stock that is tracked.
async fn take_stock(conn: &mut Conn, read: &Product, quantity: i64) -> QueryResult<usize> {
    let enough = products::table
        .find(read.key.get())
        .filter(products::active.eq(true))
        .filter(products::price.eq(exact_amount(read.price.into())))
        .filter(products::currency.eq(read.price.currency().code()))
        .filter(products::stock.ge(quantity));
    let update = diesel::update(enough)
        .set((products::stock.eq(products::stock - quantity), products::moves.eq(products::moves + 1)));
    CachedStatement(update).execute(conn).await
}

/// Only counts the sale of what is not tracked. It must be a change all the same: a price that is read and not written
/// could be over before the commit, and no lock or certification would see it.
async fn count_sale(conn: &mut Conn, read: &Product) -> QueryResult<usize> {
    let untracked = products::table
        .find(read.key.get())
        .filter(products::active.eq(true))
        .filter(products::price.eq(exact_amount(read.price.into())))
        .filter(products::currency.eq(read.price.currency().code()))
        .filter(products::stock.is_null());
    let update = diesel::update(untracked).set(products::moves.eq(products::moves + 1));
    CachedStatement(update).execute(conn).await
}

/// Whether the product is still as it was read but for its stock, and has too little of that.
async fn is_out_of_stock(conn: &mut Conn, read: &Product, quantity: i64) -> QueryResult<bool> {
    let query = products::table.find(read.key.get()).select(ProductRow::as_select());
    let Some(now) = query.first(conn).await.optional()?.map(ProductRow::into_product).transpose()? else {
        return Ok(false);
    };
    let both = read.stock.is_some() && now.stock.is_some_and(|it| it < quantity);
    Ok(both && now.active && now.price == read.price)
}
