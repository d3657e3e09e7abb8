//! Handlers for payments, captures, voids and refunds.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Path};
use application::payments::{self, OperationError, PaymentOperation, StartPaymentError, VisibleTransaction};
use domain::{
    AuthorId, Invalid, RefundId, TransactionId,
    payment::{NotCapturable, NotRefundable},
};
use ports::{StoredReply, Unsupported};
use utoipa::ToSchema;

use super::{
    body::Body,
    decode::{Fields, QueryParameters, decimal_string, text},
    extract::{Caller, Staff},
    idempotency,
    openapi::{IdempotencyKeyHeader, PageParameters},
    orders::{lines_problem, parse_order_number},
    payment_requests::{StartPayment, read_payment, unknown_gateway, unknown_token},
    problem::{Fault, HandlerResult, Kind, Problem},
    refund_requests::{MakeRefund, read_refund},
    reply,
    view::{
        PageView,
        payment::{RefundView, TransactionView},
    },
};
use crate::service::SharedService;

/// A capture of an authorised payment.
#[derive(ToSchema)]
pub struct Capture {
    /// Amount to capture, in major units and in the transaction's currency; null or missing: all that is
    /// authorised. The rest is released.
    #[schema(example = "19.98")]
    pub amount: Option<String>,
}

/// Start a payment of an order
///
/// The transaction is committed as PENDING before the gateway is asked, with its id as the gateway's
/// idempotency key. If the gateway's answer is lost it stays PENDING until the gateway has been asked again. If
/// the buyer has to do something first, `nextAction` says what, as long as it is PENDING.
#[utoipa::path(post, operation_id = "start", path = "/v1/orders/{orderNumber}/payments", tag = "Payments", request_body = StartPayment,
    security(("bearer" = [])),
    params(
        ("orderNumber" = String, Path, description = "The order's number."),
        IdempotencyKeyHeader
    ), responses(
    (status = 201, description = "The transaction, whatever the gateway answered.", body = TransactionView),
    (status = 404, description = "No such order, or another customer's."),
    (status = 409, description = "`order-not-payable` or `idempotency-in-progress`."),
    (status = 422, description = "`invalid-request`, also when the gateway does not take the capture method, or the \
        currency or the amount of the order; `card-data-refused` or `idempotency-key-reused`."),
    (status = 429, description = "Too many payments of the order, or of the user within a day, were declined."),
    (status = 503, description = "`gateway-unavailable` (nothing was claimed) or `unavailable`.")
))]
pub async fn start_payment(
    service: SharedService,
    http: HttpRequest,
    caller: Caller,
    number: Path<String>,
    body: Body,
) -> HandlerResult {
    let body = body.read_json().await?;
    let request = idempotency::require_key(&service, &http, &caller, body.value())?;
    let number = parse_order_number(&number)?;
    let payment = read_payment(&service.app, number, &body)?;
    // 201 also for a payment that failed or is not decided yet: the transaction exists, and its status shows
    // the outcome.
    let render = |it: &VisibleTransaction| reply::json_reply(StatusCode::CREATED, &TransactionView::from(it));
    reply::run_write(&service, async move |app| {
        payments::start_payment(&app, &caller, request, payment, render).await
    })
    .await
}

impl From<StartPaymentError> for Problem {
    fn from(error: StartPaymentError) -> Self {
        match error {
            StartPaymentError::Key(error) => error.into(),
            StartPaymentError::NotFound => Kind::NotFound.into(),
            StartPaymentError::UnknownGateway => Self::invalid_request(vec![unknown_gateway()]),
            StartPaymentError::UnknownToken => Self::invalid_request(vec![unknown_token()]),
            StartPaymentError::Unsupported(reason) => Self::invalid_request(vec![unsupported_fault(reason)]),
            StartPaymentError::NotPayable => Kind::OrderNotPayable.into(),
            StartPaymentError::Throttled(it) => Self::too_many_requests(it),
            StartPaymentError::GatewayUnavailable(it) => it.into(),
            StartPaymentError::Failed(error) => error.into(),
        }
    }
}

/// Names what the client can change. Amount and currency are the order's, so for them it is the gateway.
fn unsupported_fault(reason: Unsupported) -> Fault {
    match reason {
        Unsupported::CaptureMethod => {
            Fault::at_pointer("/captureMethod", Invalid("is not supported by the gateway"))
        }
        Unsupported::Currency => {
            Fault::at_pointer("/gateway", Invalid("does not take the currency of the order"))
        }
        Unsupported::Amount => {
            Fault::at_pointer("/gateway", Invalid("does not take the amount of the order"))
        }
    }
}

