//! Starting the payment of an order, once.

use domain::{
    GatewayName, Order, OrderChange, OrderNumber, Transaction, TransactionId, TransactionKey, UserKey,
    order::{Metadata, OrderStatus},
    payment::{
        CaptureMethod, EventKind, OPERATION_GRACE, PaymentDetails, PaymentEvent, PaymentFacts,
        PaymentRequest, PaymentRequestKind, PaymentToken,
    },
};
use ports::{CaseKey, PaymentCase, PortError, StoredReply, UnitOfWork, Unsupported, Write};

use super::{
    VisibleTransaction,
    assess::read_case,
    gateway_calls::{GatewayReport, request_charge},
    operation::{commit_answers, resume_request},
    read::list_own_requests,
};
use crate::{
    App, Caller, IdempotentReply, IdempotentRequest, KeyError, Throttled,
    gateways::{Admission, GatewayUnavailable, NotAdmitted},
    idempotent::{Decision, KeyState, UseCaseError, box_decision, claim_key},
    limits::{check_declines_of_order, check_declines_of_user, count_decline},
    orders::can_see_order,
    retry::Attempt,
};

/// How an order is to be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPayment {
    /// The number of the order.
    pub number: OrderNumber,
    /// The name of the gateway that takes the payment.
    pub gateway: GatewayName,
    /// The gateway's token for the payment method.
    pub token: PaymentToken,
    /// When the authorised money is captured.
    pub capture_method: CaptureMethod,
    /// Pairs of the caller's own, stored with the payment; empty if there are none.
    pub metadata: Metadata,
}

/// Why no payment was started.
#[derive(Debug, thiserror::Error)]
pub enum StartPaymentError {
    /// The key was used for another request, or a request with it is still running.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is no such order, or the caller may not see it.
    #[error("there is no such order")]
    NotFound,
    /// No gateway with this name is configured.
    #[error("there is no such gateway")]
    UnknownGateway,
    /// The gateway cannot take this amount in this way. Nothing was claimed.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// The gateway does not accept the token.
    #[error("the gateway does not accept the token")]
    UnknownToken,
    /// The order is not `PENDING`, has expired, or is occupied by another payment.
    #[error("the order cannot be paid now")]
    NotPayable,
    /// Too many payments of the order, or of the user, were declined.
    #[error("too many declined payments")]
    Throttled(Throttled),
    /// The gateway's circuit breaker is open, or it has no free permit. Nothing was claimed.
    #[error(transparent)]
    GatewayUnavailable(#[from] GatewayUnavailable),
    /// The database could not be read or written, or a row is unreadable. The payment may have been started;
    /// the same request with the same key finds out.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl From<NotAdmitted> for StartPaymentError {
    fn from(it: NotAdmitted) -> Self {
        match it {
            NotAdmitted::Unsupported(reason) => reason.into(),
            NotAdmitted::Unavailable(error) => error.into(),
        }
    }
}

impl From<Throttled> for StartPaymentError {
    fn from(it: Throttled) -> Self {
        Self::Throttled(it)
    }
}

impl UseCaseError for StartPaymentError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::GatewayUnavailable(_) | Self::Failed(_))
    }
}

/// Starts a payment: commits it as `PENDING`, charges it at the gateway, and commits the gateway's answer
/// together with the reply to the client.
///
/// # Errors
/// [`StartPaymentError`]. A decline is no error, and neither is a gateway that does not answer: the reply
/// shows the payment as `FAILED` or `PENDING`.
pub async fn start_payment<R>(
    app: &App,
    caller: &Caller,
    request: IdempotentRequest,
    payment: NewPayment,
    render: R,
) -> Result<IdempotentReply, StartPaymentError>
where
    R: Fn(&VisibleTransaction) -> StoredReply + Send + Sync,
{
    // The key stays locked until the reply is stored.
    let (claimed, _held) = claim_key(
        app,
        Some(&request),
        || box_decision(decide_payment(app, caller, &payment)),
        Attempt::<StartPaymentError>::from_commit_error,
    )
    .await?;
    let (transaction, admission, committed) = match claimed {
        // The caller may have been an operator when the reply was stored, and may not see the order any more.
        KeyState::Replay(_) if !can_see_order(app, caller, &payment.number).await? => {
            return Err(StartPaymentError::NotFound);
        }
        KeyState::Replay(reply) => return Ok(IdempotentReply::Replay(reply)),
        KeyState::New((transaction, admission, committed)) => (transaction, Some(admission), Some(committed)),
        KeyState::Unfinished(claim) => {
            let known = app.payments.find_transaction(&TransactionId::new(claim.resource)).await?;
            (known.ok_or_else(|| PortError::bug("a claim without a payment"))?, None, None)
        }
    };
    // Everything else that the reply needs is read before the gateway is called: if a read fails here,
    // nothing is sent, and a retry resumes the claim. After the call only `commit_answers` can fail. Then
    // the answer is lost here, and a retry or the sweep looks the result up at the gateway.
    let requests = list_own_requests(app, caller, &transaction).await?;
    let report = match admission.zip(committed.as_ref()) {
        Some((admission, case)) => {
            let payer = payer_key(caller, &case.order);
            charge_payment(app, admission, payer, &transaction).await
        }
        None => resume_request(app, &transaction).await?,
    };
    let render = |it: &Transaction| render(&VisibleTransaction::new(it.clone(), requests.as_deref()));
    let answers = commit_answers(app, &request, &transaction, report, committed, &render).await;
    answers.map_err(StartPaymentError::from)
}

