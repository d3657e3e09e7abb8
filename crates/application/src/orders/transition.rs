//! Moving an order by hand.

use domain::{
    Order, OrderNumber, Progress, Text,
    order::{NotAllowed, Status},
    payment::Case,
};
use ports::{Unavailable, UnitOfWork};

use crate::{
    App, Caller, IfMatch,
    findings::About,
    payments::of_case,
    retry::{Tried, until_settled},
};

/// A move that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// Which order.
    pub number: OrderNumber,
    /// Where to.
    pub to: Status,
    /// Why.
    pub reason: Option<Text>,
    /// Which versions it is meant for.
    pub if_match: IfMatch,
}

/// Why an order was not moved.
#[derive(Debug, thiserror::Error)]
pub enum TransitionError {
    /// There is no such order, or the caller may not see it.
    #[error("there is no such order")]
    NotFound,
    /// The order is not of a version that was meant.
    #[error("the order has another version")]
    PreconditionFailed,
    /// The caller may not make this move.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// The record is away.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Moves an order; being there already changes nothing. Cancelling gives up what was authorised for it.
///
/// # Errors
/// [`TransitionError`].
pub async fn transition(app: &App, caller: &Caller, ask: Transition) -> Result<Order, TransitionError> {
    until_settled!(app, transition_once(app, caller, &ask).await)
}

async fn transition_once(
    app: &App,
    caller: &Caller,
    ask: &Transition,
) -> Result<Order, Tried<TransitionError>> {
    let found = app.orders.find(&ask.number).await.map_err(TransitionError::from)?;
    let order = found.filter(|it| caller.may_see(it)).ok_or(TransitionError::NotFound)?;
    if !ask.if_match.allows(Some(order.version)) {
        return Err(TransitionError::PreconditionFailed.into());
    }
    let mut progress = Progress::of(order.clone());
    let by = caller.changed_by();
    if !progress.step(ask.to, by, ask.reason.clone(), app.clock.now()).map_err(TransitionError::from)? {
        return Ok(order);
    }
    let after = progress.order().clone();
    let work = with_payment(app, progress).await.map_err(TransitionError::from)?;
    app.store.commit(work).await.map_err(Tried::<TransitionError>::commit)?;
    Ok(after)
}

/// The progress, and what it means for the transaction that occupies the order.
pub(crate) async fn with_payment(app: &App, progress: Progress) -> Result<UnitOfWork, Unavailable> {
    let all = app.payments.list(progress.order().key).await?;
    let Some(transaction) = all.into_iter().find(domain::Transaction::occupies_order) else {
        return Ok(UnitOfWork::new().progress(progress));
    };
    let mut case = Case::after(progress, transaction, false);
    case.follow_order(app.clock.now());
    case.give_back(app.refund(), app.clock.now());
    Ok(of_case(app, case, &About::default()))
}

#[cfg(test)]
mod tests;
