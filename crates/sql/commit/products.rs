use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Product, ProductId, Timestamp, Version, order::StockLine};

use super::halt::{Refusal, Written, guarded, inserted};
use crate::connection::Conn;
use crate::dialect::exactly;
use crate::sql::{
    kept::Kept,
    row::ProductRow,
    schema::products,
    value::{Parts, Stamp},
};

pub(super) async fn insert(conn: &mut Conn, product: &Product) -> Written {
    let insert = diesel::insert_into(products::table).values(ProductRow::from(product));
    inserted(insert.execute(conn).await, || Refusal::Stale)
}

pub(super) async fn replace(conn: &mut Conn, product: &Product, read: Version) -> Written {
    let guard = products::table.find(product.key.get()).filter(products::version.eq(read.get()));
    let update = diesel::update(guard).set((
        products::name.eq(product.name.as_str()),
        products::price.eq(Parts::from(product.price)),
        products::currency.eq(product.price.currency().code()),
        products::stock.eq(product.stock),
        products::active.eq(product.active),
        products::version.eq(product.version.get()),
        products::updated_at.eq(Stamp::from(product.updated_at)),
    ));
    guarded(Kept(update).execute(conn).await?)
}

/// Gives stock back. A product that is not tracked, or not any more, takes none.
pub(super) async fn give_back(conn: &mut Conn, line: &StockLine, at: Option<Timestamp>) -> Written {
    let tracked = products::table
        .filter(products::product_id.eq(line.product.as_str()))
        .filter(products::stock.is_not_null());
    let update = diesel::update(tracked).set((
        products::stock.eq(products::stock + i64::from(line.quantity)),
        products::version.eq(products::version + 1),
        at.map(|it| products::updated_at.eq(Stamp::from(it))),
    ));
    Kept(update).execute(conn).await?;
    Ok(())
}

/// What could not be taken so far. The unit goes on when one product lacks, so that all that lack are named.
#[derive(Default)]
pub(super) struct Stock {
    lacking: Vec<ProductId>,
}

impl Stock {
    /// Takes stock for one line, or notes that there is not enough.
    pub(super) async fn take(
        &mut self,
        conn: &mut Conn,
        line: &StockLine,
        read: &Product,
        at: Option<Timestamp>,
    ) -> Written {
        let quantity = i64::from(line.quantity);
        let enough = products::table
            .find(read.key.get())
            .filter(products::active.eq(true))
            .filter(products::stock.ge(quantity))
            .filter(products::price.eq(exactly(read.price.into())))
            .filter(products::currency.eq(read.price.currency().code()));
        let update = diesel::update(enough).set((
            products::stock.eq(products::stock - quantity),
            products::version.eq(products::version + 1),
            at.map(|it| products::updated_at.eq(Stamp::from(it))),
        ));
        if Kept(update).execute(conn).await? > 0 {
            return Ok(());
        }
        if !lacks(conn, read, quantity).await? {
            return Err(Refusal::Stale.into());
        }
        if !self.lacking.contains(&line.product) {
            self.lacking.push(line.product.clone());
        }
        Ok(())
    }

    /// Refuses the unit if anything lacked.
    pub(super) fn verdict(self) -> Written {
        if self.lacking.is_empty() { Ok(()) } else { Err(Refusal::OutOfStock(self.lacking).into()) }
    }
}

/// Whether the product is still as it was read but for its stock, and has too little of that.
async fn lacks(conn: &mut Conn, read: &Product, quantity: i64) -> QueryResult<bool> {
    let query = products::table.find(read.key.get()).select(ProductRow::as_select());
    let Some(now) = query.first(conn).await.optional()?.map(ProductRow::read).transpose()? else {
        return Ok(false);
    };
    Ok(now.active && now.price == read.price && now.stock.is_some_and(|it| it < quantity))
}
