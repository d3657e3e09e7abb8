use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Product, ProductId};
use ports::{Page, ProductRepository, Unavailable};

use super::{each, length, one_more};
use crate::connection::{Conn, Database};
use crate::sql::kept::{Kept, padded};
use crate::sql::{row::ProductRow, schema::products, value::Stamp};

#[async_trait]
impl ProductRepository for Database {
    async fn find(&self, id: &ProductId) -> Result<Option<Product>, Unavailable> {
        let id = id.clone();
        self.read(async move |conn: &mut Conn| {
            let query =
                products::table.filter(products::product_id.eq(id.as_str())).select(ProductRow::as_select());
            query.first(conn).await.optional()?.map(ProductRow::read).transpose()
        })
        .await
    }

    async fn find_all(&self, ids: &[ProductId]) -> Result<Vec<Product>, Unavailable> {
        let ids = padded(ids.iter().map(ToString::to_string).collect());
        self.read(async move |conn: &mut Conn| {
            let query =
                products::table.filter(products::product_id.eq_any(&ids)).select(ProductRow::as_select());
            each(Kept(query).load(conn).await?, ProductRow::read)
        })
        .await
    }

    async fn list(
        &self,
        active_only: bool,
        after: Option<ProductId>,
        limit: u32,
    ) -> Result<Page<Product>, Unavailable> {
        self.read(async move |conn: &mut Conn| {
            let mut query = products::table.select(ProductRow::as_select()).into_boxed();
            if active_only {
                query = query.filter(products::active.eq(true));
            }
            if let Some(after) = &after {
                let Some((at, key)) = place_of(conn, after).await? else { return Ok(Page::EMPTY) };
                let behind = products::created_at.gt(at).or(products::id.gt(key));
                query = query.filter(products::created_at.ge(at)).filter(behind);
            }
            let oldest_first = (products::created_at.asc(), products::id.asc());
            let rows = query.order(oldest_first).limit(one_more(limit)).load(conn).await?;
            Ok(Page::cut(each(rows, ProductRow::read)?, length(limit)))
        })
        .await
    }
}

/// What lists sort a product by.
async fn place_of(conn: &mut Conn, id: &ProductId) -> QueryResult<Option<(Stamp, i64)>> {
    let query = products::table.filter(products::product_id.eq(id.as_str()));
    query.select((products::created_at, products::id)).first(conn).await.optional()
}