/// List an order's transactions, oldest first
#[utoipa::path(get, operation_id = "list", path = "/v1/orders/{orderNumber}/payments", tag = "Payments", security(("bearer" = [])),
    params(("orderNumber" = String, Path, description = "The order's number."), PageParameters), responses(
    (status = 200, description = "A page.", body = PageView<TransactionView>),
    (status = 404, description = "No such order, or another customer's.")
))]
pub async fn list_payments(
    service: SharedService,
    http: HttpRequest,
    caller: Caller,
    number: Path<String>,
) -> HandlerResult {
    let it = QueryParameters::new(&http);
    let cursors = it.cursors(&service);
    let page = it.read_page(&cursors)?;
    // All of the order's, cut into pages here: declined payments are limited, so there are few.
    let all = payments::list_transactions(&service.app, &caller, &parse_order_number(&number)?)
        .await?
        .ok_or(Kind::NotFound)?;
    Ok(HttpResponse::Ok().json(PageView::from_list(
        &all,
        page,
        &cursors,
        |it| it.transaction.id.as_str(),
        |it| TransactionView::from(it),
    )))
}

/// Get a transaction by its id
#[utoipa::path(get, operation_id = "find", path = "/v1/payments/{transactionId}", tag = "Payments", security(("bearer" = [])),
    params(("transactionId" = String, Path, description = "The transaction's id.")), responses(
    (status = 200, description = "The transaction.", body = TransactionView),
    (status = 404, description = "No such transaction, or another customer's.")
))]
pub async fn get_payment(service: SharedService, caller: Caller, id: Path<String>) -> HandlerResult {
    let found = payments::find_transaction(&service.app, &caller, &parse_transaction_id(&id)?)
        .await?
        .ok_or(Kind::NotFound)?;
    Ok(HttpResponse::Ok().json(TransactionView::from(&found)))
}

pub(super) fn parse_transaction_id(id: &str) -> Result<TransactionId, Problem> {
    TransactionId::parse(id).map_err(|_| Kind::NotFound.into())
}

/// Capture an authorisation, once
///
/// An order whose capture is partial does not become PAID: it becomes a finding for operators.
#[utoipa::path(post, operation_id = "capture", path = "/v1/payments/{transactionId}/captures", tag = "Payments",
    request_body = Option<Capture>, security(("bearer" = ["OPERATOR"])),
    params(
        ("transactionId" = String, Path, description = "The transaction's id."),
        IdempotencyKeyHeader
    ), responses(
    (status = 200, description = "The transaction.", body = TransactionView),
    (status = 404, description = "No such transaction."),
    (status = 409, description = "`payment-not-capturable`, `capture-exceeds-authorized` or \
        `idempotency-in-progress`."),
    (status = 422, description = "`invalid-request`, also when the gateway cannot represent the amount; \
        `card-data-refused` or `idempotency-key-reused`."),
    (status = 503, description = "`gateway-unavailable` (nothing was claimed) or `unavailable`.")
))]
pub async fn capture_payment(
    service: SharedService,
    http: HttpRequest,
    staff: Staff,
    id: Path<String>,
    body: Body,
) -> HandlerResult {
    let ask = |it: &mut Fields<'_>| {
        Some(PaymentOperation::Capture(it.read_optional("amount", text(decimal_string))?))
    };
    run_operation(service, http, staff, id, body, ask).await
}

/// Void an authorisation that is not captured yet
#[utoipa::path(post, operation_id = "void", path = "/v1/payments/{transactionId}/voids", tag = "Payments",
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
pub async fn void_payment(
    service: SharedService,
    http: HttpRequest,
    staff: Staff,
    id: Path<String>,
    body: Body,
) -> HandlerResult {
    run_operation(service, http, staff, id, body, |_| Some(PaymentOperation::Void)).await
}

/// Refund captured money, all of it or a part, as often as something is left
///
/// A refund is of an amount, or of pieces of the order (`items`) at the price that they were ordered for. Pieces that are
/// to be restocked go back into stock in the commit that stores the refund, before the gateway is asked. They stay there
/// if the refund fails, and the next refund that names them finds them restocked. While the order is `PENDING`, because
/// only a part of its amount was captured, a refund is of an amount.
#[utoipa::path(post, operation_id = "refund", path = "/v1/payments/{transactionId}/refunds", tag = "Payments",
    request_body = Option<MakeRefund>, security(("bearer" = ["OPERATOR"])),
    params(
        ("transactionId" = String, Path, description = "The transaction's id."),
        IdempotencyKeyHeader
    ), responses(
    (status = 201, description = "The refund, whatever the gateway answered.", body = RefundView),
    (status = 404, description = "No such transaction."),
    (status = 409, description = "`payment-not-refundable`, `refund-exceeds-captured`, `return-exceeds-ordered` or \
        `idempotency-in-progress`."),
    (status = 422, description = "`invalid-request`, also when the gateway cannot represent the amount; \
        `card-data-refused` or `idempotency-key-reused`."),
    (status = 503, description = "`gateway-unavailable` (nothing was claimed) or `unavailable`.")
))]
pub async fn refund_payment(
    service: SharedService,
    http: HttpRequest,
    staff: Staff,
    id: Path<String>,
    body: Body,
) -> HandlerResult {
    let ask = |it: &mut Fields<'_>| read_refund(it).map(PaymentOperation::Refund);
    run_operation(service, http, staff, id, body, ask).await
}

