//! Adjusting the stock of a product, once.

use domain::{
    ProductId, Text, UserId,
    product::{ProductChange, STOCK_MAX},
};
use ports::{PortError, StoredReply, UnitOfWork, Write};

use crate::{
    App, IdempotentReply, IdempotentRequest, KeyError, Operator,
    idempotent::{Decision, UseCaseError, run_once},
    retry::Attempt,
};

/// An adjustment to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockAdjustment {
    /// Of which product.
    pub product: ProductId,
    /// How many come in, or go out if that is below zero; not 0, at most [`STOCK_MAX`] either way.
    pub by: i64,
    /// Why.
    pub reason: Text,
}

/// An adjustment that is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedAdjustment {
    /// What was asked for.
    pub adjustment: StockAdjustment,
    /// The change, as it is recorded.
    pub change: ProductChange,
    /// The public id of the operator who made it.
    pub user: UserId,
}

/// Why the stock was not adjusted.
#[derive(Debug, thiserror::Error)]
pub enum AdjustError {
    /// Something about the idempotency key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is no such product.
    #[error("there is no such product")]
    NotFound,
    /// Its stock is not tracked.
    #[error("the stock is not tracked")]
    NotTracked,
    /// There is not as much as is to go out.
    #[error("out of stock")]
    OutOfStock,
    /// There would be more than [`STOCK_MAX`].
    #[error("too much stock")]
    TooMuch,
    /// The record is away.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl UseCaseError for AdjustError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// Adds to the stock of a product, or takes from it, whatever is sold meanwhile: the stock, who did it, and the answer as
/// `render` writes it, in one commit.
///
/// # Errors
/// [`AdjustError`]; nothing was recorded, so a corrected request with the same key goes through.
pub async fn adjust_stock<R>(
    app: &App,
    operator: &Operator,
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
    operator: &Operator,
    ask: &StockAdjustment,
    render: &R,
) -> Result<Decision<StoredReply>, Attempt<AdjustError>>
where
    R: Fn(&AppliedAdjustment) -> StoredReply + Send + Sync,
{
    check_stock(app, ask).await?;
    let change = app.new_change(operator, Some(ask.reason.clone()), app.clock.now());
    let adjusted =
        AppliedAdjustment { adjustment: ask.clone(), change, user: operator.caller().user.id.clone() };
    let (id, reply) = (adjusted.change.id.to_string(), render(&adjusted));
    let write = Write::AdjustStock { product: ask.product.clone(), by: ask.by, change: adjusted.change };
    Ok(Decision::with_reply(UnitOfWork::new().with_write(write), id, reply))
}

/// Says why an adjustment is refused. What is sold between this and the commit makes it stale, and it is checked again.
async fn check_stock(app: &App, ask: &StockAdjustment) -> Result<(), AdjustError> {
    let product = app.products.find_product(&ask.product).await?.ok_or(AdjustError::NotFound)?;
    let stock = product.stock.ok_or(AdjustError::NotTracked)?.saturating_add(ask.by);
    match stock {
        ..0 => Err(AdjustError::OutOfStock),
        0..=STOCK_MAX => Ok(()),
        _ => Err(AdjustError::TooMuch),
    }
}

#[cfg(test)]
mod tests;
