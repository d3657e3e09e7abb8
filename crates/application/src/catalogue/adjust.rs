//! Adjusting the stock of a product, once.

use domain::{
    ProductId, Text, UserId,
    product::{Change, STOCK_MAX},
};
use ports::{Claim, CommitError, StoredReply, Unavailable, UnitOfWork, Write};

use crate::{
    Answered, App, KeyError, Operator, Request,
    idempotent::{Entered, enter, found, overtaken},
    retry::{Tried, until_settled},
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
    Unavailable(#[from] Unavailable),
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
    let _held = match enter(app, &request).await? {
        Entered::Fresh(held) => held,
        used @ (Entered::Answered(_) | Entered::Begun(..)) => return Ok(replayed(used)?),
    };
    let outcome: Result<_, AdjustError> =
        until_settled!(app, adjust_once(app, operator, &request, &ask, &render).await);
    match &outcome {
        Ok(_) | Err(AdjustError::Key(_) | AdjustError::Unavailable(_)) => {}
        Err(
            AdjustError::NotFound | AdjustError::NotTracked | AdjustError::OutOfStock | AdjustError::TooMuch,
        ) => {
            if let Some(used) = overtaken(app, &request).await? {
                return Ok(replayed(used)?);
            }
        }
    }
    outcome
}

/// The answer that was given before. The key of an adjustment is only ever claimed together with its answer.
fn replayed(used: Entered) -> Result<Answered, KeyError> {
    match used {
        Entered::Answered(reply) => Ok(Answered::Again(reply)),
        Entered::Begun(..) | Entered::Fresh(_) => Err(KeyError::InProgress),
    }
}

async fn adjust_once<R>(
    app: &App,
    operator: &Operator,
    request: &Request,
    ask: &Adjust,
    render: &R,
) -> Result<Answered, Tried<AdjustError>>
where
    R: Fn(&Adjusted) -> StoredReply + Send + Sync,
{
    check(app, ask).await?;
    let now = app.clock.now();
    let change = app.change(operator, Some(ask.reason.clone()), now);
    let adjusted = Adjusted { ask: ask.clone(), change, user: operator.caller().user.id.clone() };
    let reply = render(&adjusted);
    let claim = Claim {
        key: request.key.clone(),
        fingerprint: request.fingerprint.clone(),
        resource: adjusted.change.id.to_string(),
        reply: Some(reply.clone()),
        created_at: now,
        expires_at: Some(now.plus(app.policy.reply_ttl)),
    };
    let write = Write::AdjustStock { product: ask.product.clone(), by: ask.by, change: adjusted.change };
    match app.store.commit(UnitOfWork::new().with(Write::Claim(claim)).with(write)).await {
        Ok(()) => Ok(Answered::First(reply)),
        Err(CommitError::Claimed(claim)) => {
            let used = found(app, request, *claim, None, false).and_then(replayed);
            used.map_err(|refused| AdjustError::Key(refused).into())
        }
        Err(other) => Err(Tried::commit(other)),
    }
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
