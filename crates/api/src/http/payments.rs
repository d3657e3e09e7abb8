//! Payments, captures, voids and refunds.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Path};
use application::payments::{self, Operation, OperationError, Payment, ShownTransaction, StartError};
use domain::{
    GatewayName, Invalid, RefundId, Text, TransactionId, UserId,
    payment::{CaptureMethod, NotCapturable, NotRefundable, PaymentToken},
};
use ports::StoredReply;
use utoipa::ToSchema;

use super::{
    body::Body,
    decode::{Fields, Parameters, any, decimal, text},
    extract::{Caller, Operator},
    idempotency,
    openapi::{IdempotencyKeyHeader, PageParameters},
    orders::parsed,
    problem::{Answer, Fault, Kind, Problem},
    reply,
    view::{
        PageView,
        payment::{RefundView, TransactionView},
    },
};
use crate::service::Shared;

/// A payment to start.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct StartPayment {
    /// Through which gateway.
    #[schema(example = "sandbox")]
    pub gateway: String,
    /// With what.
    pub payment_method: PaymentMethod,
    /// `AUTOMATIC`, the default, takes the money with the payment; `MANUAL` only authorises it.
    #[schema(example = "AUTOMATIC")]
    pub capture_method: Option<String>,
}

/// A way to pay, as the gateway knows it.
#[derive(ToSchema)]
pub struct PaymentMethod {
    /// The gateway's token. The sandbox knows `tok_visa` (answers at once), `tok_declined`, `tok_pending` (answers later,
    /// by callback), `tok_timeout` (the answer is lost), `tok_dispute` (captured, disputed a moment later) and
    /// `tok_unreached` (the first request is lost on its way, and made once more by reconciliation).
    #[schema(example = "tok_visa")]
    pub token: String,
}

/// A capture.
#[derive(ToSchema)]
pub struct Capture {
    /// How much of what is authorised, in major units; all of it if it is not said. The rest is released.
    #[schema(example = "19.98")]
    pub amount: Option<String>,
}

/// A refund to make.
#[derive(ToSchema)]
pub struct MakeRefund {
    /// How much, in major units; all that is left of the captured money if it is not said.
    #[schema(example = "5.00")]
    pub amount: Option<String>,
    /// Why: 1-500 characters.
    #[schema(max_length = 500)]
    pub reason: Option<String>,
}

/// Pay an order
///
/// The transaction is committed as PENDING before the gateway is asked, with its id as the gateway's idempotency key. If
/// the gateway's answer is lost it stays PENDING until the gateway has been asked again.
#[utoipa::path(post, path = "/v1/orders/{orderNumber}/payments", tag = "Payments", request_body = StartPayment,
    security(("bearer" = [])),
    params(
        ("orderNumber" = String, Path, description = "The order's number."),
        IdempotencyKeyHeader
    ), responses(
    (status = 201, description = "The transaction, whatever the gateway said.", body = TransactionView),
    (status = 404, description = "No such order, or somebody else's."),
    (status = 409, description = "`order-not-payable` or `idempotency-in-progress`."),
    (status = 429, description = "Too many payments of the order, or of the user within a day, were declined."),
    (status = 503, description = "`gateway-unavailable` (nothing was claimed) or `unavailable`.")
))]
pub async fn start(
    service: Shared,
    http: HttpRequest,
    caller: Caller,
    number: Path<String>,
    body: Body,
) -> Answer {
    let body = body.json().await?;
    let request = idempotency::required(&service, &http, &caller, &body)?;
    let mut it = Fields::of(&body);
    let gateway = it.required("gateway", text(GatewayName::parse));
    let token = it.object("paymentMethod", |it| it.required("token", text(any)));
    let capture_method = it.optional("captureMethod", text(parse_capture_method));
    let number = parsed(&number)?;
    let payment = it.finish(|| {
        Some(Payment {
            number,
            gateway: gateway?,
            token: PaymentToken::new(token?),
            capture_method: capture_method?.unwrap_or(CaptureMethod::Automatic),
        })
    })?;
    let render = |it: &ShownTransaction| reply::stored(StatusCode::CREATED, &TransactionView::from(it));
    let started = service
        .write(async move |app| payments::start(&app, &caller, request, payment, render).await)
        .await?;
    Ok(reply::give(started?))
}

fn parse_capture_method(text: &str) -> Result<CaptureMethod, Invalid> {
    CaptureMethod::parse(text).ok_or(Invalid("must be AUTOMATIC or MANUAL"))
}

