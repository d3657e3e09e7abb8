//! Starting a payment, once.

use domain::{
    GatewayName, Order, OrderNumber, Progress, Transaction, TransactionId, TransactionKey,
    order::Status,
    payment::{
        CLAIM_GRACE, CaptureMethod, Details, Event, EventKind, Facts, PaymentToken, Request as Asking,
        RequestKind,
    },
};
use ports::{PortError, StoredReply, UnitOfWork, Write};

use super::{
    ShownTransaction,
    ask::{Heard, charge_first},
    operate::{answer, retry_begun},
    read::requests,
};
use crate::{
    Answered, App, Caller, KeyError, Request, Throttled,
    gateways::{Admission, GatewayUnavailable},
    idempotent::{Claimed, Decided, OnceError, box_round, claim},
    limits::{check_declines_of_order, check_declines_of_user, count_decline},
    orders::sees,
    retry::Tried,
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
    /// Too many payments of the order, or of the user, were declined.
    #[error("too many declined payments")]
    Throttled(Throttled),
    /// The gateway is not asked now. Nothing was claimed.
    #[error(transparent)]
    GatewayUnavailable(#[from] GatewayUnavailable),
    /// The record is away.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl From<Throttled> for StartError {
    fn from(it: Throttled) -> Self {
        Self::Throttled(it)
    }
}

impl OnceError for StartError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::GatewayUnavailable(_) | Self::Failed(_))
    }
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
    R: Fn(&ShownTransaction) -> StoredReply + Send + Sync,
{
    let gateway = app.gateway(&payment.gateway).ok_or(StartError::UnknownGateway)?;
    if !gateway.accepts(payment.token.expose()) {
        return Err(StartError::UnknownToken);
    }
    // The key is held until the answer is kept.
    let (claimed, _held) =
        claim(app, Some(&request), || box_round(decide(app, caller, &payment)), Tried::<StartError>::commit)
            .await?;
    let (transaction, admission) = match claimed {
        // The caller may have been an operator then.
        Claimed::Answered(_) if !sees(app, caller, &payment.number).await? => {
            return Err(StartError::NotFound);
        }
        Claimed::Answered(reply) => return Ok(Answered::Again(reply)),
        Claimed::Now((transaction, admission)) => (transaction, Some(admission)),
        Claimed::Begun(claim) => {
            let known = app.payments.find(&TransactionId::new(claim.resource)).await?;
            (known.ok_or_else(|| PortError::bug("a claim without a payment"))?, None)
        }
    };
    // Nothing that may fail stands between the gateway's answer and its commit.
    let requests = requests(app, caller, transaction.order).await?;
    let heard = match admission {
        Some(admission) => charge(app, admission, caller, &transaction).await,
        None => retry_begun(app, &transaction).await?,
    };
    let render = |it: &Transaction| render(&ShownTransaction::of(it.clone(), requests.as_deref()));
    answer(app, &request, &transaction.id, heard, &render).await.map_err(StartError::from)
}

/// Asks the gateway for the money for the first time, and gives the room for it back.
async fn charge(app: &App, admission: Admission<'_>, caller: &Caller, transaction: &Transaction) -> Heard {
    let heard = charge_first(&admission, transaction).await;
    if heard.events.iter().any(is_decline) {
        count_decline(app, caller.user.key).await;
    }
    heard
}

async fn decide<'a>(
    app: &'a App,
    caller: &Caller,
    payment: &Payment,
) -> Result<Decided<(Transaction, Admission<'a>)>, Tried<StartError>> {
    let found_order = app.orders.find(&payment.number).await.map_err(StartError::from)?;
    let order = found_order.filter(|it| caller.may_see(it)).ok_or(StartError::NotFound)?;
    let others = app.payments.list(order.key).await.map_err(StartError::from)?;
    if order.status != Status::Pending || others.iter().any(Transaction::occupies_order) {
        return Err(StartError::NotPayable.into());
    }
    // The sweep has not come by yet, but the order's time is over.
    let now = app.clock.now();
    if now >= order.expires_at {
        return Err(StartError::NotPayable.into());
    }
    check_declines_of_order(app, &order, &others, now).map_err(StartError::from)?;
    check_declines_of_user(app, caller.user.key).await.map_err(StartError::from)?;
    // Last, so that what cannot be paid is refused as such; and before the claim, so that nothing is left half done.
    let gateway = app.gateway(&payment.gateway).ok_or(StartError::UnknownGateway)?;
    let admission = gateway.enter().await.map_err(StartError::from)?;
    let sequence = u32::try_from(others.len()).unwrap_or(u32::MAX).saturating_add(1);
    let transaction = begun(app, &order, sequence, payment);
    let work = UnitOfWork::new()
        .progress(Progress::of(order))
        .with(Write::InsertTransaction(Box::new(transaction.clone())))
        .with(Write::InsertRequest(Asking {
            transaction: transaction.key,
            kind: RequestKind::Payment,
            amount: transaction.amount,
            requested_by: caller.changed_by(),
            requested_at: transaction.created_at,
        }));
    Ok(Decided::begun(work, transaction.id.to_string(), (transaction, admission)))
}

const fn is_decline(event: &Event) -> bool {
    matches!(event.kind, EventKind::Failed)
}

fn begun(app: &App, order: &Order, sequence: u32, payment: &Payment) -> Transaction {
    let now = order.moment(app.clock.now());
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
        references: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
