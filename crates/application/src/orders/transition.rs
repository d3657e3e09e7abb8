//! Moving an order by hand.

use domain::{
    Order, OrderNumber, Progress, Text,
    order::{NotAllowed, Status},
    payment::Case,
};
use ports::{PortError, StoredReply, UnitOfWork};

use super::read::sees;
use crate::{
    Answered, App, Caller, IfMatch, KeyError, Request,
    case_work::work_from_case,
    idempotent::{Decided, OnceError, box_round, once},
    retry::Tried,
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
    /// Something about the idempotency key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is no such order, or the caller may not see it.
    #[error("there is no such order")]
    NotFound,
    /// The order is not of a version that was meant.
    #[error("the order has another version")]
    PreconditionFailed,
    /// The move refuses a refund, and the caller did not say which version of the order was seen.
    #[error("the version that was seen is not said")]
    PreconditionRequired,
    /// The caller may not make this move.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// The record is away.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl OnceError for TransitionError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// Moves an order, and answers with the order after it as `render` writes it; being there already changes nothing.
/// Cancelling gives up what was authorised for it. A move out of `REFUND_PENDING` must name the version that was seen,
/// because it refuses a refund: a request that was meant for the order before the refund was asked for must not.
///
/// # Errors
/// [`TransitionError`].
pub async fn transition<R>(
    app: &App,
    caller: &Caller,
    request: Option<Request>,
    ask: Transition,
    render: R,
) -> Result<Answered, TransitionError>
where
    R: Fn(&Order) -> StoredReply + Send + Sync,
{
    let answered = once(
        app,
        request.as_ref(),
        || box_round(decide(app, caller, &ask, &render)),
        Tried::<TransitionError>::commit,
    )
    .await?;
    match answered {
        // The caller may have been an operator then.
        Answered::Again(_) if !sees(app, caller, &ask.number).await? => Err(TransitionError::NotFound),
        Answered::First(_) | Answered::Again(_) => Ok(answered),
    }
}

async fn decide<R>(
    app: &App,
    caller: &Caller,
    ask: &Transition,
    render: &R,
) -> Result<Decided<StoredReply>, Tried<TransitionError>>
where
    R: Fn(&Order) -> StoredReply + Send + Sync,
{
    let found = app.orders.find(&ask.number).await.map_err(TransitionError::from)?;
    let order = found.filter(|it| caller.may_see(it)).ok_or(TransitionError::NotFound)?;
    if !ask.if_match.allows(Some(order.version)) {
        return Err(TransitionError::PreconditionFailed.into());
    }
    let (from, number) = (order.status, order.number.to_string());
    let mut progress = Progress::of(order);
    let by = caller.changed_by();
    let moved = progress.step(ask.to, by, ask.reason.clone(), app.clock.now());
    let reply = render(progress.order());
    if !moved.map_err(TransitionError::from)? {
        return Ok(Decided::answered(UnitOfWork::new(), number, reply));
    }
    if from == Status::RefundPending && !matches!(ask.if_match, IfMatch::OneOf(_)) {
        return Err(TransitionError::PreconditionRequired.into());
    }
    let work = with_payment(app, progress).await.map_err(TransitionError::from)?;
    Ok(Decided::answered(work, number, reply))
}

/// The progress, and what it means for the transaction that occupies the order.
pub(crate) async fn with_payment(app: &App, progress: Progress) -> Result<UnitOfWork, PortError> {
    let all = app.payments.list(progress.order().key).await?;
    let Some(transaction) = all.into_iter().find(domain::Transaction::occupies_order) else {
        return Ok(UnitOfWork::new().progress(progress));
    };
    let mut case = Case::after(progress, transaction, false);
    case.follow_order(app.clock.now());
    case.give_back(app.refund(), app.clock.now());
    Ok(work_from_case(app, case, &[]))
}

#[cfg(test)]
mod tests;
