//! The list of orders, with its filters.

use actix_web::{HttpRequest, HttpResponse};
use application::orders::{self, CustomerQuery, ListError, OrderQuery};
use domain::{
    Email, Invalid, Order, UserId, Username,
    order::{OrderReference, OrderStatus},
};
use ports::{OrderCursor, OrderSort};

use super::{
    decode::QueryParameters,
    extract::Caller,
    openapi::PageParameters,
    orders::parse_status,
    problem::{Fault, FaultLocation, Faults, HandlerResult, Problem},
    view::{PageView, order::OrderView},
};
use crate::service::SharedService;

/// The name that this list's cursors are sealed under, with the filters.
const LIST_NAME: &str = "orders";
/// The longest username that is looked for, in bytes: an adopted one may be longer than a new one.
const USERNAME_BYTES_MAX: usize = 255;

/// List orders: my own, or for operators all
///
/// Newest first unless `sort` says otherwise. All filters must fit. A page may be short, or even empty, although more
/// pages follow: the list ends where `nextCursor` is null. A cursor belongs to the filters and the sort that it came
/// with.
///
/// Times are stamped by the clocks of several instances: they may differ by up to 10 s, and a commit takes time. A
/// client that polls must look back for 20 s: ask for `createdAfter`, or `updatedAfter` with `sort=updatedAt`, = the
/// newest known time less 20 s, and leave out the versions that are known. Nothing is missed then.
#[utoipa::path(get, operation_id = "list", path = "/v1/orders", tag = "Orders", security(("bearer" = [])),
    params(
        ("status" = Option<String>, Query, description = "Only orders with this status, or one of several, separated by \
            commas.", example = "PAID,PROCESSING"),
        ("createdAfter" = Option<String>, Query, description = "Only orders placed at or after this RFC 3339 time."),
        ("createdBefore" = Option<String>, Query, description = "Only orders placed before this RFC 3339 time."),
        ("updatedAfter" = Option<String>, Query, description = "Only orders that last changed at or after this RFC 3339 \
            time."),
        ("updatedBefore" = Option<String>, Query, description = "Only orders that last changed before this RFC 3339 time."),
        ("reference" = Option<String>, Query, description = "Only orders with exactly this reference."),
        ("sort" = Option<String>, Query, description = "`-createdAt` (the default), `createdAt`, `-updatedAt` or \
            `updatedAt`; the sign means the latest first."),
        ("userId" = Option<String>, Query, description = "Only orders of the user with this id; for operators."),
        ("email" = Option<String>, Query, description = "Only orders of the account with this e-mail address, regardless of \
            case; for operators."),
        ("username" = Option<String>, Query, description = "Only orders of the account with this name, regardless of case; \
            for operators."),
        PageParameters
    ), responses(
    (status = 200, description = "A page.", body = PageView<OrderView>)
))]
pub async fn list_orders(service: SharedService, http: HttpRequest, caller: Caller) -> HandlerResult {
    let mut it = QueryParameters::new(&http);
    // A cursor of other filters is refused: its position may be anywhere in this list.
    let list = it.list_name(LIST_NAME);
    let cursors = service.cursors_for(&list);
    let statuses = it.read_optional("status", parse_statuses);
    let created_after = it.read_time("createdAfter");
    let created_before = it.read_time("createdBefore");
    let updated_after = it.read_time("updatedAfter");
    let updated_before = it.read_time("updatedBefore");
    let reference = it.read_optional("reference", OrderReference::parse);
    let sort = it.read_optional("sort", parse_sort);
    let id = it.read_optional("userId", UserId::parse);
    let email = it.read_optional("email", Email::parse);
    let username = it.read_optional("username", parse_username);
    let after = it.read_cursor(&cursors, parse_cursor);
    let limit = it.read_limit();
    // What is for operators is refused by the use case and not here: access is decided in one place.
    let query = it.finish(|| {
        Some(OrderQuery {
            statuses: statuses?.unwrap_or_default(),
            created_after: created_after?,
            created_before: created_before?,
            updated_after: updated_after?,
            updated_before: updated_before?,
            reference: reference?,
            customer: CustomerQuery { id: id?, email: email?, username: username? },
            sort: sort?.unwrap_or_default(),
            after: after?,
            limit: limit?,
        })
    })?;
    let page = orders::list_orders(&service.app, &caller, query).await?;
    let customers = orders::find_customers(&service.app, &caller, &page.data).await?;
    let view = |it: &Order| OrderView::for_actor(it, caller.actor()).with_customer(customers.get(&it.owner));
    Ok(HttpResponse::Ok().json(PageView::from_page(&page, &cursors, view)))
}

/// Parses statuses that are separated by commas; one that is named twice counts once.
fn parse_statuses(text: &str) -> Result<Vec<OrderStatus>, Invalid> {
    let rule = Invalid("must be statuses of an order, separated by commas");
    let named: Vec<_> = text.split(',').map(parse_status).collect::<Result<_, _>>().map_err(|_| rule)?;
    Ok(OrderStatus::ALL.into_iter().filter(|it| named.contains(it)).collect())
}

fn parse_sort(text: &str) -> Result<OrderSort, Invalid> {
    match text {
        "-createdAt" => Ok(OrderSort::NewestFirst),
        "createdAt" => Ok(OrderSort::OldestFirst),
        "-updatedAt" => Ok(OrderSort::LastChangeFirst),
        "updatedAt" => Ok(OrderSort::FirstChangeFirst),
        _ => Err(Invalid("must be createdAt, -createdAt, updatedAt or -updatedAt")),
    }
}

fn parse_username(text: &str) -> Result<Username, Invalid> {
    let fits = (1..=USERNAME_BYTES_MAX).contains(&text.len());
    fits.then(|| Username::new(text.to_owned())).ok_or(Invalid("must be a username"))
}

fn parse_cursor(text: &str) -> Result<OrderCursor, Invalid> {
    OrderCursor::parse(text).ok_or(Invalid("must be a cursor of this list"))
}

impl From<ListError> for Problem {
    fn from(error: ListError) -> Self {
        match error {
            ListError::NotOperator(asked) => {
                let CustomerQuery { id, email, username } = asked;
                let names =
                    [("userId", id.is_some()), ("email", email.is_some()), ("username", username.is_some())];
                let fault = |(name, _): (&str, _)| {
                    Fault::new(FaultLocation::for_parameter(name), Invalid("is a parameter for operators"))
                };
                Self::invalid_request(Faults::from_each(names.into_iter().filter(|it| it.1), fault))
            }
            ListError::Failed(away) => away.into(),
        }
    }
}
