//! The catalogue.

use domain::{Money, Product, ProductId, ProductKey, Text, Version};
use ports::{Page, Unavailable, UnitOfWork, Write};

use crate::{
    App, IfMatch, Operator,
    retry::{Tried, until_settled},
};

/// What an operator says about a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What it is called.
    pub name: Text,
    /// The price of one piece.
    pub price: Money,
    /// How many can be ordered; `None` when that is not tracked.
    pub stock: Option<i64>,
    /// Whether it can be ordered.
    pub active: bool,
}

/// A product that was put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// It is new.
    Created(Product),
    /// It took the place of what was there.
    Replaced(Product),
}

/// Why a product was not put.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// It is not of the version that the operator meant.
    #[error("the product has another version")]
    PreconditionFailed,
    /// The record is away.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Makes a product or replaces it, stock included.
///
/// # Errors
/// [`PutError`].
pub async fn put(
    app: &App,
    _by: &Operator,
    id: ProductId,
    offer: Offer,
    if_match: IfMatch,
) -> Result<Put, PutError> {
    until_settled!(app, put_once(app, &id, &offer, &if_match).await)
}

async fn put_once(
    app: &App,
    id: &ProductId,
    offer: &Offer,
    if_match: &IfMatch,
) -> Result<Put, Tried<PutError>> {
    let read = app.products.find(id).await.map_err(PutError::from)?;
    if !if_match.allows(read.as_ref().map(|it| it.version)) {
        return Err(PutError::PreconditionFailed.into());
    }
    let now = app.clock.now();
    let product = Product {
        key: read.as_ref().map_or_else(|| ProductKey::new(app.ids.key()), |it| it.key),
        id: id.clone(),
        name: offer.name.clone(),
        price: offer.price,
        stock: offer.stock,
        active: offer.active,
        version: read.as_ref().map_or(Version::FIRST, |it| it.version.next()),
        created_at: read.as_ref().map_or(now, |it| it.created_at),
        updated_at: now,
    };
    let write = match &read {
        None => Write::InsertProduct(product.clone()),
        Some(read) => Write::ReplaceProduct(product.clone(), read.version),
    };
    app.store.commit(UnitOfWork::new().with(write)).await.map_err(Tried::<PutError>::commit)?;
    Ok(if read.is_none() { Put::Created(product) } else { Put::Replaced(product) })
}

/// The product with that id, active or not.
///
/// # Errors
/// [`Unavailable`].
pub async fn find(app: &App, id: &ProductId) -> Result<Option<Product>, Unavailable> {
    app.products.find(id).await
}

/// A page of products in the order they were made in: the active ones, for operators all.
///
/// # Errors
/// [`Unavailable`].
pub async fn list(
    app: &App,
    for_operator: bool,
    after: Option<ProductId>,
    limit: u32,
) -> Result<Page<Product>, Unavailable> {
    app.products.list(!for_operator, after, limit).await
}

#[cfg(test)]
mod tests;
