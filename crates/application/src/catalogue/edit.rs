//! Putting and patching a product.

use std::time::Duration;

use domain::{Invalid, Money, Product, ProductId, ProductKey, Text, Version, product::Restock};
use ports::{Held, Unavailable, UnitOfWork, Write};

use crate::{
    App, Conditions, Operator,
    retry::{Tried, until_settled},
};

/// How long operators of one product wait for each other at most.
const TURN_WAIT: Duration = Duration::from_secs(1);
/// How long one of them is waited for when its process has died.
const LEASE: Duration = Duration::from_secs(5);

/// What an operator says about a product, all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What it is called.
    pub name: Text,
    /// The price of one piece.
    pub price: Money,
    /// What becomes of the stock; a new product that keeps it has none that is tracked.
    pub restock: Restock,
    /// Whether it can be ordered; `None` leaves it so, and a new one can be.
    pub active: Option<bool>,
}

/// What an operator says about a product, what is to be changed of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// What it is called.
    pub name: Option<Text>,
    /// The price of one piece, a plain decimal number, in the product's currency.
    pub price: Option<String>,
    /// What becomes of the stock.
    pub restock: Restock,
    /// Whether it can be ordered.
    pub active: Option<bool>,
}

impl Patch {
    /// One that changes nothing.
    pub const NOTHING: Self = Self { name: None, price: None, restock: Restock::Keep, active: None };
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

/// Why a product was not patched.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// There is none.
    #[error("there is no such product")]
    NotFound,
    /// It is not of the version that the operator meant.
    #[error("the product has another version")]
    PreconditionFailed,
    /// The price is none in the product's currency.
    #[error(transparent)]
    Price(Invalid),
    /// The record is away.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Makes a product or replaces it; its stock only if the offer says so.
///
/// # Errors
/// [`PutError`].
pub async fn put(
    app: &App,
    by: &Operator,
    id: ProductId,
    offer: Offer,
    conditions: Conditions,
) -> Result<Put, PutError> {
    let _turn = take_turn(app, &id).await;
    until_settled!(app, put_once(app, by, &id, &offer, &conditions).await)
}

/// Changes some of a product. To change nothing makes no version.
///
/// # Errors
/// [`PatchError`].
pub async fn patch(
    app: &App,
    by: &Operator,
    id: ProductId,
    patch: Patch,
    conditions: Conditions,
) -> Result<Product, PatchError> {
    let _turn = take_turn(app, &id).await;
    until_settled!(app, patch_once(app, by, &id, &patch, &conditions).await)
}

/// Operators who change one product at the same time wait for each other. That saves rounds and decides nothing: without
/// it the version does.
async fn take_turn(app: &App, id: &ProductId) -> Option<Held> {
    app.locks.acquire(&format!("product:{id}"), LEASE, TURN_WAIT).await.ok().flatten()
}

async fn put_once(
    app: &App,
    by: &Operator,
    id: &ProductId,
    offer: &Offer,
    conditions: &Conditions,
) -> Result<Put, Tried<PutError>> {
    let read = app.products.find(id).await.map_err(PutError::from)?;
    if !conditions.allow(read.as_ref().map(|it| it.version)) {
        return Err(PutError::PreconditionFailed.into());
    }
    let Some(read) = read else { return create(app, by, id, offer).await.map(Put::Created) };
    let product = Product {
        name: offer.name.clone(),
        price: offer.price,
        active: offer.active.unwrap_or(read.active),
        ..read.revise(app.clock.now())
    };
    replace(app, by, product, read.version, offer.restock).await.map(Put::Replaced)
}

async fn patch_once(
    app: &App,
    by: &Operator,
    id: &ProductId,
    patch: &Patch,
    conditions: &Conditions,
) -> Result<Product, Tried<PatchError>> {
    let read = app.products.find(id).await.map_err(PatchError::from)?.ok_or(PatchError::NotFound)?;
    if !conditions.allow(Some(read.version)) {
        return Err(PatchError::PreconditionFailed.into());
    }
    if *patch == Patch::NOTHING {
        return Ok(read);
    }
    let price = patch.price.as_ref().map(|it| Money::in_currency(it, read.price.currency())).transpose();
    let product = Product {
        name: patch.name.clone().unwrap_or_else(|| read.name.clone()),
        price: price.map_err(PatchError::Price)?.unwrap_or(read.price),
        active: patch.active.unwrap_or(read.active),
        ..read.revise(app.clock.now())
    };
    replace(app, by, product, read.version, patch.restock).await
}

async fn create<E: From<Unavailable>>(
    app: &App,
    by: &Operator,
    id: &ProductId,
    offer: &Offer,
) -> Result<Product, Tried<E>> {
    let now = app.clock.now();
    let product = Product {
        key: ProductKey::new(app.ids.key()),
        id: id.clone(),
        name: offer.name.clone(),
        price: offer.price,
        stock: offer.restock.applied(None),
        active: offer.active.unwrap_or(true),
        version: Version::FIRST,
        moves: 0,
        created_at: now,
        updated_at: now,
    };
    let write = Write::InsertProduct(product.clone(), app.change(by, None, now));
    app.store.commit(UnitOfWork::new().with(write)).await.map_err(Tried::commit)?;
    Ok(product)
}

/// Commits the next version of a product. What is given back shows a stock that was kept as it was read.
async fn replace<E: From<Unavailable>>(
    app: &App,
    by: &Operator,
    product: Product,
    read: Version,
    restock: Restock,
) -> Result<Product, Tried<E>> {
    let change = app.change(by, None, product.updated_at);
    let write = Write::ReplaceProduct { product: product.clone(), read, restock, change };
    app.store.commit(UnitOfWork::new().with(write)).await.map_err(Tried::commit)?;
    Ok(Product { stock: restock.applied(product.stock), ..product })
}
