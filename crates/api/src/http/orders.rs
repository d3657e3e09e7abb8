//! Handlers that place, list, show and move orders.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Path};
use application::{
    auth::revocations::CLOCK_SKEW_MAX,
    orders::{self, Buyer, OrderLineInput, PlaceError, TransitionError, TransitionRequest},
};
use domain::{
    Invalid, Order, OrderNumber, ProductId, Text, UserId,
    order::{LINES_MAX, OrderDetails, OrderStatus, QUANTITY_MAX},
};
use ports::StoredReply;
use utoipa::ToSchema;

use super::{
    body::{Body, JsonBody},
    conditional::{conditional_json, conditional_response, full_response, if_match, version_etag},
    decode::{Fields, decimal_string, text, whole_number},
    extract::Caller,
    idempotency,
    openapi::{IdempotencyKeyHeader, IfMatchHeader, IfNoneMatchHeader, OptionalKeyHeader},
    order_details::{AddressInput, ContactInput, TrackingInput, read_details, read_tracking},
    problem::{Fault, Faults, HandlerResult, Kind, Problem, Rule},
    reply,
    view::{
        PageView,
        order::{HistoryView, OrderView},
    },
};
use crate::service::SharedService;

/// An order to place: products and quantities, priced by the server.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct PlaceOrder {
    /// Only for API keys, which need it: id of the user whose order it becomes. Its limits are that user's.
    #[schema(min_length = 1, max_length = 255, nullable = false)]
    pub customer_id: Option<String>,
    /// 1-100 lines; lines for the same product are merged, and may add up to 9999 pieces at most.
    #[schema(min_items = 1, max_items = 100)]
    pub items: Vec<PlaceItem>,
    /// The caller's own name of the order: 1-100 characters without white space around them, or null. Orders can be
    /// listed by it; it need not be unique.
    #[schema(min_length = 1, max_length = 100, example = "PO-2026-77")]
    pub reference: Option<String>,
    /// Up to 50 pairs of the caller's own, with keys of 1-40 and values of up to 500 characters. Null is the same as
    /// an empty object.
    #[schema(example = json!({"channel": "web"}))]
    pub metadata: Option<BTreeMap<String, String>>,
    /// The person or company to ask about the order, or null.
    pub contact: Option<ContactInput>,
    /// Where the goods go, or null.
    pub shipping_address: Option<AddressInput>,
}

/// A line of an order to place.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct PlaceItem {
    /// The operator's id of the product: 1-255 characters.
    #[schema(example = "sku-1")]
    pub product_id: String,
    /// Number of pieces, 1 to 9999.
    #[schema(minimum = 1, maximum = 9_999, example = 2)]
    pub quantity: u32,
    /// Price of one piece that the buyer saw, in major units: if the catalogue has another one, nothing is
    /// ordered. Null or missing: the order is placed at the catalogue's price.
    #[schema(example = "9.99")]
    pub price: Option<String>,
}

/// A move of an order to another status.
#[derive(ToSchema)]
pub struct Move {
    /// Status to move to; see `allowedTransitions` of the order.
    #[schema(example = "CANCELLED")]
    pub to: String,
    /// Reason for the move, stored in the history: 1-500 characters, or null.
    #[schema(max_length = 500)]
    pub reason: Option<String>,
    /// The parcel, only for a move to `SHIPPED`; null or missing leaves it as it is.
    pub tracking: Option<TrackingInput>,
}

