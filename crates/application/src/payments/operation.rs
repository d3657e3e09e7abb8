//! Captures, voids and refunds that operators request, each done once.

use domain::{
    Invalid, Money, Refund, RefundId, Text, Transaction, TransactionId,
    money::Currency,
    order::Metadata,
    payment::{NotCapturable, NotRefundable, NotVoidable, RefundRequest, RefundScope, ReturnedPieces},
};
use ports::{ErrorChain, PaymentCase, PortError, StoredReply, UnitOfWork, Unsupported};

use super::{
    VisibleTransaction, assess,
    assess::assess_known,
    gateway_calls::{GatewayReport, look_up_open_requests, request_operation},
    read::list_own_requests,
    reconcile::commit_report,
};
use crate::{
    App, IdempotentReply, IdempotentRequest, KeyError, Staff,
    gateways::{Admission, GatewayUnavailable, NotAdmitted},
    idempotent::{self, Decision, KeyState, UseCaseError, box_decision, claim_key},
    keys_in_flight::{NOTICE_WAIT, Turn, order_lock_name},
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
    /// Refund captured money.
    Refund(NewRefund),
}

/// A refund that an operator requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRefund {
    /// How much is paid back.
    pub subject: RefundSubject,
    /// The reason, shown with the refund; `None` when there is none.
    pub reason: Option<Text>,
    /// Pairs of the operator's own, stored with the refund; empty if there are none.
    pub metadata: Metadata,
}

/// What a refund pays back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundSubject {
    /// This amount of the captured money.
    Amount(Option<String>),
    /// The price of these pieces of the order, at least one.
    Pieces(Vec<ReturnedPieces>),
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
    /// The gateway cannot represent this amount. Nothing was claimed.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// The gateway's circuit breaker is open, or it has no free permit. Nothing was claimed.
    #[error(transparent)]
    GatewayUnavailable(#[from] GatewayUnavailable),
    /// The database could not be read or written, or a row is unreadable. The operation may have been claimed
    /// and sent; the same request with the same key finds out.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl From<NotAdmitted> for OperationError {
    fn from(it: NotAdmitted) -> Self {
        match it {
            NotAdmitted::Unsupported(reason) => reason.into(),
            NotAdmitted::Unavailable(error) => error.into(),
        }
    }
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
    by: &Staff,
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
    let (resource, admission, committed) = match claimed {
        KeyState::Replay(reply) => return Ok(IdempotentReply::Replay(reply)),
        KeyState::New((resource, admission, committed)) => (resource, Some(admission), committed),
        KeyState::Unfinished(claim) => (claim.resource, None, None),
    };
    let refund = matches!(operation, PaymentOperation::Refund(_)).then(|| RefundId::new(resource));
    // A notice may have withdrawn the refund since the claim, and money that is sent twice is hard to get back. So a
    // refund is read again.
    let in_hand = committed.iter().filter(|_| refund.is_none()).flat_map(|it| &it.transactions);
    let in_hand = in_hand.into_iter().find(|it| it.id == *id);
    let known = match in_hand {
        Some(transaction) => transaction.clone(),
        None => app.payments.find_transaction(id).await?.ok_or(OperationError::NotFound)?,
    };
    // Everything else that the reply needs is read before the gateway is called: if a read fails here,
    // nothing is sent, and a retry resumes the claim. After the call only `commit_answers` can fail. Then
    // the answer is lost here, and a retry or the sweep looks the result up at the gateway. The reply to a
    // refund needs no requests: the refund has its author.
    let requests = match refund {
        Some(_) => None,
        None => list_own_requests(app, by.caller(), &known).await?,
    };
    let report = match admission {
        // The admission is dropped with this arm, so its permit is free before the commit.
        Some(Some(admission)) => {
            let requests = requests.as_deref().unwrap_or_default();
            request_operation(&admission, &known, refund.as_ref(), requests).await
        }
        Some(None) => GatewayReport::default(),
        None => resume_request(app, &known).await?,
    };
    let render =
        |it: &Transaction| render(&VisibleTransaction::new(it.clone(), requests.as_deref()), refund.as_ref());
    commit_answers(app, &request, &known, report, committed, &render).await.map_err(OperationError::from)
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

/// The resource of the claim; the admission for the call, `None` if the gateway is not configured any more; and the
/// case as it is after the commit, `None` if it has to be read.
type ClaimedOperation<'a> = (String, Option<Admission<'a>>, Option<PaymentCase>);

