//! Putting and patching a product.

use std::time::Duration;

use domain::{Invalid, Money, Product, ProductId, ProductKey, Text, Version, product::Restock};
use ports::{Held, PortError, StoredReply, UnitOfWork, Write};

use crate::{
    Answered, App, Conditions, KeyError, Operator, Request,
    idempotent::{Decided, OnceError, once},
    retry::Tried,
};

/// How long operators of one product wait for each other at most.
const TURN_WAIT: Duration = Duration::from_secs(2);
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
    /// Something about the idempotency key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It is not of the version that the operator meant.
    #[error("the product has another version")]
    PreconditionFailed,
    /// The record is away.
    #[error(transparent)]
    Failed(#[from] PortError),
}

/// Why a product was not patched.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// Something about the idempotency key.
    #[error(transparent)]
    Key(#[from] KeyError),
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
    Failed(#[from] PortError),
}

impl OnceError for PutError {
    fn is_refusal(&self) -> bool {
        matches!(self, Self::PreconditionFailed)
    }
}

impl OnceError for PatchError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// Makes a product or replaces it; its stock only if the offer says so.
///
/// # Errors
/// [`PutError`].
pub async fn put<R>(
    app: &App,
    by: &Operator,
    request: Option<Request>,
    id: ProductId,
    offer: Offer,
    conditions: Conditions,
    render: R,
) -> Result<Answered, PutError>
where
    R: Fn(&Put) -> StoredReply + Send + Sync,
{
    let _turn = take_turn(app, &id).await;
    let decide = || decide_put(app, by, &id, &offer, &conditions, &render);
    once(app, request.as_ref(), || Box::pin(decide()), Tried::commit).await
}

/// Changes some of a product. To change nothing makes no version. A stock that is kept is shown as it was read.
///
/// # Errors
/// [`PatchError`].
pub async fn patch<R>(
    app: &App,
    by: &Operator,
    request: Option<Request>,
    id: ProductId,
    patch: Patch,
    conditions: Conditions,
    render: R,
) -> Result<Answered, PatchError>
where
    R: Fn(&Product) -> StoredReply + Send + Sync,
{
    let _turn = take_turn(app, &id).await;
    let decide = || decide_patch(app, by, &id, &patch, &conditions, &render);
    once(app, request.as_ref(), || Box::pin(decide()), Tried::commit).await
}

/// Operators who change one product at the same time wait for each other. That saves rounds and decides nothing: without
/// it the version does.
async fn take_turn(app: &App, id: &ProductId) -> Option<Held> {
    app.locks.acquire(&format!("product:{id}"), LEASE, TURN_WAIT).await.ok().flatten()
}

async fn decide_put<R>(
    app: &App,
    by: &Operator,
    id: &ProductId,
    offer: &Offer,
    conditions: &Conditions,
    render: &R,
) -> Result<Decided<StoredReply>, Tried<PutError>>
where
    R: Fn(&Put) -> StoredReply + Send + Sync,
{
    let read = app.products.find(id).await.map_err(PutError::from)?;
    if !conditions.allow(read.as_ref().map(|it| it.version)) {
        return Err(PutError::PreconditionFailed.into());
    }
    let (write, put) = match read {
        None => {
            let product = create(app, id, offer);
            let change = app.change(by, None, product.created_at);
            (Write::InsertProduct(product.clone(), change), Put::Created(product))
        }
        Some(read) => {
            let product = Product {
                name: offer.name.clone(),
                price: offer.price,
                active: offer.active.unwrap_or(read.active),
                ..read.revise(app.clock.now())
            };
            let (write, shown) = replace(app, by, product, read.version, offer.restock);
            (write, Put::Replaced(shown))
        }
    };
    Ok(Decided::answered(UnitOfWork::new().with(write), id.to_string(), render(&put)))
}

async fn decide_patch<R>(
    app: &App,
    by: &Operator,
    id: &ProductId,
    patch: &Patch,
    conditions: &Conditions,
    render: &R,
) -> Result<Decided<StoredReply>, Tried<PatchError>>
where
    R: Fn(&Product) -> StoredReply + Send + Sync,
{
    let read = app.products.find(id).await.map_err(PatchError::from)?.ok_or(PatchError::NotFound)?;
    if !conditions.allow(Some(read.version)) {
        return Err(PatchError::PreconditionFailed.into());
    }
    if *patch == Patch::NOTHING {
        return Ok(Decided::answered(UnitOfWork::new(), id.to_string(), render(&read)));
    }
    let price = patch.price.as_ref().map(|it| Money::parse(it, read.price.currency().code())).transpose();
    let product = Product {
        name: patch.name.clone().unwrap_or_else(|| read.name.clone()),
        price: price.map_err(PatchError::Price)?.unwrap_or(read.price),
        active: patch.active.unwrap_or(read.active),
        ..read.revise(app.clock.now())
    };
    let (write, shown) = replace(app, by, product, read.version, patch.restock);
    Ok(Decided::answered(UnitOfWork::new().with(write), id.to_string(), render(&shown)))
}

fn create(app: &App, id: &ProductId, offer: &Offer) -> Product {
    let now = app.clock.now();
    Product {
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
    }
}

/// The write of a product's next version, and how it is shown.
fn replace(app: &App, by: &Operator, product: Product, read: Version, restock: Restock) -> (Write, Product) {
    let change = app.change(by, None, product.updated_at);
    let shown = Product { stock: restock.applied(product.stock), ..product.clone() };
    (Write::ReplaceProduct { product, read, restock, change }, shown)
}