/// Place an order
///
/// The server prices the order and reserves the stock in the same commit. An API key orders on behalf of the user that
/// `customerId` names. The same key with the same request
/// gets the same answer forever. What is stored with the order is kept and shown exactly as it was sent.
#[utoipa::path(post, operation_id = "place", path = "/v1/orders", tag = "Orders", request_body = PlaceOrder, security(("bearer" = [])),
    params(IdempotencyKeyHeader), responses(
    (status = 201, description = "The order.", body = OrderView, headers(
        ("Location" = String, description = "Path of the order."),
        ("ETag" = String, description = "Tag of its version.")
    )),
    (status = 409, description = "`price-changed`, `out-of-stock` or `idempotency-in-progress`."),
    (status = 429, description = "The user has too many unpaid orders, or places too many within a minute."),
    (status = 422, description = "`invalid-request`, `unknown-product`, `mixed-currencies`, `card-data-refused` or \
        `idempotency-key-reused`.")
))]
pub async fn place_order(
    service: SharedService,
    http: HttpRequest,
    caller: Caller,
    body: Body,
) -> HandlerResult {
    let body = body.read_json().await?;
    let request = idempotency::require_key(&service, &http, &caller, body.value())?;
    let (actor, sees_customer) = (caller.actor(), caller.is_staff());
    let (buyer, lines, details) = read_order(&body, caller.0)?;
    // The answer is rendered inside the use case, because it is committed with the order: a retry gets these
    // bytes, also when the order has moved on.
    reply::run_write(&service, async move |app| {
        orders::place_order(&app, &buyer, request, lines, details, |order, owner| {
            let view = OrderView::for_actor(order, actor).with_customer(sees_customer.then_some(owner));
            render_new_order(&view, order)
        })
        .await
    })
    .await
}

fn render_new_order(view: &OrderView, order: &Order) -> StoredReply {
    StoredReply {
        location: Some(format!("/v1/orders/{}", order.number)),
        etag: Some(version_etag(order.version)),
        ..reply::json_reply(StatusCode::CREATED, view)
    }
}

fn read_order(
    body: &JsonBody,
    caller: application::Caller,
) -> Result<(Buyer, Vec<OrderLineInput>, OrderDetails), Problem> {
    let mut it = body.fields();
    let buyer = read_buyer(&mut it, caller);
    let items = it.read_list("items", 1..=LINES_MAX, |item| {
        let product = item.read_required("productId", text(ProductId::parse));
        let quantity = item.read_required("quantity", whole_number(1..=QUANTITY_MAX));
        // As text: the currency, and so the number of decimals, is known only when the product has been read.
        let seen_price = item.read_optional("price", text(decimal_string));
        Some(OrderLineInput { product: product?, quantity: quantity?, seen_price: seen_price? })
    });
    let details = read_details(&mut it);
    let excess = || items.as_deref().map(find_excess).unwrap_or_default();
    it.finish_beside(excess, || Some((buyer?, items.clone()?, details?)))
}

fn find_excess(lines: &[OrderLineInput]) -> Vec<Fault> {
    orders::find_excess_lines(lines).into_iter().map(|at| excess_fault(at, QUANTITY_MAX)).collect()
}

fn excess_fault(at: usize, max: u32) -> Fault {
    let rule = Rule(format!("must not add up to more than {max} for one product").into());
    Fault::at_pointer(format!("/items/{at}/quantity"), rule)
}

/// A service says for whom it orders; a user orders for themselves.
fn read_buyer(it: &mut Fields<'_>, caller: application::Caller) -> Option<Buyer> {
    match caller {
        application::Caller::User(user) => match it.read_if_present("customerId", |_| Ok(()))? {
            None => Some(Buyer::User(user)),
            Some(()) => it.add_fault("customerId", Invalid("is only for API keys")),
        },
        application::Caller::Service(service) => {
            let customer = it.read_required("customerId", text(UserId::parse))?;
            Some(Buyer::Service { service, customer })
        }
    }
}

impl From<PlaceError> for Problem {
    fn from(error: PlaceError) -> Self {
        match error {
            PlaceError::Key(error) => error.into(),
            PlaceError::TooMany { at, max } => {
                Self::invalid_request(Faults::from_each(at, |at: usize| excess_fault(at, max)))
            }
            PlaceError::UnknownCustomer => {
                let rule = Invalid("is no user who can order");
                Self::invalid_request(vec![Fault::at_pointer("/customerId", rule)])
            }
            PlaceError::UnknownProduct(at) => {
                lines_problem(Kind::UnknownProduct, &at, "/productId", "is no product that can be ordered")
            }
            PlaceError::MixedCurrencies(at) => lines_problem(
                Kind::MixedCurrencies,
                &at,
                "/productId",
                "has another currency than the first item",
            ),
            PlaceError::PriceChanged(at) => {
                lines_problem(Kind::PriceChanged, &at, "/price", "is not the price any more")
            }
            PlaceError::OutOfStock(at) => {
                lines_problem(Kind::OutOfStock, &at, "", "is more than there is in stock")
            }
            PlaceError::NoPrice(at) => {
                let fault = |(at, rule)| Fault::at_pointer(format!("/items/{at}/price"), rule);
                Self::invalid_request(Faults::from_each(at, fault))
            }
            PlaceError::TooMuch(rule) => Self::invalid_request(vec![Fault::at_pointer("/items", rule)]),
            PlaceError::Throttled(it) => Self::too_many_requests(it),
            PlaceError::Failed(error) => error.into(),
        }
    }
}

