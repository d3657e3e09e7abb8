//! Starting a payment, once.

use domain::{
    GatewayName, Order, OrderNumber, Progress, Transaction, TransactionId, TransactionKey,
    order::Status,
    payment::{CLAIM_GRACE, CaptureMethod, Details, Facts, PaymentToken},
};
use ports::{Charge, Claim, CommitError, Held, StoredReply, Unavailable, UnitOfWork, Write};

use super::{
    operate::answer,
    reconcile::{consult, said},
};
use crate::{
    Answered, App, Caller, KeyError, Request,
    idempotent::{Entered, enter, found, overtaken},
    retry::{Tried, until_settled},
};

/// How an order is to be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
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
pub enum StartError {
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
    /// The record is away.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Starts a payment: it is committed as `PENDING` before the gateway is asked, and what the gateway answers is
/// committed with the answer to the client.
///
/// # Errors
/// [`StartError`].
pub async fn start<R>(
    app: &App,
    caller: &Caller,
    request: Request,
    payment: Payment,
    render: R,
) -> Result<Answered, StartError>
where
    R: Fn(&Transaction) -> StoredReply + Send + Sync,
{
    let gateway = app.gateway(&payment.gateway).ok_or(StartError::UnknownGateway)?;
    if !gateway.accepts(payment.token.expose()) {
        return Err(StartError::UnknownToken);
    }
    let claimed = match enter(app, &request).await? {
        Entered::Answered(reply) => return Ok(Answered::Again(reply)),
        Entered::Begun(claim, held) => Claimed::Before(claim, held),
        Entered::Fresh(held) => claim(app, caller, &request, &payment).await?.holding(held),
    };
    // The key is held until the answer is kept.
    let (id, said, _held) = match claimed {
        Claimed::Answered(reply) => return Ok(Answered::Again(reply)),
        Claimed::Now(transaction, held) => {
            let answer = gateway.charge(Charge::from(&*transaction)).await;
            (transaction.id, said(answer).into_iter().collect(), held)
        }
        Claimed::Before(claim, held) => {
            let id = TransactionId::new(claim.resource);
            let known =
                app.payments.find(&id).await?.ok_or_else(|| Unavailable::new("a claim without a payment"))?;
            let said = consult(gateway.as_ref(), &known).await;
            (id, said, held)
        }
    };
    let render = |it: &Transaction| render(it);
    answer(app, &request, &id, said, &render).await.map_err(StartError::from)
}

/// How the key came to be claimed.
enum Claimed {
    /// By this request.
    Now(Box<Transaction>, Option<Held>),
    /// By one that did not live to answer, or is answering at this moment on another instance.
    Before(Claim, Option<Held>),
    /// By one that was faster.
    Answered(StoredReply),
}

impl Claimed {
    /// `None` when nobody has used the key.
    fn before(used: Entered) -> Option<Self> {
        match used {
            Entered::Answered(reply) => Some(Self::Answered(reply)),
            Entered::Begun(claim, held) => Some(Self::Before(claim, held)),
            Entered::Fresh(_) => None,
        }
    }

    fn holding(self, held: Option<Held>) -> Self {
        match self {
            Self::Now(transaction, _) => Self::Now(transaction, held),
            Self::Before(claim, _) => Self::Before(claim, held),
            Self::Answered(reply) => Self::Answered(reply),
        }
    }
}

async fn claim(
    app: &App,
    caller: &Caller,
    request: &Request,
    payment: &Payment,
) -> Result<Claimed, StartError> {
    let outcome = until_settled!(app, claim_once(app, caller, request, payment).await);
    if matches!(outcome, Err(StartError::NotPayable))
        && let Some(claimed) = overtaken(app, request).await?.and_then(Claimed::before)
    {
        return Ok(claimed);
    }
    outcome
}

async fn claim_once(
    app: &App,
    caller: &Caller,
    request: &Request,
    payment: &Payment,
) -> Result<Claimed, Tried<StartError>> {
    let found_order = app.orders.find(&payment.number).await.map_err(StartError::from)?;
    let order = found_order.filter(|it| caller.may_see(it)).ok_or(StartError::NotFound)?;
    let others = app.payments.list(order.key).await.map_err(StartError::from)?;
    if order.status != Status::Pending || others.iter().any(Transaction::occupies_order) {
        return Err(StartError::NotPayable.into());
    }
    let now = app.clock.now();
    // The sweep has not come by yet, but the order's time is over.
    if now >= order.expires_at {
        return Err(StartError::NotPayable.into());
    }
    let sequence = u32::try_from(others.len()).unwrap_or(u32::MAX).saturating_add(1);
    let transaction = begun(app, &order, sequence, payment);
    let claim = Claim {
        key: request.key.clone(),
        fingerprint: request.fingerprint.clone(),
        resource: transaction.id.to_string(),
        reply: None,
        created_at: now,
        expires_at: Some(now.plus(app.policy.reply_ttl)),
    };
    let work = UnitOfWork::new()
        .with(Write::Claim(claim))
        .progress(Progress::of(order))
        .with(Write::InsertTransaction(Box::new(transaction.clone())));
    match app.store.commit(work).await {
        Ok(()) => Ok(Claimed::Now(Box::new(transaction), None)),
        Err(CommitError::Claimed(claim)) => {
            let used = found(app, request, *claim, None, false).map_err(StartError::from)?;
            Claimed::before(used).ok_or(Tried::Stale)
        }
        Err(other) => Err(Tried::commit(other)),
    }
}

fn begun(app: &App, order: &Order, sequence: u32, payment: &Payment) -> Transaction {
    let now = order.updated_at.max(app.clock.now());
    Transaction {
        key: TransactionKey::new(app.ids.key()),
        id: TransactionId::new(app.ids.id()),
        order: order.key,
        order_number: order.number.clone(),
        sequence,
        gateway: payment.gateway.clone(),
        token: payment.token.clone(),
        capture_method: payment.capture_method,
        amount: order.amount,
        facts: Facts::default(),
        asked: None,
        details: Details::default(),
        created_at: now,
        updated_at: now,
        check_at: Some(now.plus(CLAIM_GRACE)),
        checks: 0,
        refunds: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
