//! Handlers for the deliveries to an endpoint: the log, sending one again, and the test message.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Path};
use application::webhooks;
use domain::{DeliveryId, WebhookDelivery};
use ports::StoredReply;

use super::{
    body::Body,
    decode::QueryParameters,
    extract::Operator,
    idempotency,
    openapi::{OptionalKeyHeader, PageParameters},
    problem::{HandlerResult, Kind},
    reply,
    view::{PageView, webhook::WebhookDeliveryView},
    webhooks::{parse_endpoint_id, read_nothing},
};
use crate::service::SharedService;

/// List the deliveries to an endpoint, newest first
///
/// Deliveries are deleted after 30 days, or whatever the service is configured with.
#[utoipa::path(get, operation_id = "deliveries", path = "/v1/webhook-endpoints/{id}/deliveries", tag = "Webhooks",
    security(("bearer" = ["OPERATOR"])),
    params(("id" = String, Path, description = "The endpoint's id."), PageParameters), responses(
    (status = 200, description = "A page.", body = PageView<WebhookDeliveryView>),
    (status = 404, description = "No such endpoint.")
))]
pub async fn list_deliveries(
    service: SharedService,
    http: HttpRequest,
    operator: Operator,
    id: Path<String>,
) -> HandlerResult {
    let mut it = QueryParameters::new(&http);
    let cursors = it.cursors(&service);
    let after = it.read_cursor(&cursors, DeliveryId::parse);
    let limit = it.read_limit();
    let (after, limit) = it.finish(|| Some((after?, limit?)))?;
    let id = parse_endpoint_id(&id)?;
    let found = webhooks::list_deliveries(&service.app, &operator, &id, after, limit).await?;
    let page = found.ok_or(Kind::NotFound)?;
    Ok(HttpResponse::Ok().json(PageView::from_page(&page, &cursors, |it| WebhookDeliveryView::from(it))))
}

fn render_delivery(it: &WebhookDelivery) -> StoredReply {
    reply::json_reply(StatusCode::ACCEPTED, &WebhookDeliveryView::from(it))
}

/// Send the event of a delivery once more
///
/// It is a delivery of its own, with the same event and the same `webhook-id`, and goes out at once: it waits for no
/// other event.
#[utoipa::path(post, operation_id = "redeliver", path = "/v1/webhook-endpoints/{id}/deliveries/{deliveryId}/redelivery",
    tag = "Webhooks", request_body(content = Option<Object>, description = "Nothing, or `{}`."),
    security(("bearer" = ["OPERATOR"])),
    params(
        ("id" = String, Path, description = "The endpoint's id."),
        ("deliveryId" = String, Path, description = "The delivery's id."),
        OptionalKeyHeader
    ), responses(
    (status = 202, description = "The new delivery.", body = WebhookDeliveryView),
    (status = 404, description = "No such endpoint or delivery."),
    (status = 409, description = "`webhook-endpoint-disabled` or `idempotency-in-progress`."),
    (status = 410, description = "`events-expired`: the event is no longer kept.")
))]
pub async fn redeliver(
    service: SharedService,
    http: HttpRequest,
    operator: Operator,
    path: Path<(String, String)>,
    body: Body,
) -> HandlerResult {
    let body = read_nothing(body).await?;
    let request = idempotency::read_key(&service, &http, operator.caller(), body.value())?;
    let (endpoint, delivery) = path.into_inner();
    let endpoint = parse_endpoint_id(&endpoint)?;
    let delivery = DeliveryId::parse(&delivery).map_err(|_| Kind::NotFound)?;
    reply::run_write(&service, async move |app| {
        webhooks::redeliver(&app, &operator, request, (&endpoint, &delivery), render_delivery).await
    })
    .await
}

/// Send a test message to an endpoint
///
/// Its type is `webhook.test`, which is no event of the feed, whatever types the endpoint wants.
#[utoipa::path(post, operation_id = "test", path = "/v1/webhook-endpoints/{id}/test", tag = "Webhooks",
    request_body(content = Option<Object>, description = "Nothing, or `{}`."), security(("bearer" = ["OPERATOR"])),
    params(("id" = String, Path, description = "The endpoint's id."), OptionalKeyHeader), responses(
    (status = 202, description = "The delivery.", body = WebhookDeliveryView),
    (status = 404, description = "No such endpoint."),
    (status = 409, description = "`webhook-endpoint-disabled` or `idempotency-in-progress`.")
))]
pub async fn send_test(
    service: SharedService,
    http: HttpRequest,
    operator: Operator,
    id: Path<String>,
    body: Body,
) -> HandlerResult {
    let body = read_nothing(body).await?;
    let request = idempotency::read_key(&service, &http, operator.caller(), body.value())?;
    let id = parse_endpoint_id(&id)?;
    reply::run_write(&service, async move |app| {
        webhooks::send_test(&app, &operator, request, &id, render_delivery).await
    })
    .await
}
