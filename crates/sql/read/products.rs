use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Product, ProductId};
use ports::{Page, ProductRepository, Unavailable};

use super::{each, length, one_more};
use crate::connection::{Conn, Database};
use crate::sql::kept::{Kept, padded};
use crate::sql::{row::ProductRow, schema::products};

diesel::alias!(products as last_seen: LastSeen);

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
                let last = last_seen.filter(last_seen.field(products::product_id).eq(after.as_str()));
                query = query.filter(
                    products::id.nullable().gt(last.select(last_seen.field(products::id)).single_value()),
                );
            }
            let rows = query.order(products::id.asc()).limit(one_more(limit)).load(conn).await?;
            Ok(Page::cut(each(rows, ProductRow::read)?, length(limit)))
        })
        .await
    }
}
