//! Changing the status of an order by request of its owner or an operator.

use domain::{
    Order, OrderChange, OrderNumber, ProductId, Text, Transaction,
    order::{OrderDetails, OrderStatus, Tracking, TransitionNotAllowed},
    payment::TransactionChange,
};
use ports::{CommitError, PortError, StoredReply, UnitOfWork};

use super::read::can_see_order;
use crate::{
    App, Caller, IdempotentReply, IdempotentRequest, IfMatch, KeyError,
    case_work::work_from_case,
    findings::FindingFrequency,
    idempotent::{Decision, UseCaseError, box_decision, run_once},
    limits::{EditCount, Throttled},
    retry::Attempt,
};

/// A requested change of status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransitionRequest {
    /// The public number of the order.
    pub number: OrderNumber,
    /// The status that the order shall have.
    pub to: OrderStatus,
    /// The reason, as the history shows it.
    pub reason: Option<Text>,
    /// The parcel, if the goods are sent with this change; `None` leaves it as it is.
    pub tracking: Option<Tracking>,
    /// The versions of the order that the request is meant for.
    pub if_match: IfMatch,
}

/// Why the status of an order was not changed.
#[derive(Debug, thiserror::Error)]
pub enum TransitionError {
    /// The key was used for another request, or a request with it is still running.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is no such order, or the caller may not see it.
    #[error("there is no such order")]
    NotFound,
    /// The order's version is none of those in `if_match`.
    #[error("the order has another version")]
    PreconditionFailed,
    /// The change refuses a requested refund, and the request names no version: the client must read the
    /// order first and send `If-Match`.
    #[error("the request must name the version that was seen")]
    PreconditionRequired,
    /// The goods went back into stock with a refund that failed, and there is not enough of these products any more.
    #[error("out of stock")]
    OutOfStock(Vec<ProductId>),
    /// The rules do not allow this change for the caller's role, or a refund of everything is at the gateway.
    #[error(transparent)]
    NotAllowed(#[from] TransitionNotAllowed),
    /// The user has sent too many changes of orders within a minute. Only one that changes nothing is counted here, if it
    /// has a key: an order moves a bounded number of times.
    #[error("too many changes")]
    Throttled(Throttled),
    /// The system of record is unavailable, or the order or one of its payments cannot be read.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl UseCaseError for TransitionError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// Changes the status of an order, and replies with the order after the change as `render` writes it. If the
/// order already has the status, nothing changes. Cancelling voids the authorisation of its payment. A change
/// out of `REFUND_PENDING` must name the version that was seen, because it refuses a refund: a request that
/// was meant for the order before the refund was requested must not refuse it. While a refund of everything is at the
/// gateway, no change out of `REFUND_PENDING` is allowed.
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
    let (count, has_key) = (EditCount::default(), request.is_some());
    let answered = run_once(
        app,
        request.as_ref(),
        || box_decision(decide_transition(app, caller, (&ask, has_key), &count, &render)),
        map_commit_error,
    )
    .await?;
    match answered {
        // The stored reply shows the whole order, and the caller's role may have changed since it was given.
        // So the permission is checked again for a replay; a new reply has been checked by the decision.
        IdempotentReply::Replay(_) if !can_see_order(app, caller, &ask.number).await? => {
            Err(TransitionError::NotFound)
        }
        IdempotentReply::New(_) | IdempotentReply::Replay(_) => Ok(answered),
    }
}

fn map_commit_error(error: CommitError) -> Attempt<TransitionError> {
    if let CommitError::OutOfStock(short) = error {
        return TransitionError::OutOfStock(short).into();
    }
    Attempt::from_commit_error(error)
}

async fn decide_transition<R>(
    app: &App,
    caller: &Caller,
    (ask, has_key): (&TransitionRequest, bool),
    count: &EditCount,
    render: &R,
) -> Result<Decision<StoredReply>, Attempt<TransitionError>>
where
    R: Fn(&Order) -> StoredReply + Send + Sync,
{
    // Read from the system of record: this order is decided on.
    let found = app.orders.find_order(&ask.number).await.map_err(TransitionError::from)?;
    let order = found.filter(|it| caller.can_see(it)).ok_or(TransitionError::NotFound)?;
    if !ask.if_match.allows_version(Some(order.version)) {
        return Err(TransitionError::PreconditionFailed.into());
    }
    let (from, number) = (order.status, order.number.to_string());
    let mut progress = OrderChange::from_order(order);
    let by = caller.changed_by();
    let moved = progress.transition(ask.to, by, ask.reason.clone(), app.clock.now());
    // Being in the status already is a success and changes nothing, without `If-Match` too: a client that
    // lost the reply and has no key sends the same request again.
    if !moved.map_err(TransitionError::from)? {
        if has_key {
            count.count_request(app, caller).await.map_err(TransitionError::Throttled)?;
        }
        return Ok(Decision::with_reply(UnitOfWork::new(), number, render(progress.order())));
    }
    if ask.tracking.is_some() {
        let details = progress.order().details.clone();
        progress.edit_details(OrderDetails { tracking: ask.tracking.clone(), ..details }, app.clock.now());
    }
    let reply = render(progress.order());
    if from == OrderStatus::RefundPending && !matches!(ask.if_match, IfMatch::OneOf(_)) {
        return Err(TransitionError::PreconditionRequired.into());
    }
    let payments = list_payments(app, &progress).await.map_err(TransitionError::from)?;
    check_refund_not_pending(from, &payments).map_err(TransitionError::from)?;
    Ok(Decision::with_reply(add_payment_writes(app, progress, payments), number, reply))
}

/// Checks that no refund is under way that would return everything after the order has left `REFUND_PENDING`: the goods
/// would be shipped and the money returned. When it has failed, the order may go back again.
fn check_refund_not_pending(from: OrderStatus, payments: &[Transaction]) -> Result<(), TransitionNotAllowed> {
    let awaits_refund = |it: &Transaction| it.occupies_order() && it.awaits_full_return();
    if from == OrderStatus::RefundPending && payments.iter().any(awaits_refund) {
        return Err(TransitionNotAllowed { allowed: Vec::new() });
    }
    Ok(())
}

/// The change of the order, with the writes that follow for the transaction that occupies it.
///
/// # Errors
/// [`PortError`] if the payments cannot be read.
pub(crate) async fn with_payment_writes(app: &App, progress: OrderChange) -> Result<UnitOfWork, PortError> {
    let payments = list_payments(app, &progress).await?;
    Ok(add_payment_writes(app, progress, payments))
}

/// The payments of the order of a change.
async fn list_payments(app: &App, progress: &OrderChange) -> Result<Vec<Transaction>, PortError> {
    // Read after the order, never before. A payment that comes in between moves the order's revision, so the
    // commit is stale; in the other order the payment would be missed.
    app.payments.list_transactions(progress.order().key).await
}

fn add_payment_writes(app: &App, mut progress: OrderChange, all: Vec<Transaction>) -> UnitOfWork {
    if progress.ships_goods() {
        progress.retake_goods(&all);
    }
    let Some(transaction) = all.into_iter().find(Transaction::occupies_order) else {
        return UnitOfWork::new().with_order_change(progress);
    };
    let mut case = TransactionChange::from_order_change(progress, transaction, false);
    case.follow_order_status(app.clock.now());
    // Last, when all consequences for the payment are known. The refund gets its id before the commit, so
    // that every retry of the gateway call names the same refund.
    case.add_owed_refund(app.new_refund_ids(), app.clock.now());
    work_from_case(app, case, &[], FindingFrequency::Always)
}

#[cfg(test)]
mod tests;
