//! Moving an order by hand.

use domain::{
    Order, OrderChange, OrderNumber, Text,
    order::{OrderStatus, TransitionNotAllowed},
    payment::TransactionChange,
};
use ports::{PortError, StoredReply, UnitOfWork};

use super::read::can_see_order;
use crate::{
    App, Caller, IdempotentReply, IdempotentRequest, IfMatch, KeyError,
    idempotent::{Decision, UseCaseError, box_decision, run_once},
    payments::work_from_case,
    retry::Attempt,
};

/// A move that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransitionRequest {
    /// Which order.
    pub number: OrderNumber,
    /// Where to.
    pub to: OrderStatus,
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
    NotAllowed(#[from] TransitionNotAllowed),
    /// The record is away.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl UseCaseError for TransitionError {
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
pub async fn transition_order<R>(
    app: &App,
    caller: &Caller,
    request: Option<IdempotentRequest>,
    ask: TransitionRequest,
    render: R,
) -> Result<IdempotentReply, TransitionError>
where
    R: Fn(&Order) -> StoredReply + Send + Sync,
{
    let answered = run_once(
        app,
        request.as_ref(),
        || box_decision(decide_transition(app, caller, &ask, &render)),
        Attempt::<TransitionError>::from_commit_error,
    )
    .await?;
    match answered {
        // The caller may have been an operator then.
        IdempotentReply::Replay(_) if !can_see_order(app, caller, &ask.number).await? => {
            Err(TransitionError::NotFound)
        }
        IdempotentReply::New(_) | IdempotentReply::Replay(_) => Ok(answered),
    }
}

async fn decide_transition<R>(
    app: &App,
    caller: &Caller,
    ask: &TransitionRequest,
    render: &R,
) -> Result<Decision<StoredReply>, Attempt<TransitionError>>
where
    R: Fn(&Order) -> StoredReply + Send + Sync,
{
    let found = app.orders.find_order(&ask.number).await.map_err(TransitionError::from)?;
    let order = found.filter(|it| caller.can_see(it)).ok_or(TransitionError::NotFound)?;
    if !ask.if_match.allows_version(Some(order.version)) {
        return Err(TransitionError::PreconditionFailed.into());
    }
    let (from, number) = (order.status, order.number.to_string());
    let mut progress = OrderChange::from_order(order);
    let by = caller.changed_by();
    let moved = progress.transition(ask.to, by, ask.reason.clone(), app.clock.now());
    let reply = render(progress.order());
    if !moved.map_err(TransitionError::from)? {
        return Ok(Decision::with_reply(UnitOfWork::new(), number, reply));
    }
    if from == OrderStatus::RefundPending && !matches!(ask.if_match, IfMatch::OneOf(_)) {
        return Err(TransitionError::PreconditionRequired.into());
    }
    let work = with_payment_writes(app, progress).await.map_err(TransitionError::from)?;
    Ok(Decision::with_reply(work, number, reply))
}

/// The progress, and what it means for the transaction that occupies the order.
pub(crate) async fn with_payment_writes(app: &App, progress: OrderChange) -> Result<UnitOfWork, PortError> {
    let all = app.payments.list_transactions(progress.order().key).await?;
    let Some(transaction) = all.into_iter().find(domain::Transaction::occupies_order) else {
        return Ok(UnitOfWork::new().with_order_change(progress));
    };
    let mut case = TransactionChange::from_order_change(progress, transaction, false);
    case.follow_order_status(app.clock.now());
    case.add_owed_refund(app.new_refund_ids(), app.clock.now());
    Ok(work_from_case(app, case, &[]))
}

#[cfg(test)]
mod tests;
