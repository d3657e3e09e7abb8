//! Starting a payment, once.

use domain::{
    GatewayName, Order, OrderChange, OrderNumber, Transaction, TransactionId, TransactionKey,
    order::OrderStatus,
    payment::{
        CaptureMethod, EventKind, OPERATION_GRACE, PaymentDetails, PaymentEvent, PaymentFacts,
        PaymentRequest as Asking, PaymentRequestKind, PaymentToken,
    },
};
use ports::{Charge, Gateway, PortError, StoredReply, UnitOfWork, Write};

use super::{
    VisibleTransaction,
    operation::commit_answers,
    read::list_visible_requests,
    reconcile::{ask_gateway, event_or_log},
};
use crate::{
    App, Caller, IdempotentReply, IdempotentRequest, KeyError, Throttled,
    idempotent::{Decision, KeyState, UseCaseError, box_decision, claim_key},
    limits::{check_declines_of_order, check_declines_of_user, count_decline},
    orders::can_see_order,
    retry::Attempt,
};

/// How an order is to be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPayment {
    /// Which order.
    pub number: OrderNumber,
    /// Through which gateway.
    pub gateway: GatewayName,
    /// With what.
    pub token: PaymentToken,
    /// When the money is taken.
    pub capture_method: CaptureMethod,
}

/// Why no payment was started.
#[derive(Debug, thiserror::Error)]
pub enum StartPaymentError {
    /// Something about the idempotency key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is no such order, or the caller may not see it.
    #[error("there is no such order")]
    NotFound,
    /// There is no such gateway.
    #[error("there is no such gateway")]
    UnknownGateway,
    /// The gateway knows no such token.
    #[error("the gateway knows no such token")]
    UnknownToken,
    /// The order is not waiting for money, or another payment is under way.
    #[error("the order cannot be paid now")]
    NotPayable,
    /// Too many payments of the order, or of the user, were declined.
    #[error("too many declined payments")]
    Throttled(Throttled),
    /// The record is away.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl From<Throttled> for StartPaymentError {
    fn from(it: Throttled) -> Self {
        Self::Throttled(it)
    }
}

impl UseCaseError for StartPaymentError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// Starts a payment: it is committed as `PENDING` before the gateway is asked, and what the gateway answers is
/// committed with the answer to the client.
///
/// # Errors
/// [`StartPaymentError`].
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
    let gateway = app.find_gateway(&payment.gateway).ok_or(StartPaymentError::UnknownGateway)?;
    if !gateway.accepts_token(payment.token.expose_secret()) {
        return Err(StartPaymentError::UnknownToken);
    }
    // The key is held until the answer is kept.
    let (claimed, _held) = claim_key(
        app,
        Some(&request),
        || box_decision(decide_payment(app, caller, &payment)),
        Attempt::<StartPaymentError>::from_commit_error,
    )
    .await?;
    let (transaction, is_new) = match claimed {
        // The caller may have been an operator then.
        KeyState::Replay(_) if !can_see_order(app, caller, &payment.number).await? => {
            return Err(StartPaymentError::NotFound);
        }
        KeyState::Replay(reply) => return Ok(IdempotentReply::Replay(reply)),
        KeyState::New(transaction) => (transaction, true),
        KeyState::Unfinished(claim) => {
            let known = app.payments.find_transaction(&TransactionId::new(claim.resource)).await?;
            (known.ok_or_else(|| PortError::bug("a claim without a payment"))?, false)
        }
    };
    // Nothing that may fail stands between the gateway's answer and its commit.
    let requests = list_visible_requests(app, caller, transaction.order).await?;
    let said = match is_new {
        true => charge_payment(app, gateway.as_ref(), caller, &transaction).await,
        false => ask_gateway(gateway.as_ref(), &transaction).await,
    };
    let render = |it: &Transaction| render(&VisibleTransaction::new(it.clone(), requests.as_deref()));
    commit_answers(app, &request, &transaction.id, said, &render).await.map_err(StartPaymentError::from)
}

/// Asks the gateway for the money for the first time.
async fn charge_payment(
    app: &App,
    gateway: &dyn Gateway,
    caller: &Caller,
    transaction: &Transaction,
) -> Vec<PaymentEvent> {
    let answer = event_or_log(gateway.charge(Charge::from(transaction)).await);
    if answer.as_ref().is_some_and(is_decline) {
        count_decline(app, caller.user.key).await;
    }
    answer.into_iter().collect()
}

async fn decide_payment(
    app: &App,
    caller: &Caller,
    payment: &NewPayment,
) -> Result<Decision<Transaction>, Attempt<StartPaymentError>> {
    let found_order = app.orders.find_order(&payment.number).await.map_err(StartPaymentError::from)?;
    let order = found_order.filter(|it| caller.can_see(it)).ok_or(StartPaymentError::NotFound)?;
    let others = app.payments.list_transactions(order.key).await.map_err(StartPaymentError::from)?;
    if order.status != OrderStatus::Pending || others.iter().any(Transaction::occupies_order) {
        return Err(StartPaymentError::NotPayable.into());
    }
    // The sweep has not come by yet, but the order's time is over.
    let now = app.clock.now();
    if now >= order.expires_at {
        return Err(StartPaymentError::NotPayable.into());
    }
    check_declines_of_order(app, &order, &others, now).map_err(StartPaymentError::from)?;
    check_declines_of_user(app, caller.user.key).await.map_err(StartPaymentError::from)?;
    let sequence = u32::try_from(others.len()).unwrap_or(u32::MAX).saturating_add(1);
    let transaction = new_transaction(app, &order, sequence, payment);
    let work = UnitOfWork::new()
        .with_order_change(OrderChange::from_order(order))
        .with_write(Write::InsertTransaction(Box::new(transaction.clone())))
        .with_write(Write::InsertRequest(Asking {
            transaction: transaction.key,
            kind: PaymentRequestKind::Payment,
            amount: transaction.amount,
            requested_by: caller.changed_by(),
            requested_at: transaction.created_at,
        }));
    Ok(Decision::without_reply(work, transaction.id.to_string(), transaction))
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
    }
}

#[cfg(test)]
mod tests;
