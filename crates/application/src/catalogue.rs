//! The catalogue: what operators offer, and what they change of it.
//!
//! Every change makes a version of the product and an entry that says who made it, in one commit. It is guarded by the
//! version, which no sale moves on, and speaks of the stock only in the statement that writes it: so an operator never
//! loses against sales, and sales never lose pieces to an operator.

mod adjust;
mod edit;

use domain::{ChangeId, Product, ProductId, product::Recorded};
use ports::{ChangeKind, Page, PortError};

use crate::{App, Operator};

pub use adjust::{Adjust, AdjustError, Adjusted, adjust};
pub use edit::{Offer, Patch, PatchError, Put, PutError, patch, put};

/// The product with that id, active or not.
///
/// # Errors
/// [`PortError`].
pub async fn find(app: &App, id: &ProductId) -> Result<Option<Product>, PortError> {
    app.products.find(id).await
}

/// A page of products in the order they were made in: the active ones, for operators all.
///
/// # Errors
/// [`PortError`].
pub async fn list(
    app: &App,
    for_operator: bool,
    after: Option<ProductId>,
    limit: u32,
) -> Result<Page<Product>, PortError> {
    app.products.list(!for_operator, after, limit).await
}

/// A page of what operators changed of a product, newest first; `None` when there is no such product.
///
/// # Errors
/// [`PortError`].
pub async fn list_changes(
    app: &App,
    _by: &Operator,
    id: &ProductId,
    kind: ChangeKind,
    after: Option<ChangeId>,
    limit: u32,
) -> Result<Option<Page<Recorded>>, PortError> {
    match app.products.find(id).await? {
        Some(product) => app.products.changes(product.key, kind, after, limit).await.map(Some),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests;