/// A problem with one fault for each line that it is about; `member` is the pointer within the line.
pub(super) fn lines_problem(kind: Kind, at: &[usize], member: &str, rule: &'static str) -> Problem {
    let fault = |at: &usize| Fault::at_pointer(format!("/items/{at}{member}"), Invalid(rule));
    Problem::new(kind).with_errors(Faults::from_each(at, fault))
}

/// Get an order by its number
#[utoipa::path(get, operation_id = "find", path = "/v1/orders/{orderNumber}", tag = "Orders", security(("bearer" = [])),
    params(
        ("orderNumber" = String, Path, description = "The order's number."),
        IfNoneMatchHeader
    ), responses(
    (status = 200, description = "The order.", body = OrderView),
    (status = 304, description = "The order still has that version. Operators and services get it only if the customer's account has not changed since, either."),
    (status = 404, description = "No such order, or another customer's.")
))]
pub async fn get_order(
    service: SharedService,
    http: HttpRequest,
    caller: Caller,
    number: Path<String>,
) -> HandlerResult {
    // Another customer's order is 404 and not 403, so that numbers cannot be tried for existence.
    let (actor, number) = (caller.actor(), parse_order_number(&number)?);
    if caller.is_staff() {
        let order = orders::find_order(&service.app, &caller, &number).await?.ok_or(Kind::NotFound)?;
        let customers = orders::find_customers(&service.app, &caller, [&order]).await?;
        let customer = customers.get(&order.owner);
        let view = OrderView::for_actor(&order, actor).with_customer(customer);
        // The version does not count changes of the account, whose name and address are shown, too.
        let since = order.updated_at.saturating_sub(CLOCK_SKEW_MAX);
        if customer.and_then(|it| it.changed_at).is_some_and(|at| at >= since) {
            return Ok(full_response(order.version, &view));
        }
        return Ok(conditional_response(&http, order.version, &view));
    }
    // A view is plain data with text keys: serialising it cannot fail.
    let render = |it: &Order| serde_json::to_vec(&OrderView::for_actor(it, actor)).unwrap_or_default();
    let found = orders::find_rendered_order(&service.app, &caller, &number, render).await?;
    let order = found.ok_or(Kind::NotFound)?;
    Ok(conditional_json(&http, order.version, order.body))
}

/// Reads an order's number from a path. A text that cannot be a number names no order.
///
/// # Errors
/// `not-found`.
pub fn parse_order_number(number: &str) -> Result<OrderNumber, Problem> {
    OrderNumber::parse(number).map_err(|_| Kind::NotFound.into())
}

/// Parses the name of a status.
///
/// # Errors
/// [`Invalid`] when there is no such status.
pub(super) fn parse_status(text: &str) -> Result<OrderStatus, Invalid> {
    OrderStatus::parse(text).ok_or(Invalid("must be one of the ten statuses of an order"))
}

/// List an order's history, oldest first
///
/// In the order of `sequence`, which does not depend on clocks.
#[utoipa::path(get, operation_id = "history", path = "/v1/orders/{orderNumber}/history", tag = "Orders", security(("bearer" = [])),
    params(("orderNumber" = String, Path, description = "The order's number.")), responses(
    (status = 200, description = "The whole history on one page.", body = PageView<HistoryView>),
    (status = 404, description = "No such order, or another customer's.")
))]
pub async fn get_history(service: SharedService, caller: Caller, number: Path<String>) -> HandlerResult {
    // On one page: an order goes through few statuses, so its history is short.
    let entries = orders::find_history(&service.app, &caller, &parse_order_number(&number)?)
        .await?
        .ok_or(Kind::NotFound)?;
    Ok(HttpResponse::Ok().json(PageView::single_page(&entries, |it| HistoryView::from(it))))
}

