//! Captures, voids and refunds that operators request, each done once.

use domain::{
    Money, RefundId, Text, Transaction, TransactionId,
    payment::{NotCapturable, NotRefundable, NotVoidable},
};
use ports::{PortError, StoredReply, UnitOfWork};

use super::{
    VisibleTransaction, assess,
    gateway_calls::{GatewayReport, look_up_open_requests, request_operation},
    read::list_visible_requests,
};
use crate::{
    App, IdempotentReply, IdempotentRequest, KeyError, Operator,
    gateways::{Admission, GatewayUnavailable},
    idempotent::{self, Decision, KeyState, UseCaseError, box_decision, claim_key},
    retry::{Attempt, retry_stale},
};

/// What an operator requests of a payment. Amounts are plain decimal numbers in the payment's currency;
/// `None` means everything that is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentOperation {
    /// Capture this amount of the authorised money; the rest is released.
    Capture(Option<String>),
    /// Void the authorisation.
    Void,
    /// Refund this amount of the captured money, for this reason.
    Refund(Option<String>, Option<Text>),
}

/// Why an operation was not done.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// The key was used for another request, or a request with it is still running.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is no such transaction.
    #[error("there is no such transaction")]
    NotFound,
    /// The text is not an amount in the payment's currency.
    #[error(transparent)]
    Amount(#[from] domain::Invalid),
    /// The payment cannot be captured now, or not by this amount.
    #[error(transparent)]
    NotCapturable(#[from] NotCapturable),
    /// The payment cannot be voided now.
    #[error(transparent)]
    NotVoidable(#[from] NotVoidable),
    /// The payment cannot be refunded now, or not by this amount.
    #[error(transparent)]
    NotRefundable(#[from] NotRefundable),
    /// The gateway's circuit breaker is open, or it has no free permit. Nothing was claimed.
    #[error(transparent)]
    GatewayUnavailable(#[from] GatewayUnavailable),
    /// The database could not be read or written, or a row is unreadable. The operation may have been claimed
    /// and sent; the same request with the same key finds out.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl UseCaseError for OperationError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::GatewayUnavailable(_) | Self::Failed(_))
    }
}

/// Claims the operation, sends it to the gateway, and commits the gateway's answer together with the reply to
/// the client. `render` writes the reply from the transaction and, for a refund, its id.
///
/// # Errors
/// [`OperationError`]. A gateway that does not answer is no error: the reply shows the operation as open.
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
    // The key stays locked until the reply is stored.
    let (claimed, _held) = claim_key(
        app,
        Some(&request),
        || box_decision(decide_operation(app, by, id, &operation)),
        Attempt::<OperationError>::from_commit_error,
    )
    .await?;
    let (resource, admission) = match claimed {
        KeyState::Replay(reply) => return Ok(IdempotentReply::Replay(reply)),
        KeyState::New((resource, admission)) => (resource, Some(admission)),
        KeyState::Unfinished(claim) => (claim.resource, None),
    };
    let known = app.payments.find_transaction(id).await?.ok_or(OperationError::NotFound)?;
    let refund = matches!(operation, PaymentOperation::Refund(..)).then(|| RefundId::new(resource));
    // Everything else that the reply needs is read before the gateway is called: if a read fails here,
    // nothing is sent, and a retry resumes the claim. After the call only `commit_answers` can fail: it reads
    // the transaction and its order again, and commits. Then the answer is lost here, and a retry or the
    // sweep looks the result up at the gateway. The reply to a refund needs no requests: the refund has its
    // author.
    let requests = match refund {
        Some(_) => None,
        None => list_visible_requests(app, by.caller(), known.order).await?,
    };
    let report = match admission {
        // The admission is dropped with this arm, so its permit is free before the commit.
        Some(Some(admission)) => request_operation(&admission, &known, refund.as_ref()).await,
        Some(None) => GatewayReport::default(),
        None => resume_request(app, &known).await?,
    };
    let render =
        |it: &Transaction| render(&VisibleTransaction::new(it.clone(), requests.as_deref()), refund.as_ref());
    commit_answers(app, &request, id, report, &render).await.map_err(OperationError::from)
}

/// Looks up a payment whose request was claimed and has no reply. If the gateway is not available now, the
/// report is empty and the sweep looks the payment up later: a request that was claimed is not refused any
/// more.
///
/// # Errors
/// As [`look_up_open_requests`].
pub(super) async fn resume_request(app: &App, known: &Transaction) -> Result<GatewayReport, PortError> {
    let Some(gateway) = app.find_gateway(&known.gateway) else { return Ok(GatewayReport::default()) };
    let Ok(admission) = gateway.admit().await else { return Ok(GatewayReport::default()) };
    look_up_open_requests(app, &admission, known).await
}

/// The resource of the claim, and the admission for the call; `None` if the gateway is not configured any
/// more.
type ClaimedOperation<'a> = (String, Option<Admission<'a>>);

async fn decide_operation<'a>(
    app: &'a App,
    by: &Operator,
    id: &TransactionId,
    operation: &PaymentOperation,
) -> Result<Decision<ClaimedOperation<'a>>, Attempt<OperationError>> {
    let assessment = assess(app, id, &GatewayReport::default()).await.map_err(OperationError::from)?;
    let mut assessment = assessment.ok_or(OperationError::NotFound)?;
    let case = &mut assessment.case;
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
    // After the rules: an operation that they refuse is refused for that reason, whatever the state of the
    // gateway. And before the claim: nothing is claimed that cannot be sent.
    let admission = match app.find_gateway(&assessment.case.transaction.gateway) {
        Some(gateway) => Some(gateway.admit().await.map_err(OperationError::from)?),
        None => None,
    };
    Ok(Decision::without_reply(assessment.into_work(app), resource.clone(), (resource, admission)))
}

/// Applies the gateway's report and stores the reply to the client, in one commit.
pub(super) async fn commit_answers(
    app: &App,
    request: &IdempotentRequest,
    id: &TransactionId,
    report: GatewayReport,
    render: &(dyn Fn(&Transaction) -> StoredReply + Send + Sync),
) -> Result<IdempotentReply, KeyError> {
    retry_stale!(app, commit_answers_once(app, request, id, &report, render).await)
}

async fn commit_answers_once(
    app: &App,
    request: &IdempotentRequest,
    id: &TransactionId,
    report: &GatewayReport,
    render: &(dyn Fn(&Transaction) -> StoredReply + Send + Sync),
) -> Result<IdempotentReply, Attempt<KeyError>> {
    let assessment = assess(app, id, report).await.map_err(KeyError::from)?;
    let assessment = assessment.ok_or_else(|| KeyError::from(PortError::bug("a claim without a payment")))?;
    let reply = render(&assessment.case.transaction);
    let work = if assessment.is_idle() { UnitOfWork::new() } else { assessment.into_work(app) };
    idempotent::store_reply(app, request, work, reply).await
}

#[cfg(test)]
mod tests;
