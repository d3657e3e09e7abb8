use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{ChangeId, Product, ProductId, ProductKey, Version, product::StoredProductChange};
use ports::{ChangeFilter, HeldStock, Page, PortError, ProductRepository};

use super::{author::author_id, limit_plus_one, read_page};
use crate::connection::{Conn, Database};
use crate::sql::cached_statement::{CachedStatement, pad_keys};
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::row::{ADJUSTED, ChangeRow, ProductRow, read_rows};
use crate::sql::schema::{api_keys, product_changes, products, user};
use crate::sql::value::SqlTimestamp;

#[async_trait]
impl ProductRepository for Database {
    async fn find_product(&self, id: &ProductId) -> Result<Option<Product>, PortError> {
        let id = id.clone();
        self.run_query(async move |conn: &mut Conn| {
            let query =
                products::table.filter(products::product_id.eq(id.as_str())).select(ProductRow::as_select());
            query.first(conn).await.optional()?.map(ProductRow::into_product).transpose()
        })
        .await
    }

    async fn find_products(&self, ids: &[ProductId]) -> Result<Vec<Product>, PortError> {
        let ids = pad_keys(ids.iter().map(ToString::to_string).collect());
        self.run_query(async move |conn: &mut Conn| {
            let query =
                products::table.filter(products::product_id.eq_any(&ids)).select(ProductRow::as_select());
            // All or nothing: an order that is priced with a part of its products would be wrong.
            read_rows(CachedStatement(query).load(conn).await?, ProductRow::into_product)
        })
        .await
    }

    async fn list_products(
        &self,
        active_only: bool,
        after: Option<ProductId>,
        limit: u32,
    ) -> Result<Page<Product>, PortError> {
        let observer = self.observer();
        self.run_query(async move |conn: &mut Conn| {
            let mut query = products::table.select(ProductRow::as_select()).into_boxed();
            let mut index = Index::PRODUCTS_BY_TIME;
            if active_only {
                query = query.filter(products::active.eq(true));
                index = Index::PRODUCTS_OF_ACTIVITY;
            }
            if let Some(after) = &after {
                let Some((at, key)) = find_sort_key(conn, after).await? else { return Ok(Page::EMPTY) };
                let beside = products::created_at.eq(at).and(products::id.gt(key));
                let behind = products::created_at.gt(at).or(beside);
                // Redundant beside the `OR` of `behind`, but only this is seen as a range of the index.
                query = query.filter(products::created_at.ge(at)).filter(behind);
            }
            let oldest_first = (products::created_at.asc(), products::id.asc());
            let query = query.order(oldest_first).limit(limit_plus_one(limit));
            let rows = IndexHint(index, query).load(conn).await?;
            read_page(&*observer, rows, limit, ProductRow::public_id, ProductRow::into_product)
        })
        .await
    }

    async fn list_product_changes(
        &self,
        product: ProductKey,
        kind: ChangeFilter,
        after: Option<ChangeId>,
        limit: u32,
    ) -> Result<Page<StoredProductChange>, PortError> {
        let observer = self.observer();
        self.run_query(async move |conn: &mut Conn| {
            let mut query = product_changes::table
                .inner_join(products::table.on(products::id.eq(product_changes::product_key)))
                .left_join(user::table.on(user::id.eq(product_changes::changed_by)))
                .left_join(api_keys::table.on(api_keys::id.eq(product_changes::changed_by)))
                .filter(product_changes::product_key.eq(product.get()))
                .select((ChangeRow::as_select(), products::product_id, author_id()))
                .into_boxed();
            let index = match kind {
                ChangeFilter::Any => Index::CHANGES_VERSION,
                ChangeFilter::Adjustment => {
                    query = query.filter(product_changes::stock.eq(ADJUSTED));
                    Index::CHANGES_OF_STOCK
                }
            };
            if let Some(after) = &after {
                let Some(last) = find_change_version(conn, after).await? else { return Ok(Page::EMPTY) };
                query = query.filter(product_changes::version.lt(last));
            }
            let newest = query.order(product_changes::version.desc()).limit(limit_plus_one(limit));
            let rows = IndexHint(index, newest).load::<(ChangeRow, String, Option<String>)>(conn).await?;
            let id = |(row, _, _): &(ChangeRow, _, _)| row.public_id();
            read_page(&*observer, rows, limit, id, |(row, product, author)| row.into_change(product, author))
        })
        .await
    }
}

/// Lists the held pieces of the products behind a row key, by row key.
pub(super) async fn list_held_stock(
    database: &Database,
    after: i64,
    limit: u32,
) -> Result<Vec<HeldStock>, PortError> {
    let load = async move |conn: &mut Conn| {
        let columns =
            (products::id, products::product_id, products::held, products::version, products::moves);
        let query = products::table.filter(products::id.gt(after)).select(columns);
        let query = query.order(products::id.asc()).limit(i64::from(limit));
        let rows: Vec<(i64, String, i64, i64, i64)> = CachedStatement(query).load(conn).await?;
        let held = |(key, id, pieces, version, moves)| HeldStock {
            key: ProductKey::new(key),
            product: ProductId::new(id),
            pieces,
            version: Version::new(version),
            moves,
        };
        Ok(rows.into_iter().map(held).collect())
    };
    database.run_query(load).await
}

/// The position of a product in the list: time, then row key.
async fn find_sort_key(conn: &mut Conn, id: &ProductId) -> QueryResult<Option<(SqlTimestamp, i64)>> {
    let query = products::table.filter(products::product_id.eq(id.as_str()));
    query.select((products::created_at, products::id)).first(conn).await.optional()
}

/// The position of a change in the list of its product: its version.
async fn find_change_version(conn: &mut Conn, id: &ChangeId) -> QueryResult<Option<i64>> {
    let query = product_changes::table.filter(product_changes::change_id.eq(id.as_str()));
    query.select(product_changes::version).first(conn).await.optional()
}
