//! The catalogue: what operators offer, and what they change of it.
//!
//! Every change makes a version of the product and an entry that says who made it, in one commit. It is guarded by the
//! version, which no sale moves on, and speaks of the stock only in the statement that writes it: so an operator never
//! loses against sales, and sales never lose pieces to an operator.

mod adjust;
mod edit;

use domain::{ChangeId, Product, ProductId, product::StoredProductChange};
use ports::{ChangeFilter, Page, PortError};

use crate::{App, Operator};

pub use adjust::{AdjustError, AppliedAdjustment, StockAdjustment, adjust_stock};
pub use edit::{PatchError, ProductInput, ProductPatch, PutError, PutOutcome, patch_product, put_product};

/// The product with that id, active or not.
///
/// # Errors
/// [`PortError`].
pub async fn find_product(app: &App, id: &ProductId) -> Result<Option<Product>, PortError> {
    app.products.find_product(id).await
}

/// A page of products in the order they were made in: the active ones, for operators all.
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

/// A page of what operators changed of a product, newest first; `None` when there is no such product.
///
/// # Errors
/// [`PortError`].
pub async fn list_changes(
    app: &App,
    _by: &Operator,
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
