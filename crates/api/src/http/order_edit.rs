//! The handler that changes what is stored with an order.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, http::StatusCode, web::Path};
use application::orders::{self, EditError, EditRequest};
use domain::Order;
use ports::StoredReply;
use utoipa::ToSchema;

use super::{
    body::Body,
    conditional::{if_match, version_etag},
    extract::Caller,
    idempotency,
    openapi::{IfMatchHeader, OptionalKeyHeader},
    order_details::{AddressChanges, ContactInput, TrackingInput, read_order_patch},
    orders::parse_order_number,
    problem::{Fault, Faults, HandlerResult, Kind, Problem},
    reply,
    view::order::OrderView,
};
use crate::service::SharedService;

/// Changes of an order's details; a member that is missing stays as it is, and null removes it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct PatchOrder {
    /// The caller's own name of the order: 1-100 characters; null removes it.
    #[schema(min_length = 1, max_length = 100, example = "PO-2026-77")]
    pub reference: Option<String>,
    /// Pairs to set, and with null those to remove; the others stay. Null removes all. An order has at most 50,
    /// with keys of 1-40 and values of up to 500 characters.
    #[schema(example = json!({"channel": "web", "gift": null}))]
    pub metadata: Option<BTreeMap<String, Option<String>>>,
    /// The members to change of the contact; null removes a member, or all of it.
    pub contact: Option<ContactInput>,
    /// The members to change of the address; its `lines` are replaced together. Null removes a member, or all of
    /// it. An address keeps its lines and its country.
    pub shipping_address: Option<AddressChanges>,
    /// The members to change of the tracking, for operators, once the order was shipped; null removes a member, or
    /// all of it.
    pub tracking: Option<TrackingInput>,
}

/// Change what is stored with an order
///
/// A JSON merge patch (RFC 7396). The owner may change an order while it is `PENDING`, an operator always. A change
/// makes a new `version` and no history entry; a patch that changes nothing is 200 and makes none. An empty object
/// means the same as null for a contact or a tracking that has no member left.
#[utoipa::path(patch, operation_id = "edit", path = "/v1/orders/{orderNumber}", tag = "Orders", request_body = PatchOrder,
    security(("bearer" = [])),
    params(
        ("orderNumber" = String, Path, description = "The order's number."),
        OptionalKeyHeader,
        IfMatchHeader
    ), responses(
    (status = 200, description = "The order.", body = OrderView, headers(
        ("ETag" = String, description = "Tag of its version.")
    )),
    (status = 403, description = "`forbidden`: the tracking is for operators."),
    (status = 404, description = "No such order, or another customer's."),
    (status = 409, description = "`order-not-editable`: it is not pending any more, or for a tracking it was not shipped."),
    (status = 412, description = "The order has another version."),
    (status = 429, description = "`too-many-requests`: this user has changed orders too often within a minute.")
))]
pub async fn patch_order(
    service: SharedService,
    http: HttpRequest,
    caller: Caller,
    number: Path<String>,
    body: Body,
) -> HandlerResult {
    let body = body.read_json().await?;
    let request = idempotency::read_key(&service, &http, &caller, body.value())?;
    let mut it = body.fields();
    let patch = read_order_patch(&mut it);
    let patch = it.finish(|| patch)?;
    let number = parse_order_number(&number)?;
    let customer = orders::find_customer_of(&service.app, &caller, &number).await?;
    let ask = EditRequest { number, patch, if_match: if_match(&http) };
    let actor = caller.actor();
    let render = move |order: &Order| StoredReply {
        etag: Some(version_etag(order.version)),
        ..reply::json_reply(
            StatusCode::OK,
            &OrderView::for_actor(order, actor).with_customer(customer.as_ref()),
        )
    };
    reply::run_write(&service, async move |app| orders::edit_order(&app, &caller, request, ask, render).await)
        .await
}

impl From<EditError> for Problem {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Key(error) => error.into(),
            EditError::NotFound => Kind::NotFound.into(),
            EditError::PreconditionFailed => Kind::PreconditionFailed.into(),
            EditError::TrackingForbidden => Kind::Forbidden.into(),
            EditError::NotPending => Kind::OrderNotEditable.into(),
            EditError::NotShipped => Self::new(Kind::OrderNotEditable)
                .with_detail("The order was not shipped, so there is no parcel to track."),
            EditError::Invalid(faults) => {
                let fault = |(pointer, rule): (&'static str, _)| Fault::at_pointer(pointer.to_owned(), rule);
                Self::invalid_request(Faults::from_each(faults, fault))
            }
            EditError::Throttled(limit) => Self::too_many_requests(limit),
            EditError::Failed(error) => error.into(),
        }
    }
}
