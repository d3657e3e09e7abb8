//! Captures, voids and refunds: what an operator asks of a payment, once.

use domain::{
    Money, RefundId, Text, Transaction, TransactionId,
    payment::{NotCapturable, NotRefundable, NotVoidable, PaymentEvent},
};
use ports::{PortError, StoredReply, UnitOfWork};

use super::{VisibleTransaction, ask_gateway, assess, read::list_visible_requests};
use crate::{
    App, IdempotentReply, IdempotentRequest, KeyError, Operator,
    idempotent::{self, Decision, KeyState, UseCaseError, box_decision, claim_key},
    retry::{Attempt, retry_stale},
};

/// What an operator asks of a payment. Amounts are plain decimal numbers in the payment's currency; none is everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentOperation {
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
    /// The record is away.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl UseCaseError for OperationError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// Claims the operation, asks the gateway, and keeps what it says together with the answer to the client. `render`
/// writes that answer from the transaction and, for a refund, its id.
///
/// # Errors
/// [`OperationError`].
pub async fn execute_operation<R>(
    app: &App,
    by: &Operator,
    request: IdempotentRequest,
    id: &TransactionId,
    operation: PaymentOperation,
    render: R,
) -> Result<IdempotentReply, OperationError>
where
    R: Fn(&VisibleTransaction, Option<&RefundId>) -> StoredReply + Send + Sync,
{
    // The key is held until the answer is kept.
    let (claimed, _held) = claim_key(
        app,
        Some(&request),
        || box_decision(decide_operation(app, by, id, &operation)),
        Attempt::<OperationError>::from_commit_error,
    )
    .await?;
    let resource = match claimed {
        KeyState::Replay(reply) => return Ok(IdempotentReply::Replay(reply)),
        KeyState::New(resource) => resource,
        KeyState::Unfinished(claim) => claim.resource,
    };
    let known = app.payments.find_transaction(id).await?.ok_or(OperationError::NotFound)?;
    let refund = matches!(operation, PaymentOperation::Refund(..)).then(|| RefundId::new(resource));
    // Nothing that may fail stands between the gateway's answer and its commit. The answer to a refund is the refund,
    // which says itself who asked for it.
    let requests = match refund {
        Some(_) => None,
        None => list_visible_requests(app, by.caller(), known.order).await?,
    };
    let said = match app.find_gateway(&known.gateway) {
        Some(gateway) => ask_gateway(gateway.as_ref(), &known).await,
        None => Vec::new(),
    };
    let render =
        |it: &Transaction| render(&VisibleTransaction::new(it.clone(), requests.as_deref()), refund.as_ref());
    commit_answers(app, &request, id, said, &render).await.map_err(OperationError::from)
}

async fn decide_operation(
    app: &App,
    by: &Operator,
    id: &TransactionId,
    operation: &PaymentOperation,
) -> Result<Decision<String>, Attempt<OperationError>> {
    let weighed = assess(app, id, &[]).await.map_err(OperationError::from)?;
    let mut weighed = weighed.ok_or(OperationError::NotFound)?;
    let case = &mut weighed.case;
    let (now, by) = (app.clock.now(), by.caller().changed_by());
    let currency = case.transaction.amount.currency();
    let money = |amount: &Option<String>| {
        amount.as_ref().map(|it| Money::parse_in_currency(it, currency)).transpose()
    };
    let resource = match operation {
        PaymentOperation::Capture(amount) => {
            let amount = money(amount).map_err(OperationError::from)?;
            case.request_capture(amount, by, now).map_err(OperationError::from)?;
            id.to_string()
        }
        PaymentOperation::Void => {
            case.request_void(by, now).map_err(OperationError::from)?;
            id.to_string()
        }
        PaymentOperation::Refund(amount, reason) => {
            let amount = money(amount).map_err(OperationError::from)?;
            let refund = case.request_refund(amount, reason.clone(), by, app.new_refund_ids(), now);
            refund.map_err(OperationError::from)?.id.to_string()
        }
    };
    Ok(Decision::without_reply(weighed.into_work(app), resource.clone(), resource))
}

/// Makes true what the gateway said and keeps the answer to the client, in one commit.
pub(super) async fn commit_answers(
    app: &App,
    request: &IdempotentRequest,
    id: &TransactionId,
    said: Vec<PaymentEvent>,
    render: &(dyn Fn(&Transaction) -> StoredReply + Send + Sync),
) -> Result<IdempotentReply, KeyError> {
    retry_stale!(app, commit_answers_once(app, request, id, &said, render).await)
}

async fn commit_answers_once(
    app: &App,
    request: &IdempotentRequest,
    id: &TransactionId,
    said: &[PaymentEvent],
    render: &(dyn Fn(&Transaction) -> StoredReply + Send + Sync),
) -> Result<IdempotentReply, Attempt<KeyError>> {
    let weighed = assess(app, id, said).await.map_err(KeyError::from)?;
    let weighed = weighed.ok_or_else(|| KeyError::from(PortError::bug("a claim without a payment")))?;
    let reply = render(&weighed.case.transaction);
    let work = if weighed.is_idle() { UnitOfWork::new() } else { weighed.into_work(app) };
    idempotent::store_reply(app, request, work, reply).await
}

#[cfg(test)]
mod tests;
