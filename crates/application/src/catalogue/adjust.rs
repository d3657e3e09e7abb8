//! Adjusting the stock of a product, once.

use domain::{
    ProductId, Text, UserId,
    product::{Change, STOCK_MAX},
};
use ports::{PortError, StoredReply, UnitOfWork, Write};

use crate::{
    Answered, App, KeyError, Operator, Request,
    idempotent::{Decided, OnceError, once},
    retry::Tried,
};

/// An adjustment to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjust {
    /// Of which product.
    pub product: ProductId,
    /// How many come in, or go out if that is below zero; not 0, at most [`STOCK_MAX`] either way.
    pub by: i64,
    /// Why.
    pub reason: Text,
}

/// An adjustment that is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjusted {
    /// What was asked for.
    pub ask: Adjust,
    /// The change, as it is recorded.
    pub change: Change,
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

impl OnceError for AdjustError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// Adds to the stock of a product, or takes from it, whatever is sold meanwhile: the stock, who did it, and the answer as
/// `render` writes it, in one commit.
///
/// # Errors
/// [`AdjustError`]; nothing was recorded, so a corrected request with the same key goes through.
pub async fn adjust<R>(
    app: &App,
    operator: &Operator,
    request: Request,
    ask: Adjust,
    render: R,
) -> Result<Answered, AdjustError>
where
    R: Fn(&Adjusted) -> StoredReply + Send + Sync,
{
    once(app, Some(&request), || Box::pin(decide(app, operator, &ask, &render)), Tried::commit).await
}

async fn decide<R>(
    app: &App,
    operator: &Operator,
    ask: &Adjust,
    render: &R,
) -> Result<Decided<StoredReply>, Tried<AdjustError>>
where
    R: Fn(&Adjusted) -> StoredReply + Send + Sync,
{
    check(app, ask).await?;
    let change = app.change(operator, Some(ask.reason.clone()), app.clock.now());
    let adjusted = Adjusted { ask: ask.clone(), change, user: operator.caller().user.id.clone() };
    let (id, reply) = (adjusted.change.id.to_string(), render(&adjusted));
    let write = Write::AdjustStock { product: ask.product.clone(), by: ask.by, change: adjusted.change };
    Ok(Decided::answered(UnitOfWork::new().with(write), id, reply))
}

/// Says why an adjustment is refused. What is sold between this and the commit makes it stale, and it is checked again.
async fn check(app: &App, ask: &Adjust) -> Result<(), AdjustError> {
    let product = app.products.find(&ask.product).await?.ok_or(AdjustError::NotFound)?;
    let stock = product.stock.ok_or(AdjustError::NotTracked)?.saturating_add(ask.by);
    match stock {
        ..0 => Err(AdjustError::OutOfStock),
        0..=STOCK_MAX => Ok(()),
        _ => Err(AdjustError::TooMuch),
    }
}

#[cfg(test)]
mod tests;