impl From<StartError> for Problem {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Key(error) => error.into(),
            StartError::NotFound => Kind::NotFound.into(),
            StartError::UnknownGateway => {
                Self::invalid(vec![Fault::at("/gateway", Invalid("is no gateway of this service"))])
            }
            StartError::UnknownToken => {
                let rule = Invalid("is no token that the gateway knows");
                Self::invalid(vec![Fault::at("/paymentMethod/token", rule)])
            }
            StartError::NotPayable => Kind::OrderNotPayable.into(),
            StartError::Throttled(it) => Self::throttled(it),
            StartError::GatewayUnavailable(it) => it.into(),
            StartError::Failed(away) => away.into(),
        }
    }
}

/// An order's transactions, oldest first
#[utoipa::path(get, path = "/v1/orders/{orderNumber}/payments", tag = "Payments", security(("bearer" = [])),
    params(("orderNumber" = String, Path, description = "The order's number."), PageParameters), responses(
    (status = 200, description = "A page.", body = PageView<TransactionView>),
    (status = 404, description = "No such order, or somebody else's.")
))]
pub async fn list(service: Shared, http: HttpRequest, caller: Caller, number: Path<String>) -> Answer {
    let cursors = service.cursors("payments");
    let page = Parameters::of(&http).page(&cursors)?;
    let all = payments::list(&service.app, &caller, &parsed(&number)?).await?.ok_or(Kind::NotFound)?;
    Ok(HttpResponse::Ok().json(PageView::part(
        &all,
        page,
        &cursors,
        |it| it.transaction.id.as_str(),
        |it| TransactionView::from(it),
    )))
}

/// A transaction
#[utoipa::path(get, path = "/v1/payments/{transactionId}", tag = "Payments", security(("bearer" = [])),
    params(("transactionId" = String, Path, description = "The transaction's id.")), responses(
    (status = 200, description = "The transaction.", body = TransactionView),
    (status = 404, description = "No such transaction, or somebody else's.")
))]
pub async fn find(service: Shared, caller: Caller, id: Path<String>) -> Answer {
    let found = payments::find(&service.app, &caller, &transaction_id(&id)?).await?.ok_or(Kind::NotFound)?;
    Ok(HttpResponse::Ok().json(TransactionView::from(&found)))
}

fn transaction_id(id: &str) -> Result<TransactionId, Problem> {
    TransactionId::parse(id).map_err(|_| Kind::NotFound.into())
}

/// Capture an authorisation, once
///
/// An order whose capture is partial does not become PAID: it is a finding.
#[utoipa::path(post, path = "/v1/payments/{transactionId}/captures", tag = "Payments",
    request_body = Option<Capture>, security(("bearer" = ["OPERATOR"])),
    params(
        ("transactionId" = String, Path, description = "The transaction's id."),
        IdempotencyKeyHeader
    ), responses(
    (status = 200, description = "The transaction.", body = TransactionView),
    (status = 404, description = "No such transaction."),
    (status = 409, description = "`payment-not-capturable`, `capture-exceeds-authorized` or \
        `idempotency-in-progress`."),
    (status = 503, description = "`gateway-unavailable` (nothing was claimed) or `unavailable`.")
))]
pub async fn capture(
    service: Shared,
    http: HttpRequest,
    operator: Operator,
    id: Path<String>,
    body: Body,
) -> Answer {
    let ask = |it: &mut Fields<'_>| Some(Operation::Capture(it.optional("amount", text(decimal))?));
    operate(service, http, operator, id, body, ask).await
}

/// Void an authorisation that is not captured yet
#[utoipa::path(post, path = "/v1/payments/{transactionId}/voids", tag = "Payments",
    request_body(content = Option<Object>, description = "Nothing, or `{}`."), security(("bearer" = ["OPERATOR"])),
    params(
        ("transactionId" = String, Path, description = "The transaction's id."),
        IdempotencyKeyHeader
    ), responses(
    (status = 200, description = "The transaction.", body = TransactionView),
    (status = 404, description = "No such transaction."),
    (status = 409, description = "`payment-not-voidable` or `idempotency-in-progress`."),
    (status = 503, description = "`gateway-unavailable` (nothing was claimed) or `unavailable`.")
))]
pub async fn void(
    service: Shared,
    http: HttpRequest,
    operator: Operator,
    id: Path<String>,
    body: Body,
) -> Answer {
    operate(service, http, operator, id, body, |_| Some(Operation::Void)).await
}

