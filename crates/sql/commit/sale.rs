//! Changes of products by orders. They write `stock`, `held` and `moves` only; all other columns belong to
//! operators, so that sales never make an operator's change stale (ADR 0014).

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Product, ProductId, order::StockLine};

use super::abort::{Violation, WriteOutcome};
use crate::connection::Conn;
use crate::dialect::exact_amount;
use crate::sql::{cached_statement::CachedStatement, row::ProductRow, schema::products};

/// Gives stock back to a product. One that is no longer tracked takes none: its stock is NULL, and stays so.
pub(super) async fn return_stock(conn: &mut Conn, line: &StockLine) -> WriteOutcome {
    // The rows are not counted: a product that is missing must not keep an order from being cancelled.
    hold_pieces(conn, line, -i64::from(line.quantity)).await?;
    Ok(())
}

/// Takes that many pieces from the stock if it has them, or gives them back if the number is negative. A stock that is not
/// tracked stays so.
async fn hold_pieces(conn: &mut Conn, line: &StockLine, pieces: i64) -> QueryResult<usize> {
    let enough = products::table
        .filter(products::product_id.eq(line.product.as_str()))
        .filter(products::stock.is_null().or(products::stock.ge(pieces)));
    let update = diesel::update(enough).set((
        products::stock.eq(products::stock - pieces),
        products::held.eq(products::held + pieces),
        products::moves.eq(products::moves + 1),
    ));
    CachedStatement(update).execute(conn).await
}

/// The products that could not be sold so far. A shortage does not end the unit at once, so that all are
/// named.
#[derive(Default)]
pub(super) struct StockShortage {
    products: Vec<ProductId>,
}

impl StockShortage {
    /// Sells one line, or adds its product to the shortage.
    pub(super) async fn sell_line(
        &mut self,
        conn: &mut Conn,
        line: &StockLine,
        read: &Product,
    ) -> WriteOutcome {
        let quantity = i64::from(line.quantity);
        // The statement follows from the product as it was read. If an operator has changed since whether
        // the stock is tracked, neither statement matches and the unit is stale.
        let sold = match read.stock {
            Some(_) => take_stock(conn, read, quantity).await?,
            None => count_sale(conn, read).await?,
        };
        if sold > 0 {
            return Ok(());
        }
        // No row matched, and a predicate gives no reason. This read distinguishes a shortage, which is
        // reported to the client, from a change by an operator, after which the use case prices the order
        // again.
        if !is_out_of_stock(conn, read, quantity).await? {
            return Err(Violation::Stale.into());
        }
        self.add_product(&line.product);
        Ok(())
    }

    /// Takes pieces of one line out of stock again, or adds its product to the shortage.
    pub(super) async fn retake_line(&mut self, conn: &mut Conn, line: &StockLine) -> WriteOutcome {
        let quantity = i64::from(line.quantity);
        if hold_pieces(conn, line, quantity).await? > 0 {
            return Ok(());
        }
        // No row matched: it is missing, so that nothing is to be taken, or has too little.
        let product = products::table.filter(products::product_id.eq(line.product.as_str()));
        let found: Vec<Option<i64>> = CachedStatement(product.select(products::stock)).load(conn).await?;
        match found.into_iter().next() {
            Some(Some(left)) if left < quantity => self.add_product(&line.product),
            // The stock changed in between the two statements.
            Some(_) => return Err(Violation::Stale.into()),
            None => {}
        }
        Ok(())
    }

    fn add_product(&mut self, product: &ProductId) {
        if !self.products.contains(product) {
            self.products.push(product.clone());
        }
    }

    /// The end of the unit: a violation that names all products with a shortage, if there are any.
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
    let update = diesel::update(enough).set((
        products::stock.eq(products::stock - quantity),
        products::held.eq(products::held + quantity),
        products::moves.eq(products::moves + 1),
    ));
    CachedStatement(update).execute(conn).await
}

/// Counts the sale of a product that is not tracked. The count is there to have a change: a plain read
/// locks nothing, so another instance could commit a new price between this statement and the commit.
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

/// True if only the stock differs from the product as it was read, and is too little.
async fn is_out_of_stock(conn: &mut Conn, read: &Product, quantity: i64) -> QueryResult<bool> {
    let query = products::table.find(read.key.get()).select(ProductRow::as_select());
    let Some(now) = query.first(conn).await.optional()?.map(ProductRow::into_product).transpose()? else {
        return Ok(false);
    };
    let both = read.stock.is_some() && now.stock.is_some_and(|it| it < quantity);
    Ok(both && now.active && now.price == read.price)
}
