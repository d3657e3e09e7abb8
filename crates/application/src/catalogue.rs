//! The catalogue: the products that operators offer, and the history of their changes.
//!
//! Every change makes a new version of the product and an entry that names its author, in one commit. It is
//! guarded by the version, which no sale changes, and the stock is changed only by the statement that writes
//! it. So a change by an operator is never stale because of sales, and sales never lose stock to an operator.

mod adjust;
mod edit;
mod import;

use domain::{ChangeId, Product, ProductId, product::StoredProductChange};
use ports::{ChangeFilter, Page, PortError};

use crate::{App, Staff};

pub use adjust::{AdjustError, AppliedAdjustment, StockAdjustment, adjust_stock};
pub use edit::{PatchError, ProductInput, ProductPatch, PutError, PutOutcome, patch_product, put_product};
pub use import::{ImportOutcome, ImportStock, import_product};

/// The product with that id, active or not.
///
/// # Errors
/// [`PortError`].
pub async fn find_product(app: &App, id: &ProductId) -> Result<Option<Product>, PortError> {
    app.products.find_product(id).await
}

/// A page of products, oldest first: active ones only, or for operators all.
///
/// # Errors
/// [`PortError`].
pub async fn list_products(
    app: &App,
    for_operator: bool,
    after: Option<ProductId>,
    limit: u32,
) -> Result<Page<Product>, PortError> {
    app.products.list_products(!for_operator, after, limit).await
}

/// A page of the changes that operators made to a product, newest first; `None` when there is no such
/// product.
///
/// # Errors
/// [`PortError`].
pub async fn list_changes(
    app: &App,
    _by: &Staff,
    id: &ProductId,
    kind: ChangeFilter,
    after: Option<ChangeId>,
    limit: u32,
) -> Result<Option<Page<StoredProductChange>>, PortError> {
    match app.products.find_product(id).await? {
        Some(product) => app.products.list_product_changes(product.key, kind, after, limit).await.map(Some),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests;
