//! Captures, voids and refunds: what an operator asks of a payment, once.

use domain::{
    Money, RefundId, Text, Transaction, TransactionId,
    payment::{NotCapturable, NotRefundable, NotVoidable},
};
use ports::{PortError, StoredReply, UnitOfWork};

use super::{
    ShownTransaction,
    ask::{Heard, ask_again, operate_first},
    read::requests,
    weigh,
};
use crate::{
    Answered, App, KeyError, Operator, Request,
    gateways::{Admission, GatewayUnavailable},
    idempotent::{self, Claimed, Decided, OnceError, box_round, claim},
    retry::{Tried, until_settled},
};

/// What an operator asks of a payment. Amounts are plain decimal numbers in the payment's currency; none is everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Take the money that is authorised.
    Capture(Option<String>),
    /// Give the authorisation up.
    Void,
    /// Give money back.
    Refund(Option<String>, Option<Text>),
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// Something about the idempotency key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is no such transaction.
    #[error("there is no such transaction")]
    NotFound,
    /// The amount is none in the payment's currency.
    #[error(transparent)]
    Amount(#[from] domain::Invalid),
    /// It cannot be captured so.
    #[error(transparent)]
    NotCapturable(#[from] NotCapturable),
    /// It cannot be voided.
    #[error(transparent)]
    NotVoidable(#[from] NotVoidable),
    /// It cannot be refunded so.
    #[error(transparent)]
    NotRefundable(#[from] NotRefundable),
    /// The gateway is not asked now. Nothing was claimed.
    #[error(transparent)]
    GatewayUnavailable(#[from] GatewayUnavailable),
    /// The record is away.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl OnceError for OperationError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::GatewayUnavailable(_) | Self::Failed(_))
    }
}

/// Claims the operation, asks the gateway, and keeps what it says together with the answer to the client. `render`
/// writes that answer from the transaction and, for a refund, its id.
///
/// # Errors
/// [`OperationError`].
pub async fn operate<R>(
    app: &App,
    by: &Operator,
    request: Request,
    id: &TransactionId,
    operation: Operation,
    render: R,
) -> Result<Answered, OperationError>
where
    R: Fn(&ShownTransaction, Option<&RefundId>) -> StoredReply + Send + Sync,
{
    // The key is held until the answer is kept.
    let (claimed, _held) = claim(
        app,
        Some(&request),
        || box_round(decide(app, by, id, &operation)),
        Tried::<OperationError>::commit,
    )
    .await?;
    let (resource, admission) = match claimed {
        Claimed::Answered(reply) => return Ok(Answered::Again(reply)),
        Claimed::Now((resource, admission)) => (resource, Some(admission)),
        Claimed::Begun(claim) => (claim.resource, None),
    };
    let known = app.payments.find(id).await?.ok_or(OperationError::NotFound)?;
    let refund = matches!(operation, Operation::Refund(..)).then(|| RefundId::new(resource));
    // Nothing that may fail stands between the gateway's answer and its commit. The answer to a refund is the refund,
    // which says itself who asked for it.
    let requests = match refund {
        Some(_) => None,
        None => requests(app, by.caller(), known.order).await?,
    };
    let heard = match admission {
        // The room is given back before the commit.
        Some(Some(admission)) => operate_first(&admission, &known, refund.as_ref()).await,
        Some(None) => Heard::default(),
        None => retry_begun(app, &known).await?,
    };
    let render =
        |it: &Transaction| render(&ShownTransaction::of(it.clone(), requests.as_deref()), refund.as_ref());
    answer(app, &request, id, heard, &render).await.map_err(OperationError::from)
}

/// Asks about a payment whose request was claimed and not answered. A gateway that is not available now is asked later: what
/// was claimed is no longer refused.
pub(super) async fn retry_begun(app: &App, known: &Transaction) -> Result<Heard, PortError> {
    let Some(gateway) = app.gateway(&known.gateway) else { return Ok(Heard::default()) };
    let Ok(admission) = gateway.enter().await else { return Ok(Heard::default()) };
    ask_again(app, &admission, known).await
}

/// What was claimed, and room to ask the gateway for it; none when the gateway is not there any more.
type Claiming<'a> = (String, Option<Admission<'a>>);

async fn decide<'a>(
    app: &'a App,
    by: &Operator,
    id: &TransactionId,
    operation: &Operation,
) -> Result<Decided<Claiming<'a>>, Tried<OperationError>> {
    let weighed = weigh(app, id, &Heard::default()).await.map_err(OperationError::from)?;
    let mut weighed = weighed.ok_or(OperationError::NotFound)?;
    let case = &mut weighed.case;
    let (now, by) = (app.clock.now(), by.caller().changed_by());
    let currency = case.transaction.amount.currency();
    let money =
        |amount: &Option<String>| amount.as_ref().map(|it| Money::in_currency(it, currency)).transpose();
    let resource = match operation {
        Operation::Capture(amount) => {
            let amount = money(amount).map_err(OperationError::from)?;
            case.ask_capture(amount, by, now).map_err(OperationError::from)?;
            id.to_string()
        }
        Operation::Void => {
            case.ask_void(by, now).map_err(OperationError::from)?;
            id.to_string()
        }
        Operation::Refund(amount, reason) => {
            let amount = money(amount).map_err(OperationError::from)?;
            let refund = case.ask_refund(amount, reason.clone(), by, app.refund(), now);
            refund.map_err(OperationError::from)?.id.to_string()
        }
    };
    // Last, so that what cannot be done is refused as such; and before the claim, so that nothing is left half done.
    let admission = match app.gateway(&weighed.case.transaction.gateway) {
        Some(gateway) => Some(gateway.enter().await.map_err(OperationError::from)?),
        None => None,
    };
    Ok(Decided::begun(weighed.work(app), resource.clone(), (resource, admission)))
}

/// Makes true what the gateway said and keeps the answer to the client, in one commit.
pub(super) async fn answer(
    app: &App,
    request: &Request,
    id: &TransactionId,
    heard: Heard,
    render: &(dyn Fn(&Transaction) -> StoredReply + Send + Sync),
) -> Result<Answered, KeyError> {
    until_settled!(app, answer_once(app, request, id, &heard, render).await)
}

async fn answer_once(
    app: &App,
    request: &Request,
    id: &TransactionId,
    heard: &Heard,
    render: &(dyn Fn(&Transaction) -> StoredReply + Send + Sync),
) -> Result<Answered, Tried<KeyError>> {
    let weighed = weigh(app, id, heard).await.map_err(KeyError::from)?;
    let weighed = weighed.ok_or_else(|| KeyError::from(PortError::bug("a claim without a payment")))?;
    let reply = render(&weighed.case.transaction);
    let work = if weighed.is_idle() { UnitOfWork::new() } else { weighed.work(app) };
    idempotent::answer(app, request, work, reply).await
}

#[cfg(test)]
mod tests;
