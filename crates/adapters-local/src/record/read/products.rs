use std::cmp::Reverse;

use async_trait::async_trait;
use domain::{
    ChangeId, Product, ProductId, ProductKey, Timestamp,
    product::{StockChange, StoredProductChange},
};
use ports::{ChangeFilter, Page, ProductRepository};

use super::{Read, sort_behind};
use crate::{
    MemoryRecord,
    record::rows::{ProductChangeKeys, ProductChangeRow},
};

#[async_trait]
impl ProductRepository for MemoryRecord {
    async fn find_product(&self, id: &ProductId) -> Read<Option<Product>> {
        self.read_found(self.tables().products.find(id), Product::clone)
    }

    async fn find_products(&self, ids: &[ProductId]) -> Read<Vec<Product>> {
        let tables = self.tables();
        self.read_all(tables.products.rows().filter(|it| ids.contains(&it.id)))
    }

    async fn list_products(
        &self,
        active_only: bool,
        after: Option<ProductId>,
        limit: u32,
    ) -> Read<Page<Product>> {
        let tables = self.tables();
        let last = after.map(|id| tables.products.find(&id).map(sort_place));
        if last == Some(None) {
            return Ok(Page::EMPTY);
        }
        let rows = tables.products.rows().filter(|it| it.active || !active_only);
        let rows = sort_behind(rows, sort_place, last.flatten().as_ref());
        Ok(self.read_page(rows, limit, |it| it.id.to_string(), Product::clone))
    }

    async fn list_product_changes(
        &self,
        product: ProductKey,
        kind: ChangeFilter,
        after: Option<ChangeId>,
        limit: u32,
    ) -> Read<Page<StoredProductChange>> {
        let tables = self.tables();
        let Some(id) = tables.products.get(&product).map(|it| &it.id) else { return Ok(Page::EMPTY) };
        let newest_first = |it: &ProductChangeRow| Reverse(it.version);
        let last = after.map(|id| tables.product_changes.find(&ProductChangeKeys::Id(id)).map(newest_first));
        if last == Some(None) {
            return Ok(Page::EMPTY);
        }
        let rows =
            tables.product_changes.rows().filter(|it| it.product == product && matches_kind(kind, it.stock));
        let rows = sort_behind(rows, newest_first, last.flatten().as_ref());
        let recorded = |row: &ProductChangeRow| StoredProductChange {
            change: row.change.clone(),
            author: tables.author_id(row.change.by),
            product: id.clone(),
            version: row.version,
            price: row.price,
            active: row.active,
            stock: row.stock,
        };
        Ok(self.read_page(rows, limit, |it| it.change.id.to_string(), recorded))
    }
}

/// The sort key of products: oldest first.
const fn sort_place(product: &Product) -> (Timestamp, ProductKey) {
    (product.created_at, product.key)
}

const fn matches_kind(kind: ChangeFilter, stock: StockChange) -> bool {
    match kind {
        ChangeFilter::Any => true,
        ChangeFilter::Adjustment => matches!(stock, StockChange::Adjusted(_)),
    }
}