async fn run_operation(
    service: SharedService,
    http: HttpRequest,
    staff: Staff,
    id: Path<String>,
    body: Body,
    ask: impl FnOnce(&mut Fields<'_>) -> Option<PaymentOperation>,
) -> HandlerResult {
    let body = body.read_json_or_empty().await?;
    // Required for all three: each moves money, and a lost answer makes the client ask again.
    let request = idempotency::require_key(&service, &http, staff.caller(), body.value())?;
    let mut it = body.fields();
    let operation = ask(&mut it);
    let operation = it.finish(|| operation)?;
    let id = parse_transaction_id(&id)?;
    // The answer names who asked. An idempotency key belongs to one user or API key, so a retry renders the same name.
    let author = staff.caller().author_id();
    let render =
        move |it: &VisibleTransaction, refund: Option<&RefundId>| render_operation(it, refund, &author);
    reply::run_write(&service, async move |app| {
        payments::execute_operation(&app, &staff, request, &id, operation, render).await
    })
    .await
}

/// Renders the answer: the transaction for a capture or a void, the refund for a refund.
fn render_operation(shown: &VisibleTransaction, refund: Option<&RefundId>, author: &AuthorId) -> StoredReply {
    let transaction = &shown.transaction;
    match transaction.refunds.iter().find(|it| Some(&it.id) == refund) {
        Some(it) => reply::json_reply(
            StatusCode::CREATED,
            &RefundView::new(transaction.id.as_str(), it, Some(author)),
        ),
        None => reply::json_reply(StatusCode::OK, &TransactionView::from(shown)),
    }
}

impl From<OperationError> for Problem {
    fn from(error: OperationError) -> Self {
        match error {
            OperationError::Key(error) => error.into(),
            OperationError::NotFound => Kind::NotFound.into(),
            OperationError::Amount(rule) => Self::invalid_request(vec![Fault::at_pointer("/amount", rule)]),
            OperationError::NotCapturable(NotCapturable::State) => Kind::PaymentNotCapturable.into(),
            OperationError::NotCapturable(NotCapturable::Exceeds) => Kind::CaptureExceedsAuthorized.into(),
            OperationError::NotVoidable(_) => Kind::PaymentNotVoidable.into(),
            OperationError::NotRefundable(NotRefundable::State) => Kind::PaymentNotRefundable.into(),
            OperationError::NotRefundable(NotRefundable::Exceeds) => Kind::RefundExceedsCaptured.into(),
            OperationError::Unsupported(reason) => Self::invalid_request(vec![amount_fault(reason)]),
            OperationError::NotRefundable(NotRefundable::TooManyPieces(at)) => lines_problem(
                Kind::ReturnExceedsOrdered,
                &at,
                "/quantity",
                "is more than was ordered and is not returned yet",
            ),
            OperationError::GatewayUnavailable(it) => it.into(),
            OperationError::Failed(error) => error.into(),
        }
    }
}

/// Names the only member of an operation that the client can change.
fn amount_fault(reason: Unsupported) -> Fault {
    let rule = match reason {
        Unsupported::CaptureMethod => "is of a capture method that the gateway does not support",
        Unsupported::Currency => "is in a currency that the gateway does not take",
        Unsupported::Amount => "cannot be represented by the gateway",
    };
    Fault::at_pointer("/amount", Invalid(rule))
}

/// List a transaction's refunds, oldest first
#[utoipa::path(get, operation_id = "refunds", path = "/v1/payments/{transactionId}/refunds", tag = "Payments", security(("bearer" = ["OPERATOR"])),
    params(("transactionId" = String, Path, description = "The transaction's id."), PageParameters), responses(
    (status = 200, description = "A page.", body = PageView<RefundView>),
    (status = 404, description = "No such transaction.")
))]
pub async fn list_refunds(
    service: SharedService,
    http: HttpRequest,
    staff: Staff,
    id: Path<String>,
) -> HandlerResult {
    let it = QueryParameters::new(&http);
    let cursors = it.cursors(&service);
    let page = it.read_page(&cursors)?;
    let id = parse_transaction_id(&id)?;
    let all = payments::list_refunds(&service.app, &staff, &id).await?.ok_or(Kind::NotFound)?;
    Ok(HttpResponse::Ok().json(PageView::from_list(
        &all,
        page,
        &cursors,
        |it| it.refund.id.as_str(),
        |it| RefundView::new(id.as_str(), &it.refund, it.author.as_ref()),
    )))
}
