//! Putting and patching a product.

use std::time::Duration;

use domain::{Invalid, Money, Product, ProductId, ProductKey, Text, Version, product::StockUpdate};
use ports::{LockGuard, PortError, StoredReply, UnitOfWork, Write};

use crate::{
    App, Conditions, IdempotentReply, IdempotentRequest, KeyError, Operator,
    idempotent::{Decision, UseCaseError, run_once},
    retry::Attempt,
};

/// How long operators of one product wait for each other at most.
const LOCK_WAIT: Duration = Duration::from_secs(2);
/// How long one of them is waited for when its process has died.
const LEASE: Duration = Duration::from_secs(5);

/// What an operator says about a product, all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductInput {
    /// What it is called.
    pub name: Text,
    /// The price of one piece.
    pub price: Money,
    /// What becomes of the stock; a new product that keeps it has none that is tracked.
    pub restock: StockUpdate,
    /// Whether it can be ordered; `None` leaves it so, and a new one can be.
    pub active: Option<bool>,
}

/// What an operator says about a product, what is to be changed of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductPatch {
    /// What it is called.
    pub name: Option<Text>,
    /// The price of one piece, a plain decimal number, in the product's currency.
    pub price: Option<String>,
    /// What becomes of the stock.
    pub restock: StockUpdate,
    /// Whether it can be ordered.
    pub active: Option<bool>,
}

impl ProductPatch {
    /// One that changes nothing.
    pub const EMPTY: Self = Self { name: None, price: None, restock: StockUpdate::Keep, active: None };
}

/// A product that was put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutOutcome {
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

impl UseCaseError for PutError {
    fn is_refusal(&self) -> bool {
        matches!(self, Self::PreconditionFailed)
    }
}

impl UseCaseError for PatchError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// Makes a product or replaces it; its stock only if the offer says so.
///
/// # Errors
/// [`PutError`].
pub async fn put_product<R>(
    app: &App,
    by: &Operator,
    request: Option<IdempotentRequest>,
    id: ProductId,
    offer: ProductInput,
    conditions: Conditions,
    render: R,
) -> Result<IdempotentReply, PutError>
where
    R: Fn(&PutOutcome) -> StoredReply + Send + Sync,
{
    let _turn = lock_product(app, &id).await;
    let decide = || decide_put(app, by, &id, &offer, &conditions, &render);
    run_once(app, request.as_ref(), || Box::pin(decide()), Attempt::from_commit_error).await
}

/// Changes some of a product. To change nothing makes no version. A stock that is kept is shown as it was read.
///
/// # Errors
/// [`PatchError`].
pub async fn patch_product<R>(
    app: &App,
    by: &Operator,
    request: Option<IdempotentRequest>,
    id: ProductId,
    patch: ProductPatch,
    conditions: Conditions,
    render: R,
) -> Result<IdempotentReply, PatchError>
where
    R: Fn(&Product) -> StoredReply + Send + Sync,
{
    let _turn = lock_product(app, &id).await;
    let decide = || decide_patch(app, by, &id, &patch, &conditions, &render);
    run_once(app, request.as_ref(), || Box::pin(decide()), Attempt::from_commit_error).await
}

/// Operators who change one product at the same time wait for each other. That saves rounds and decides nothing: without
/// it the version does.
async fn lock_product(app: &App, id: &ProductId) -> Option<LockGuard> {
    app.locks.acquire_lock(&format!("product:{id}"), LEASE, LOCK_WAIT).await.ok().flatten()
}

async fn decide_put<R>(
    app: &App,
    by: &Operator,
    id: &ProductId,
    offer: &ProductInput,
    conditions: &Conditions,
    render: &R,
) -> Result<Decision<StoredReply>, Attempt<PutError>>
where
    R: Fn(&PutOutcome) -> StoredReply + Send + Sync,
{
    let read = app.products.find_product(id).await.map_err(PutError::from)?;
    if !conditions.allows_version(read.as_ref().map(|it| it.version)) {
        return Err(PutError::PreconditionFailed.into());
    }
    let (write, put) = match read {
        None => {
            let product = build_product(app, id, offer);
            let change = app.new_change(by, None, product.created_at);
            (Write::InsertProduct(product.clone(), change), PutOutcome::Created(product))
        }
        Some(read) => {
            let product = Product {
                name: offer.name.clone(),
                price: offer.price,
                active: offer.active.unwrap_or(read.active),
                ..read.next_version(app.clock.now())
            };
            let (write, shown) = replacement_write(app, by, product, read.version, offer.restock);
            (write, PutOutcome::Replaced(shown))
        }
    };
    Ok(Decision::with_reply(UnitOfWork::new().with_write(write), id.to_string(), render(&put)))
}

async fn decide_patch<R>(
    app: &App,
    by: &Operator,
    id: &ProductId,
    patch: &ProductPatch,
    conditions: &Conditions,
    render: &R,
) -> Result<Decision<StoredReply>, Attempt<PatchError>>
where
    R: Fn(&Product) -> StoredReply + Send + Sync,
{
    let read = app.products.find_product(id).await.map_err(PatchError::from)?.ok_or(PatchError::NotFound)?;
    if !conditions.allows_version(Some(read.version)) {
        return Err(PatchError::PreconditionFailed.into());
    }
    if *patch == ProductPatch::EMPTY {
        return Ok(Decision::with_reply(UnitOfWork::new(), id.to_string(), render(&read)));
    }
    let price = patch.price.as_ref().map(|it| Money::parse(it, read.price.currency().code())).transpose();
    let product = Product {
        name: patch.name.clone().unwrap_or_else(|| read.name.clone()),
        price: price.map_err(PatchError::Price)?.unwrap_or(read.price),
        active: patch.active.unwrap_or(read.active),
        ..read.next_version(app.clock.now())
    };
    let (write, shown) = replacement_write(app, by, product, read.version, patch.restock);
    Ok(Decision::with_reply(UnitOfWork::new().with_write(write), id.to_string(), render(&shown)))
}

fn build_product(app: &App, id: &ProductId, offer: &ProductInput) -> Product {
    let now = app.clock.now();
    Product {
        key: ProductKey::new(app.ids.next_key()),
        id: id.clone(),
        name: offer.name.clone(),
        price: offer.price,
        stock: offer.restock.apply_to(None),
        active: offer.active.unwrap_or(true),
        version: Version::FIRST,
        stock_moves: 0,
        created_at: now,
        updated_at: now,
    }
}

/// The write of a product's next version, and how it is shown.
fn replacement_write(
    app: &App,
    by: &Operator,
    product: Product,
    read: Version,
    restock: StockUpdate,
) -> (Write, Product) {
    let change = app.new_change(by, None, product.updated_at);
    let shown = Product { stock: restock.apply_to(product.stock), ..product.clone() };
    (Write::ReplaceProduct { product, read, stock_update: restock, change }, shown)
}