/// Refund captured money, all of it or a part, as often as something is left
#[utoipa::path(post, path = "/v1/payments/{transactionId}/refunds", tag = "Payments",
    request_body = Option<MakeRefund>, security(("bearer" = ["OPERATOR"])),
    params(
        ("transactionId" = String, Path, description = "The transaction's id."),
        IdempotencyKeyHeader
    ), responses(
    (status = 201, description = "The refund, whatever the gateway said.", body = RefundView),
    (status = 404, description = "No such transaction."),
    (status = 409, description = "`payment-not-refundable`, `refund-exceeds-captured` or \
        `idempotency-in-progress`."),
    (status = 503, description = "`gateway-unavailable` (nothing was claimed) or `unavailable`.")
))]
pub async fn refund(
    service: Shared,
    http: HttpRequest,
    operator: Operator,
    id: Path<String>,
    body: Body,
) -> Answer {
    let ask = |it: &mut Fields<'_>| {
        let amount = it.optional("amount", text(decimal));
        let reason = it.optional("reason", text(Text::parse));
        Some(Operation::Refund(amount?, reason?))
    };
    operate(service, http, operator, id, body, ask).await
}

async fn operate(
    service: Shared,
    http: HttpRequest,
    operator: Operator,
    id: Path<String>,
    body: Body,
    ask: impl FnOnce(&mut Fields<'_>) -> Option<Operation>,
) -> Answer {
    let body = body.json_or_empty().await?;
    let request = idempotency::required(&service, &http, operator.caller(), &body)?;
    let mut it = Fields::of(&body);
    let operation = ask(&mut it);
    let operation = it.finish(|| operation)?;
    let id = transaction_id(&id)?;
    // A key is its user's own, so a retry is asked by the same operator.
    let user = operator.caller().user.id.clone();
    let render = move |it: &ShownTransaction, refund: Option<&RefundId>| render(it, refund, &user);
    let done = service
        .write(async move |app| payments::operate(&app, &operator, request, &id, operation, render).await)
        .await?;
    Ok(reply::give(done?))
}

/// The answer to a capture or a void is the transaction, to a refund the refund.
fn render(shown: &ShownTransaction, refund: Option<&RefundId>, user: &UserId) -> StoredReply {
    let transaction = &shown.transaction;
    match transaction.refunds.iter().find(|it| Some(&it.id) == refund) {
        Some(it) => {
            reply::stored(StatusCode::CREATED, &RefundView::of(transaction.id.as_str(), it, Some(user)))
        }
        None => reply::stored(StatusCode::OK, &TransactionView::from(shown)),
    }
}

impl From<OperationError> for Problem {
    fn from(error: OperationError) -> Self {
        match error {
            OperationError::Key(error) => error.into(),
            OperationError::NotFound => Kind::NotFound.into(),
            OperationError::Amount(rule) => Self::invalid(vec![Fault::at("/amount", rule)]),
            OperationError::NotCapturable(NotCapturable::State) => Kind::PaymentNotCapturable.into(),
            OperationError::NotCapturable(NotCapturable::Exceeds) => Kind::CaptureExceedsAuthorized.into(),
            OperationError::NotVoidable(_) => Kind::PaymentNotVoidable.into(),
            OperationError::NotRefundable(NotRefundable::State) => Kind::PaymentNotRefundable.into(),
            OperationError::NotRefundable(NotRefundable::Exceeds) => Kind::RefundExceedsCaptured.into(),
            OperationError::GatewayUnavailable(it) => it.into(),
            OperationError::Failed(away) => away.into(),
        }
    }
}

/// A transaction's refunds, oldest first
#[utoipa::path(get, path = "/v1/payments/{transactionId}/refunds", tag = "Payments", security(("bearer" = ["OPERATOR"])),
    params(("transactionId" = String, Path, description = "The transaction's id."), PageParameters), responses(
    (status = 200, description = "A page.", body = PageView<RefundView>),
    (status = 404, description = "No such transaction.")
))]
pub async fn refunds(service: Shared, http: HttpRequest, operator: Operator, id: Path<String>) -> Answer {
    let cursors = service.cursors("refunds");
    let page = Parameters::of(&http).page(&cursors)?;
    let id = transaction_id(&id)?;
    let all = payments::list_refunds(&service.app, &operator, &id).await?.ok_or(Kind::NotFound)?;
    Ok(HttpResponse::Ok().json(PageView::part(
        &all,
        page,
        &cursors,
        |it| it.refund.id.as_str(),
        |it| RefundView::of(id.as_str(), &it.refund, it.user.as_ref()),
    )))
}
