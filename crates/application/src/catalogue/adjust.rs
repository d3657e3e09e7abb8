//! Adjusting the stock of a product, once: `stock = stock + by`, however much is sold meanwhile.

use domain::{
    AuthorId, ProductId, Text, Version,
    product::{ProductChange, STOCK_MAX},
};
use ports::{PortError, StoredReply, UnitOfWork, Write};

use crate::{
    App, IdempotentReply, IdempotentRequest, IfMatch, KeyError, Staff,
    idempotent::{Decision, UseCaseError, run_once},
    retry::Attempt,
};

/// A requested adjustment of stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockAdjustment {
    /// The public id of the product.
    pub product: ProductId,
    /// The number of pieces that come in, or go out if it is negative; not 0, and at most [`STOCK_MAX`]
    /// either way.
    pub by: i64,
    /// The reason, as the history of changes shows it.
    pub reason: Text,
    /// The versions of the product that the client means.
    pub if_match: IfMatch,
}

/// An adjustment with its author and time, from which the reply is rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedAdjustment {
    /// The adjustment as it was requested.
    pub adjustment: StockAdjustment,
    /// The entry in the history of changes.
    pub change: ProductChange,
    /// The public id of the operator or the API key that made it.
    pub author: AuthorId,
}

/// Why the stock was not adjusted.
#[derive(Debug, thiserror::Error)]
pub enum AdjustError {
    /// The key was used for another request, or a request with it is still running.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No product has this id.
    #[error("there is no such product")]
    NotFound,
    /// The product's version is none of those in `if_match`.
    #[error("the precondition failed")]
    PreconditionFailed,
    /// The stock of this product is not tracked; set a stock first.
    #[error("the stock is not tracked")]
    NotTracked,
    /// The product has less stock than would go out.
    #[error("out of stock")]
    OutOfStock,
    /// The stock would exceed [`STOCK_MAX`].
    #[error("too much stock")]
    TooMuch,
    /// The system of record is unavailable, or the product cannot be read.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl UseCaseError for AdjustError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// Adds to the stock of a product, or takes from it, regardless of concurrent sales: the stock, its author,
/// and the reply as `render` writes it, in one commit.
///
/// # Errors
/// [`AdjustError`]; nothing is written, so a corrected request with the same key goes through.
pub async fn adjust_stock<R>(
    app: &App,
    operator: &Staff,
    request: IdempotentRequest,
    ask: StockAdjustment,
    render: R,
) -> Result<IdempotentReply, AdjustError>
where
    R: Fn(&AppliedAdjustment) -> StoredReply + Send + Sync,
{
    run_once(
        app,
        Some(&request),
        || Box::pin(decide_adjustment(app, operator, &ask, &render)),
        Attempt::from_commit_error,
    )
    .await
}

async fn decide_adjustment<R>(
    app: &App,
    operator: &Staff,
    ask: &StockAdjustment,
    render: &R,
) -> Result<Decision<StoredReply>, Attempt<AdjustError>>
where
    R: Fn(&AppliedAdjustment) -> StoredReply + Send + Sync,
{
    // Unless the client requires a version, the statement has no guard on it: adjustments add up in any order, and a
    // guard would only make concurrent ones stale. Its own condition holds the stock within its limits.
    let version = check_product(app, ask).await?;
    let required = matches!(ask.if_match, IfMatch::OneOf(_)).then_some(version);
    let change = app.new_change(operator, Some(ask.reason.clone()), app.clock.now());
    let adjusted =
        AppliedAdjustment { adjustment: ask.clone(), change, author: operator.caller().author_id() };
    let (id, reply) = (adjusted.change.id.to_string(), render(&adjusted));
    let write =
        Write::AdjustStock { product: ask.product.clone(), by: ask.by, required, change: adjusted.change };
    Ok(Decision::with_reply(UnitOfWork::new().with_write(write), id, reply))
}

/// Returns the version of the product, or the reason when an adjustment must be refused. A sale or a change between
/// this read and the commit can make the commit stale, and then the product is checked again.
async fn check_product(app: &App, ask: &StockAdjustment) -> Result<Version, AdjustError> {
    let product = app.products.find_product(&ask.product).await?.ok_or(AdjustError::NotFound)?;
    if !ask.if_match.allows_version(Some(product.version)) {
        return Err(AdjustError::PreconditionFailed);
    }
    let stock = product.stock.ok_or(AdjustError::NotTracked)?.saturating_add(ask.by);
    match stock {
        ..0 => Err(AdjustError::OutOfStock),
        0..=STOCK_MAX => Ok(product.version),
        _ => Err(AdjustError::TooMuch),
    }
}

#[cfg(test)]
mod tests;
