//! Changing what a client stored with an order: its reference, metadata, contact, address and tracking.

use domain::{
    Invalid, Order, OrderChange, OrderNumber,
    order::{DetailsPatch, OrderStatus, Patch},
};
use ports::{PortError, StoredReply, UnitOfWork};

use super::read::can_see_order;
use crate::{
    App, Caller, IdempotentReply, IdempotentRequest, IfMatch, KeyError,
    idempotent::{Decision, UseCaseError, box_decision, run_once},
    limits::{EditCount, Throttled},
    retry::Attempt,
};

/// A requested change of an order's details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditRequest {
    /// The public number of the order.
    pub number: OrderNumber,
    /// The members to change.
    pub patch: DetailsPatch,
    /// The versions of the order that the request is meant for.
    pub if_match: IfMatch,
}

/// Why the details of an order were not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The key was used for another request, or a request with it is still running.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is no such order, or the caller may not see it.
    #[error("there is no such order")]
    NotFound,
    /// The order's version is none of those in `if_match`.
    #[error("the order has another version")]
    PreconditionFailed,
    /// The patch has a tracking, and the caller is no operator.
    #[error("only operators change the tracking")]
    TrackingForbidden,
    /// The order is not `PENDING` any more, so its owner may not change it.
    #[error("the owner may change a pending order only")]
    NotPending,
    /// The goods were not sent, so there is no parcel to track.
    #[error("the order was not shipped")]
    NotShipped,
    /// What the details would be breaks these rules. The texts are JSON pointers within the patch.
    #[error("the details would be invalid")]
    Invalid(Vec<(&'static str, Invalid)>),
    /// The user has changed orders too often within a minute.
    #[error("too many changes")]
    Throttled(Throttled),
    /// The system of record is unavailable, or the order cannot be read.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl UseCaseError for EditError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// Changes the details of an order, and replies with the order after the change as `render` writes it. Its owner
/// may do so while it is `PENDING`, an operator always. A patch that changes nothing is a success and makes no
/// version.
///
/// # Errors
/// [`EditError`].
pub async fn edit_order<R>(
    app: &App,
    caller: &Caller,
    request: Option<IdempotentRequest>,
    ask: EditRequest,
    render: R,
) -> Result<IdempotentReply, EditError>
where
    R: Fn(&Order) -> StoredReply + Send + Sync,
{
    let (count, has_key) = (EditCount::default(), request.is_some());
    let edited = run_once(
        app,
        request.as_ref(),
        || box_decision(decide_edit(app, caller, (&ask, has_key), &count, &render)),
        Attempt::<EditError>::from_commit_error,
    )
    .await?;
    match edited {
        // As for a transition: the caller's role may have changed since the reply was stored.
        IdempotentReply::Replay(_) if !can_see_order(app, caller, &ask.number).await? => {
            Err(EditError::NotFound)
        }
        IdempotentReply::New(_) | IdempotentReply::Replay(_) => Ok(edited),
    }
}

async fn decide_edit<R>(
    app: &App,
    caller: &Caller,
    (ask, has_key): (&EditRequest, bool),
    count: &EditCount,
    render: &R,
) -> Result<Decision<StoredReply>, Attempt<EditError>>
where
    R: Fn(&Order) -> StoredReply + Send + Sync,
{
    let found = app.orders.find_order(&ask.number).await.map_err(EditError::from)?;
    let order = found.filter(|it| caller.can_see(it)).ok_or(EditError::NotFound)?;
    if !caller.is_staff() && ask.patch.tracking != Patch::Keep {
        return Err(EditError::TrackingForbidden.into());
    }
    if !ask.if_match.allows_version(Some(order.version)) {
        return Err(EditError::PreconditionFailed.into());
    }
    let details = ask.patch.apply_to(&order.details).map_err(EditError::Invalid)?;
    let number = order.number.to_string();
    // Before the status is looked at: a client that lost the reply and has no key sends the same patch again,
    // and the order may have been paid meanwhile.
    if details == order.details {
        if has_key {
            count.count_request(app, caller).await.map_err(EditError::Throttled)?;
        }
        return Ok(Decision::with_reply(UnitOfWork::new(), number, render(&order)));
    }
    if !caller.is_staff() && order.status != OrderStatus::Pending {
        return Err(EditError::NotPending.into());
    }
    if details.tracking != order.details.tracking && !order.was_shipped() {
        return Err(EditError::NotShipped.into());
    }
    count.count_request(app, caller).await.map_err(EditError::Throttled)?;
    let mut progress = OrderChange::from_order(order);
    progress.edit_details(details, app.clock.now());
    let reply = render(progress.order());
    Ok(Decision::with_reply(UnitOfWork::new().with_order_change(progress), number, reply))
}

#[cfg(test)]
mod tests;