/// Move an order to another status
///
/// Asking for the status that the order already has is 200 and changes nothing. PAID, REFUNDED and CLOSED
/// cannot be asked for: money and time bring them; but an operator who refuses a refund sends the order back
/// to where it came from. That needs `If-Match` with the `ETag` that was seen (`*` names none), so that a
/// request which is older than the refund does not refuse it.
#[utoipa::path(post, operation_id = "transition", path = "/v1/orders/{orderNumber}/transitions", tag = "Orders", request_body = Move,
    security(("bearer" = [])),
    params(
        ("orderNumber" = String, Path, description = "The order's number."),
        OptionalKeyHeader,
        IfMatchHeader
    ), responses(
    (status = 200, description = "The order.", body = OrderView, headers(
        ("ETag" = String, description = "Tag of its version.")
    )),
    (status = 404, description = "No such order, or another customer's."),
    (status = 409, description = "`transition-not-allowed`, with `allowedTransitions`; `out-of-stock`: pieces that are to be shipped went back into stock with a refund that failed, and there is not enough of them any more."),
    (status = 412, description = "The order has another version."),
    (status = 428, description = "`precondition-required`: a refund is asked for, and `If-Match` names no version."),
    (status = 429, description = "`too-many-requests`: this user has sent too many changes of orders with keys that changed nothing within a minute.")
))]
pub async fn transition_order(
    service: SharedService,
    http: HttpRequest,
    caller: Caller,
    number: Path<String>,
    body: Body,
) -> HandlerResult {
    let body = body.read_json().await?;
    let request = idempotency::read_key(&service, &http, &caller, body.value())?;
    let mut it = body.fields();
    let to = it.read_required("to", text(parse_status));
    let reason = it.read_optional("reason", text(Text::parse));
    let tracking = match (read_tracking(&mut it), to) {
        (Some(Some(_)), Some(to)) if to != OrderStatus::Shipped => {
            it.add_fault("tracking", Invalid("is only for a move to SHIPPED"))
        }
        (tracking, _) => tracking,
    };
    let (to, reason, tracking) = it.finish(|| Some((to?, reason?, tracking?)))?;
    let number = parse_order_number(&number)?;
    let customer = orders::find_customer_of(&service.app, &caller, &number).await?;
    // `If-Match` goes to the use case, which compares it with the version that it is going to change.
    // Compared here, with an order that was read before, the check could be outdated by the commit.
    let ask = TransitionRequest { number, to, reason, tracking, if_match: if_match(&http) };
    let actor = caller.actor();
    let render = move |order: &Order| StoredReply {
        etag: Some(version_etag(order.version)),
        ..reply::json_reply(
            StatusCode::OK,
            &OrderView::for_actor(order, actor).with_customer(customer.as_ref()),
        )
    };
    reply::run_write(&service, async move |app| {
        orders::transition_order(&app, &caller, request, ask, render).await
    })
    .await
}

impl From<TransitionError> for Problem {
    fn from(error: TransitionError) -> Self {
        match error {
            TransitionError::Key(error) => error.into(),
            TransitionError::NotFound => Kind::NotFound.into(),
            TransitionError::PreconditionFailed => Kind::PreconditionFailed.into(),
            TransitionError::PreconditionRequired => Kind::PreconditionRequired.into(),
            TransitionError::OutOfStock(products) => {
                let rule = |it: &ProductId| {
                    format!("ships pieces of `{it}` that a failed refund put back, and others bought")
                };
                let fault = |it: ProductId| Fault::at_pointer("/to", Rule(rule(&it).into()));
                Self::new(Kind::OutOfStock).with_errors(Faults::from_each(products, fault))
            }
            TransitionError::NotAllowed(it) => {
                Self::new(Kind::TransitionNotAllowed).with_allowed_transitions(it.allowed)
            }
            TransitionError::Throttled(limit) => Self::too_many_requests(limit),
            TransitionError::Failed(error) => error.into(),
        }
    }
}