async fn decide_operation<'a>(
    app: &'a App,
    by: &Staff,
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
    let (resource, amount) = match operation {
        PaymentOperation::Capture(amount) => {
            let amount = money(amount).map_err(OperationError::from)?;
            let amount = case.request_capture(amount, by, now).map_err(OperationError::from)?;
            (id.to_string(), Some(amount))
        }
        PaymentOperation::Void => {
            case.request_void(by, now).map_err(OperationError::from)?;
            (id.to_string(), None)
        }
        PaymentOperation::Refund(new) => {
            let others = assessment.others.iter().flat_map(|it| &it.refunds);
            let request = refund_request(new, currency, others).map_err(OperationError::from)?;
            let refund = case.request_refund(request, by, app.new_refund_ids(), now);
            let refund = refund.map_err(OperationError::from)?;
            (refund.id.to_string(), Some(refund.amount))
        }
    };
    // After the rules: an operation that they refuse is refused for that reason, whatever the state of the
    // gateway. And before the claim: nothing is claimed that cannot be sent.
    let transaction = &assessment.case.transaction;
    let admission = match (app.find_gateway(&transaction.gateway), amount) {
        (Some(gateway), Some(amount)) => {
            let admission = gateway.admit_amount(amount, transaction.capture_method).await;
            Some(admission.map_err(OperationError::from)?)
        }
        (Some(gateway), None) => Some(gateway.admit().await.map_err(OperationError::from)?),
        (None, _) => None,
    };
    let claimed = (resource.clone(), admission, assessment.case_after_commit());
    Ok(Decision::without_reply(assessment.into_work(app), resource, claimed))
}

/// The request of a refund, with the refunds of the order's other payments, which may have returned pieces.
fn refund_request<'r>(
    new: &NewRefund,
    currency: Currency,
    others: impl Iterator<Item = &'r Refund>,
) -> Result<RefundRequest, Invalid> {
    let scope = match &new.subject {
        RefundSubject::Amount(None) => RefundScope::Rest,
        RefundSubject::Amount(Some(amount)) => {
            RefundScope::Amount(Money::parse_in_currency(amount, currency)?)
        }
        RefundSubject::Pieces(pieces) => {
            RefundScope::Pieces { pieces: pieces.clone(), other_refunds: others.cloned().collect() }
        }
    };
    Ok(RefundRequest { scope, reason: new.reason.clone(), metadata: new.metadata.clone() })
}

/// Applies the gateway's report and stores it with the reply to the client, in one commit. `committed` is the case as
/// this use case has committed it just now; it saves the first round its reads.
pub(super) async fn commit_answers(
    app: &App,
    request: &IdempotentRequest,
    of: &Transaction,
    report: GatewayReport,
    mut committed: Option<PaymentCase>,
    render: &(dyn Fn(&Transaction) -> StoredReply + Send + Sync),
) -> Result<IdempotentReply, KeyError> {
    // The gateway's notice of the same may have arrived already. It waits until this commit has ended, or this one until
    // the notice has: the second of two commits would be stale, and take the batch that it is in with it.
    let turn = app.notices_in_flight.wait_for_turn(&order_lock_name(&of.order_number), NOTICE_WAIT).await;
    if turn.as_ref().is_none_or(Turn::has_waited) {
        committed = None;
    }
    // Further rounds read: the case is stale then.
    let reply = retry_stale!(
        app,
        commit_answers_once(app, request, &of.id, &report, committed.take(), render).await
    )?;
    if matches!(reply, IdempotentReply::Replay(_)) {
        // Another instance has answered meanwhile, and this commit was refused as a whole. The gateway's report
        // must still be stored: the gateway may not repeat it.
        if let Err(error) = commit_report(app, &of.id, &report).await {
            let (transaction, error) = (&of.id, ErrorChain(&error));
            tracing::warn!(%transaction, %error, "gateway's answer was not stored, will look up the result later");
        }
    }
    Ok(reply)
}

async fn commit_answers_once(
    app: &App,
    request: &IdempotentRequest,
    id: &TransactionId,
    report: &GatewayReport,
    committed: Option<PaymentCase>,
    render: &(dyn Fn(&Transaction) -> StoredReply + Send + Sync),
) -> Result<IdempotentReply, Attempt<KeyError>> {
    // Without a change the commit has no guard that tells whether the case is still the present one, and the call
    // to the gateway may have taken long: then the reply shows a fresh read.
    let known = committed.and_then(|it| assess_known(app, it, id, report)).filter(|it| !it.is_idle());
    let assessment = match known {
        Some(assessment) => Some(assessment),
        None => assess(app, id, report).await.map_err(KeyError::from)?,
    };
    let assessment = assessment.ok_or_else(|| KeyError::from(PortError::bug("a claim without a payment")))?;
    let reply = render(&assessment.case.transaction);
    let attempts = report.attempts.to_write(app, assessment.case.transaction.key);
    let case = assessment.case_after_commit().filter(|_| !assessment.is_idle());
    let work = if assessment.is_idle() { UnitOfWork::new() } else { assessment.into_work(app) };
    let work = work.with_writes(attempts);
    let replied = idempotent::store_reply(app, request, work, reply).await?;
    if let (IdempotentReply::New(_), Some(case)) = (&replied, case) {
        app.recent_cases.put_case(id, case);
    }
    Ok(replied)
}

#[cfg(test)]
mod tests;
