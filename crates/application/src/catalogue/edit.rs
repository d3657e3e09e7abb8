//! Replacing (`PUT`) and changing (`PATCH`) a product.

use std::time::Duration;

use domain::{Invalid, Money, Product, ProductId, ProductKey, Text, Version, product::StockUpdate};
use ports::{LockGuard, PortError, StoredReply, UnitOfWork, Write};

use crate::{
    App, Conditions, IdempotentReply, IdempotentRequest, KeyError, Staff,
    idempotent::{Decision, UseCaseError, run_once},
    retry::Attempt,
};

/// How long a change waits for a concurrent change of the same product. Afterwards it goes on without the
/// lock. Longer than a lease, because those that give up go on at the same time and make each other stale: a lock that its
/// process has left must end first.
const LOCK_WAIT: Duration = Duration::from_secs(6);
/// How long a lock is held at most, in case its process has died.
const LEASE: Duration = Duration::from_secs(5);

/// The complete new content of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductInput {
    /// The name, as orders and lists show it.
    pub name: Text,
    /// The price of one piece; it also sets the currency of the product.
    pub price: Money,
    /// The change of the stock. A new product with [`StockUpdate::Keep`] has no tracked stock.
    pub stock_update: StockUpdate,
    /// Whether it can be ordered; `None` leaves this as it is, and makes a new product active.
    pub active: Option<bool>,
}

/// The content of a product that shall change; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductPatch {
    /// The new name, as orders and lists show it.
    pub name: Option<Text>,
    /// The new price of one piece, a plain decimal number in the product's present currency.
    pub price: Option<String>,
    /// The change of the stock; [`StockUpdate::Keep`] leaves it.
    pub stock_update: StockUpdate,
    /// Whether it can be ordered from now on.
    pub active: Option<bool>,
}

impl ProductPatch {
    /// The patch that changes nothing and makes no version.
    pub const EMPTY: Self = Self { name: None, price: None, stock_update: StockUpdate::Keep, active: None };
}

/// The product after a `PUT`, and whether it existed before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutOutcome {
    /// The product did not exist before (201).
    Created(Product),
    /// The product existed and has been replaced (200).
    Replaced(Product),
}

/// Why a product was not replaced.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// The key was used for another request, or a request with it is still running.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The version of the product does not meet the conditions of the request.
    #[error("the product has another version")]
    PreconditionFailed,
    /// The system of record is unavailable, or the product cannot be read.
    #[error(transparent)]
    Failed(#[from] PortError),
}

/// Why a product was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// The key was used for another request, or a request with it is still running.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No product has this id; only `PUT` makes one.
    #[error("there is no such product")]
    NotFound,
    /// The version of the product does not meet the conditions of the request.
    #[error("the product has another version")]
    PreconditionFailed,
    /// The price is not an amount in the product's currency.
    #[error(transparent)]
    Price(Invalid),
    /// The system of record is unavailable, or the product cannot be read.
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

/// Makes a product or replaces it. The stock is changed only if the input says so.
///
/// # Errors
/// [`PutError`].
pub async fn put_product<R>(
    app: &App,
    by: &Staff,
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

/// Changes some fields of a product. A patch that changes nothing makes no version. A stock that is not
/// changed is shown as it was read.
///
/// # Errors
/// [`PatchError`].
pub async fn patch_product<R>(
    app: &App,
    by: &Staff,
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

/// Makes concurrent changes of one product wait for each other. That saves rounds and decides nothing: the
/// version guards each commit.
async fn lock_product(app: &App, id: &ProductId) -> Option<LockGuard> {
    // An unavailable lock service or a timeout gives no lock, and the change goes on without it.
    app.locks.acquire_lock(&format!("product:{id}"), LEASE, LOCK_WAIT).await.ok().flatten()
}

async fn decide_put<R>(
    app: &App,
    by: &Staff,
    id: &ProductId,
    offer: &ProductInput,
    conditions: &Conditions,
    render: &R,
) -> Result<Decision<StoredReply>, Attempt<PutError>>
where
    R: Fn(&PutOutcome) -> StoredReply + Send + Sync,
{
    // The conditions are checked again in each round, against the version that the commit is guarded by: a
    // stale round must not overwrite a version that the client has not seen.
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
            let (write, shown) = replacement_write(app, by, product, read.version, offer.stock_update);
            (write, PutOutcome::Replaced(shown))
        }
    };
    Ok(Decision::with_reply(UnitOfWork::new().with_write(write), id.to_string(), render(&put)))
}

async fn decide_patch<R>(
    app: &App,
    by: &Staff,
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
    // The price is parsed in the currency that was read. If a concurrent `PUT` changes the currency, the
    // version makes this commit stale and the price is parsed again.
    let (write, shown) = replacement_write(app, by, product, read.version, patch.stock_update);
    Ok(Decision::with_reply(UnitOfWork::new().with_write(write), id.to_string(), render(&shown)))
}

fn build_product(app: &App, id: &ProductId, offer: &ProductInput) -> Product {
    let now = app.clock.now();
    Product {
        key: ProductKey::new(app.ids.next_key()),
        id: id.clone(),
        name: offer.name.clone(),
        price: offer.price,
        stock: offer.stock_update.apply_to(None),
        active: offer.active.unwrap_or(true),
        version: Version::FIRST,
        stock_moves: 0,
        created_at: now,
        updated_at: now,
    }
}

/// The write of a product's next version, and the product as the reply shows it.
fn replacement_write(
    app: &App,
    by: &Staff,
    product: Product,
    read: Version,
    stock_update: StockUpdate,
) -> (Write, Product) {
    let change = app.new_change(by, None, product.updated_at);
    // The write carries the stock as it was read and the change of it separately: the statement applies the
    // change to the stock at the commit, so pieces sold since the read are not restored.
    let shown = Product { stock: stock_update.apply_to(product.stock), ..product.clone() };
    (Write::ReplaceProduct { product, read, stock_update, change }, shown)
}
