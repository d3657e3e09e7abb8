//! The list of orders, with its filters.

use actix_web::{HttpRequest, HttpResponse};
use application::orders::{self, CustomerQuery, ListError, OrderQuery};
use domain::{
    Email, Invalid, Order, UserId, Username,
    order::{OrderReference, OrderStatus},
};
use ports::{OrderCursor, OrderSearch, OrderSort};
use utoipa::IntoParams;

use super::{
    decode::QueryParameters,
    extract::Caller,
    openapi::PageParameters,
    orders::parse_status,
    problem::{Fault, FaultLocation, Faults, HandlerResult, Problem},
    view::{PageView, order::OrderView},
};
use crate::service::SharedService;

/// The longest username that is looked for, in bytes: an adopted one may be longer than a new one.
const USERNAME_BYTES_MAX: usize = 255;

/// List orders: my own, or for operators and API keys all
///
/// Newest first unless `sort` says otherwise. All filters must fit. A page may be short, or even empty, although more
/// pages follow: the list ends where `nextCursor` is null. A cursor belongs to the filters and the sort that it came
/// with.
///
/// Times are stamped by the clocks of several instances: they may differ by up to 10 s, and a commit takes time. A
/// client that polls must look back for 20 s: ask for `createdAfter`, or `updatedAfter` with `sort=updatedAt`, = the
/// newest known time less 20 s, and leave out the versions that are known. Nothing is missed then.
///
/// Orders that closed long ago can be archived: they are in no list, and are found by their numbers as before.
#[utoipa::path(get, operation_id = "list", path = "/v1/orders", tag = "Orders", security(("bearer" = [])),
    params(
        OrderFilterParameters,
        ("sort" = Option<String>, Query, description = "`-createdAt` (the default), `createdAt`, `-updatedAt` or \
            `updatedAt`; the sign means the latest first."),
        PageParameters
    ), responses(
    (status = 200, description = "A page.", body = PageView<OrderView>)
))]
pub async fn list_orders(service: SharedService, http: HttpRequest, caller: Caller) -> HandlerResult {
    let mut it = QueryParameters::new(&http);
    let cursors = it.cursors(&service);
    let filters = read_filters(&mut it);
    let sort = it.read_optional("sort", parse_sort);
    let after = it.read_cursor(&cursors, parse_cursor);
    let limit = it.read_limit();
    let query = it.finish(|| {
        Some(OrderQuery { sort: sort?.unwrap_or_default(), after: after?, limit: limit?, ..filters? })
    })?;
    let page = orders::list_orders(&service.app, &caller, query).await?;
    let customers = orders::find_customers(&service.app, &caller, &page.data).await?;
    let view = |it: &Order| OrderView::for_actor(it, caller.actor()).with_customer(customers.get(&it.owner));
    Ok(HttpResponse::Ok().json(PageView::from_page(&page, &cursors, view)))
}

/// The filters that the list and the export of orders share.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct OrderFilterParameters {
    /// Only orders with this status, or one of several, separated by commas.
    #[param(example = "PAID,PROCESSING")]
    pub status: Option<String>,
    /// Only orders placed at or after this RFC 3339 time.
    pub created_after: Option<String>,
    /// Only orders placed before this RFC 3339 time.
    pub created_before: Option<String>,
    /// Only orders that last changed at or after this RFC 3339 time.
    pub updated_after: Option<String>,
    /// Only orders that last changed before this RFC 3339 time.
    pub updated_before: Option<String>,
    /// Only orders with exactly this reference.
    pub reference: Option<String>,
    /// Only orders of the user with this id; for operators.
    pub user_id: Option<String>,
    /// Only orders of the account with this e-mail address, regardless of case; for operators.
    pub email: Option<String>,
    /// Only orders of the account with this name, regardless of case; for operators.
    pub username: Option<String>,
    /// Only orders with this text, regardless of case, as a part of their number or reference, or of the name, e-mail
    /// address or phone number (by its digits) of their contact or customer; for operators. A text that is the number
    /// of an order finds only it. A search looks at 10,000 orders a page: follow `nextCursor` to search the older ones.
    #[param(min_length = 3, max_length = 254, example = "ada@example")]
    pub q: Option<String>,
}

/// Reads the filters; the query begins at the first page, in the default order.
// What is for operators is refused by the use case and not here: access is decided in one place.
pub(super) fn read_filters(it: &mut QueryParameters) -> Option<OrderQuery> {
    let statuses = it.read_optional("status", parse_statuses);
    let created_after = it.read_time("createdAfter");
    let created_before = it.read_time("createdBefore");
    let updated_after = it.read_time("updatedAfter");
    let updated_before = it.read_time("updatedBefore");
    let reference = it.read_optional("reference", OrderReference::parse);
    let id = it.read_optional("userId", UserId::parse);
    let email = it.read_optional("email", Email::parse);
    let username = it.read_optional("username", parse_username);
    let search = it.read_optional("q", OrderSearch::parse);
    Some(OrderQuery {
        statuses: statuses?.unwrap_or_default(),
        created_after: created_after?,
        created_before: created_before?,
        updated_after: updated_after?,
        updated_before: updated_before?,
        reference: reference?,
        customer: CustomerQuery { id: id?, email: email?, username: username?, search: search? },
        ..OrderQuery::default()
    })
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
                let CustomerQuery { id, email, username, search } = asked;
                let names = [
                    ("userId", id.is_some()),
                    ("email", email.is_some()),
                    ("username", username.is_some()),
                    ("q", search.is_some()),
                ];
                let fault = |(name, _): (&str, _)| {
                    Fault::new(FaultLocation::for_parameter(name), Invalid("is a parameter for operators"))
                };
                Self::invalid_request(Faults::from_each(names.into_iter().filter(|it| it.1), fault))
            }
            ListError::Failed(error) => error.into(),
        }
    }
}