/// Sends the charge and counts a decline. It takes the admission, so that its permit is free before the
/// commit.
async fn charge_payment(
    app: &App,
    admission: Admission<'_>,
    payer: UserKey,
    transaction: &Transaction,
) -> GatewayReport {
    let report = request_charge(&admission, transaction).await;
    if report.events.iter().any(is_decline) {
        count_decline(app, payer).await;
    }
    report
}

/// The user whose declined payments are counted: who pays, or the customer on whose behalf a service pays.
fn payer_key(caller: &Caller, order: &Order) -> UserKey {
    caller.user_key().unwrap_or(order.owner)
}

/// The payment that is claimed, the admission for its charge, and the case as it is after the commit.
type ClaimedPayment<'a> = (Transaction, Admission<'a>, PaymentCase);

async fn decide_payment<'a>(
    app: &'a App,
    caller: &Caller,
    payment: &NewPayment,
) -> Result<Decision<ClaimedPayment<'a>>, Attempt<StartPaymentError>> {
    // Not before the claim was looked up: a stored reply is sent again, also if its gateway is no longer configured.
    let gateway = app.find_gateway(&payment.gateway).ok_or(StartPaymentError::UnknownGateway)?;
    if !gateway.accepts_token(payment.token.expose_secret()) {
        return Err(StartPaymentError::UnknownToken.into());
    }
    let found =
        read_case(app, CaseKey::Order(payment.number.clone())).await.map_err(StartPaymentError::from)?;
    let found = found.filter(|it| caller.can_see(&it.order)).ok_or(StartPaymentError::NotFound)?;
    let PaymentCase { order, transactions: others, waiting } = found;
    if order.status != OrderStatus::Pending || others.iter().any(Transaction::occupies_order) {
        return Err(StartPaymentError::NotPayable.into());
    }
    // An expired order stays `PENDING` until the sweep closes it.
    let now = app.clock.now();
    if now >= order.expires_at {
        return Err(StartPaymentError::NotPayable.into());
    }
    check_declines_of_order(app, &order, &others, now).map_err(StartPaymentError::from)?;
    check_declines_of_user(app, payer_key(caller, &order)).await.map_err(StartPaymentError::from)?;
    // After the rules: an order that they refuse is refused for that reason, whatever the state of the
    // gateway. And before the claim: nothing is claimed that cannot be sent.
    let admission = gateway.admit_amount(order.amount, payment.capture_method).await;
    let admission = admission.map_err(StartPaymentError::from)?;
    let sequence = u32::try_from(others.len()).unwrap_or(u32::MAX).saturating_add(1);
    let transaction = new_transaction(app, &order, sequence, payment);
    let change = OrderChange::from_order(order);
    let transactions = others.into_iter().chain([transaction.clone()]).collect();
    let committed = PaymentCase { order: change.order().clone(), transactions, waiting };
    let work = UnitOfWork::new()
        .with_order_change(change)
        .with_write(Write::InsertTransaction(Box::new(transaction.clone())))
        .with_write(Write::InsertRequest(PaymentRequest {
            transaction: transaction.key,
            kind: PaymentRequestKind::Payment,
            amount: transaction.amount,
            requested_by: caller.changed_by(),
            requested_at: transaction.created_at,
        }));
    Ok(Decision::without_reply(work, transaction.id.to_string(), (transaction, admission, committed)))
}

const fn is_decline(event: &PaymentEvent) -> bool {
    matches!(event.kind, EventKind::Failed)
}

fn new_transaction(app: &App, order: &Order, sequence: u32, payment: &NewPayment) -> Transaction {
    let now = order.change_time(app.clock.now());
    Transaction {
        key: TransactionKey::new(app.ids.next_key()),
        id: TransactionId::new(app.ids.next_id()),
        order: order.key,
        order_number: order.number.clone(),
        sequence,
        gateway: payment.gateway.clone(),
        token: payment.token.clone(),
        capture_method: payment.capture_method,
        amount: order.amount,
        facts: PaymentFacts::default(),
        pending_operation: None,
        details: PaymentDetails::default(),
        created_at: now,
        updated_at: now,
        check_at: Some(now.saturating_add(OPERATION_GRACE)),
        checks: 0,
        refunds: Vec::new(),
        references: Vec::new(),
        next_action: None,
        metadata: payment.metadata.clone(),
    }
}

#[cfg(test)]
mod tests;
