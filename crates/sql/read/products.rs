use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{ChangeId, Product, ProductId, ProductKey, product::Recorded};
use ports::{ChangeKind, Page, PortError, ProductRepository};

use super::{one_more, page};
use crate::connection::{Conn, Database};
use crate::sql::along::{Along, Index};
use crate::sql::kept::{Kept, padded};
use crate::sql::row::{ADJUSTED, ChangeRow, ProductRow, read_rows};
use crate::sql::schema::{product_changes, products, user};
use crate::sql::value::Stamp;

#[async_trait]
impl ProductRepository for Database {
    async fn find(&self, id: &ProductId) -> Result<Option<Product>, PortError> {
        let id = id.clone();
        self.read(async move |conn: &mut Conn| {
            let query =
                products::table.filter(products::product_id.eq(id.as_str())).select(ProductRow::as_select());
            query.first(conn).await.optional()?.map(ProductRow::read).transpose()
        })
        .await
    }

    async fn find_all(&self, ids: &[ProductId]) -> Result<Vec<Product>, PortError> {
        let ids = padded(ids.iter().map(ToString::to_string).collect());
        self.read(async move |conn: &mut Conn| {
            let query =
                products::table.filter(products::product_id.eq_any(&ids)).select(ProductRow::as_select());
            read_rows(Kept(query).load(conn).await?, ProductRow::read)
        })
        .await
    }

    async fn list(
        &self,
        active_only: bool,
        after: Option<ProductId>,
        limit: u32,
    ) -> Result<Page<Product>, PortError> {
        let witness = self.witness();
        self.read(async move |conn: &mut Conn| {
            let mut query = products::table.select(ProductRow::as_select()).into_boxed();
            let mut index = Index::PRODUCTS_BY_TIME;
            if active_only {
                query = query.filter(products::active.eq(true));
                index = Index::PRODUCTS_OF_ACTIVITY;
            }
            if let Some(after) = &after {
                let Some((at, key)) = place_of(conn, after).await? else { return Ok(Page::EMPTY) };
                let beside = products::created_at.eq(at).and(products::id.gt(key));
                let behind = products::created_at.gt(at).or(beside);
                query = query.filter(products::created_at.ge(at)).filter(behind);
            }
            let oldest_first = (products::created_at.asc(), products::id.asc());
            let query = query.order(oldest_first).limit(one_more(limit));
            let rows = Along(index, query).load(conn).await?;
            page(&*witness, rows, limit, ProductRow::public_id, ProductRow::read)
        })
        .await
    }

    async fn changes(
        &self,
        product: ProductKey,
        kind: ChangeKind,
        after: Option<ChangeId>,
        limit: u32,
    ) -> Result<Page<Recorded>, PortError> {
        let witness = self.witness();
        self.read(async move |conn: &mut Conn| {
            let mut query = product_changes::table
                .inner_join(products::table.on(products::id.eq(product_changes::product_key)))
                .left_join(user::table.on(user::id.eq(product_changes::changed_by)))
                .filter(product_changes::product_key.eq(product.get()))
                .select((ChangeRow::as_select(), products::product_id, user::public_id.nullable()))
                .into_boxed();
            let index = match kind {
                ChangeKind::Any => Index::CHANGES_VERSION,
                ChangeKind::Adjustment => {
                    query = query.filter(product_changes::stock.eq(ADJUSTED));
                    Index::CHANGES_OF_STOCK
                }
            };
            if let Some(after) = &after {
                let Some(last) = version_of(conn, after).await? else { return Ok(Page::EMPTY) };
                query = query.filter(product_changes::version.lt(last));
            }
            let newest = query.order(product_changes::version.desc()).limit(one_more(limit));
            let rows = Along(index, newest).load::<(ChangeRow, String, Option<String>)>(conn).await?;
            let id = |(row, _, _): &(ChangeRow, _, _)| row.public_id();
            page(&*witness, rows, limit, id, |(row, product, user)| row.read(product, user))
        })
        .await
    }
}

/// What lists sort a product by.
async fn place_of(conn: &mut Conn, id: &ProductId) -> QueryResult<Option<(Stamp, i64)>> {
    let query = products::table.filter(products::product_id.eq(id.as_str()));
    query.select((products::created_at, products::id)).first(conn).await.optional()
}

/// What lists sort a change by.
async fn version_of(conn: &mut Conn, id: &ChangeId) -> QueryResult<Option<i64>> {
    let query = product_changes::table.filter(product_changes::change_id.eq(id.as_str()));
    query.select(product_changes::version).first(conn).await.optional()
}
