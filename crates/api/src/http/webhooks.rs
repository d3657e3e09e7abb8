//! Handlers for the endpoints of webhooks: made, listed, changed and deleted by operators.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Path};
use application::webhooks::{self, EndpointError, NewEndpoint};
use domain::{
    EndpointId, FeedEventType, Invalid, Text, WebhookEndpoint,
    order::Patch,
    webhook::{EndpointPatch, EventTypes, SigningSecret, WebhookUrl},
};
use ports::StoredReply;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    body::{Body, JsonBody},
    conditional::{conditional_response, if_match, version_etag},
    decode::{Fields, QueryParameters, read_bool, text},
    extract::Operator,
    idempotency,
    openapi::{IfMatchHeader, IfNoneMatchHeader, OptionalKeyHeader, PageParameters},
    problem::{Fault, HandlerResult, Kind, Problem},
    reply,
    view::{
        PageView,
        feed::EventType,
        webhook::{WebhookEndpointView, WebhookSecretView},
    },
};
use crate::service::SharedService;

/// An endpoint as an operator defines it.
#[derive(ToSchema)]
pub struct CreateWebhookEndpoint {
    /// Address that messages are posted to, `https://` in visible ASCII characters without a user, a password or a
    /// fragment. It must not lead to a private, loopback, link-local or otherwise special address, unless the service is
    /// configured to allow it (`IDEM_WEBHOOK_ALLOW`); such addresses may be `http://` too.
    #[schema(max_length = 2048, example = "https://ledger.example/hooks")]
    pub url: String,
    /// Types of the events that it gets; empty, null or missing: all types.
    #[schema(max_items = 100, example = json!(["order.paid", "order.refunded"]))]
    pub types: Option<Vec<EventType>>,
    /// A note about it: 1-500 characters; null or missing: none.
    #[schema(min_length = 1, max_length = 500)]
    pub description: Option<String>,
}

/// Changes of an endpoint; a member that is missing stays as it is.
#[derive(ToSchema)]
pub struct PatchWebhookEndpoint {
    /// The new address, by the same rules.
    #[schema(max_length = 2048, nullable = false)]
    pub url: Option<String>,
    /// The new types; empty or null: all types.
    #[schema(max_items = 100)]
    pub types: Option<Vec<EventType>>,
    /// The new note; null removes it.
    #[schema(min_length = 1, max_length = 500)]
    pub description: Option<String>,
    /// `true`: nothing is sent from now on, and events wait. `false`: it gets the events that have waited, and the new
    /// ones.
    #[schema(nullable = false)]
    pub disabled: Option<bool>,
}

/// Create a webhook endpoint
///
/// It gets the events from now on, in messages by the Standard Webhooks specification. The answer shows the signing
/// secret, and no other one does. A replay of this answer shows it again.
#[utoipa::path(post, operation_id = "create", path = "/v1/webhook-endpoints", tag = "Webhooks",
    request_body = CreateWebhookEndpoint, security(("bearer" = ["OPERATOR"])),
    params(OptionalKeyHeader), responses(
    (status = 201, description = "The endpoint with its secret.", body = WebhookSecretView, headers(
        ("Location" = String, description = "Path of the endpoint."),
        ("ETag" = String, description = "Tag of its version.")
    )),
    (status = 409, description = "`too-many-webhook-endpoints` or `idempotency-in-progress`.")
))]
pub async fn create_endpoint(
    service: SharedService,
    http: HttpRequest,
    operator: Operator,
    body: Body,
) -> HandlerResult {
    let body = body.read_json().await?;
    let request = idempotency::read_key(&service, &http, operator.caller(), body.value())?;
    let ask = read_endpoint(&body)?;
    let render = |it: &WebhookEndpoint, secret: &SigningSecret| StoredReply {
        location: Some(format!("/v1/webhook-endpoints/{}", it.id)),
        ..render_secret(StatusCode::CREATED, it, secret)
    };
    reply::run_write(&service, async move |app| {
        webhooks::create_endpoint(&app, &operator, request, ask, render).await
    })
    .await
}

fn read_endpoint(body: &JsonBody) -> Result<NewEndpoint, Problem> {
    let mut it = body.fields();
    let url = it.read_required("url", text(WebhookUrl::parse));
    let types = read_types(&mut it);
    let description = it.read_optional("description", text(Text::parse));
    it.finish(|| {
        Some(NewEndpoint { url: url?, types: types?.unwrap_or_default(), description: description? })
    })
}

/// Reads the types: the inner `None` if the member is missing, no names for all types.
fn read_types(it: &mut Fields<'_>) -> Option<Option<EventTypes>> {
    let parse = |text: &str| {
        let known = FeedEventType::parse(text).map(|it| it.as_str().to_owned());
        known.ok_or(Invalid("must be the type of an event"))
    };
    Some(match it.read_texts_patch("types", 0..=EventTypes::COUNT_MAX, parse)? {
        Patch::Keep => None,
        Patch::Remove => Some(EventTypes::default()),
        Patch::Set(names) => Some(EventTypes::new(names)),
    })
}

fn render_endpoint(status: StatusCode, it: &WebhookEndpoint) -> StoredReply {
    StoredReply {
        etag: Some(version_etag(it.version)),
        ..reply::json_reply(status, &WebhookEndpointView::from(it))
    }
}

fn render_secret(status: StatusCode, it: &WebhookEndpoint, secret: &SigningSecret) -> StoredReply {
    StoredReply {
        etag: Some(version_etag(it.version)),
        ..reply::json_reply(status, &WebhookSecretView::new(it, secret))
    }
}

/// List endpoints, oldest first
#[utoipa::path(get, operation_id = "list", path = "/v1/webhook-endpoints", tag = "Webhooks",
    security(("bearer" = ["OPERATOR"])), params(PageParameters), responses(
    (status = 200, description = "A page.", body = PageView<WebhookEndpointView>)
))]
pub async fn list_endpoints(service: SharedService, http: HttpRequest, operator: Operator) -> HandlerResult {
    let mut it = QueryParameters::new(&http);
    let cursors = it.cursors(&service);
    let after = it.read_cursor(&cursors, EndpointId::parse);
    let limit = it.read_limit();
    let (after, limit) = it.finish(|| Some((after?, limit?)))?;
    let page = webhooks::list_endpoints(&service.app, &operator, after, limit).await?;
    Ok(HttpResponse::Ok().json(PageView::from_page(&page, &cursors, |it| WebhookEndpointView::from(it))))
}

/// Get an endpoint
#[utoipa::path(get, operation_id = "find", path = "/v1/webhook-endpoints/{id}", tag = "Webhooks",
    security(("bearer" = ["OPERATOR"])),
    params(("id" = String, Path, description = "The endpoint's id."), IfNoneMatchHeader), responses(
    (status = 200, description = "The endpoint.", body = WebhookEndpointView, headers(
        ("ETag" = String, description = "Tag of its version.")
    )),
    (status = 304, description = "The endpoint still has that version."),
    (status = 404, description = "No such endpoint.")
))]
pub async fn get_endpoint(
    service: SharedService,
    http: HttpRequest,
    operator: Operator,
    id: Path<String>,
) -> HandlerResult {
    let found = webhooks::find_endpoint(&service.app, &operator, &parse_endpoint_id(&id)?).await?;
    let endpoint = found.ok_or(Kind::NotFound)?;
    Ok(conditional_response(&http, endpoint.version, &WebhookEndpointView::from(&endpoint)))
}

/// An id that breaks the rule for ids names no endpoint, so it is 404 like any other unknown one.
pub(super) fn parse_endpoint_id(id: &str) -> Result<EndpointId, Problem> {
    EndpointId::parse(id).map_err(|_| Kind::NotFound.into())
}

/// Change an endpoint
///
/// A change that changes nothing is 200 and makes no version. An endpoint that the service has disabled is enabled here, too.
#[utoipa::path(patch, operation_id = "patch", path = "/v1/webhook-endpoints/{id}", tag = "Webhooks",
    request_body = PatchWebhookEndpoint, security(("bearer" = ["OPERATOR"])),
    params(("id" = String, Path, description = "The endpoint's id."), IfMatchHeader, OptionalKeyHeader), responses(
    (status = 200, description = "The endpoint.", body = WebhookEndpointView, headers(
        ("ETag" = String, description = "Tag of its version.")
    )),
    (status = 404, description = "No such endpoint."),
    (status = 412, description = "The endpoint has another version.")
))]
pub async fn patch_endpoint(
    service: SharedService,
    http: HttpRequest,
    operator: Operator,
    id: Path<String>,
    body: Body,
) -> HandlerResult {
    let body = body.read_json().await?;
    let request = idempotency::read_key(&service, &http, operator.caller(), body.value())?;
    let patch = read_patch(&body)?;
    let (id, meant) = (parse_endpoint_id(&id)?, if_match(&http));
    let render = |it: &WebhookEndpoint| render_endpoint(StatusCode::OK, it);
    reply::run_write(&service, async move |app| {
        webhooks::patch_endpoint(&app, &operator, request, (&id, patch, meant), render).await
    })
    .await
}

fn read_patch(body: &JsonBody) -> Result<EndpointPatch, Problem> {
    let mut it = body.fields();
    let url = it.read_if_present("url", text(WebhookUrl::parse));
    let types = read_types(&mut it);
    let description = it.read_patch("description", text(Text::parse));
    let disabled = it.read_if_present("disabled", read_bool);
    it.finish(|| {
        let description = match description? {
            Patch::Keep => None,
            Patch::Remove => Some(None),
            Patch::Set(text) => Some(Some(text)),
        };
        Some(EndpointPatch { url: url?, types: types?, description, disabled: disabled? })
    })
}

/// Delete an endpoint
///
/// Nothing more is sent to it, and what waits is dropped.
#[utoipa::path(delete, operation_id = "delete", path = "/v1/webhook-endpoints/{id}", tag = "Webhooks",
    security(("bearer" = ["OPERATOR"])),
    params(("id" = String, Path, description = "The endpoint's id."), IfMatchHeader, OptionalKeyHeader), responses(
    (status = 204, description = "Deleted."),
    (status = 404, description = "No such endpoint."),
    (status = 412, description = "The endpoint has another version.")
))]
pub async fn delete_endpoint(
    service: SharedService,
    http: HttpRequest,
    operator: Operator,
    id: Path<String>,
) -> HandlerResult {
    // There is no body: route and id are the whole request.
    let request = idempotency::read_key(&service, &http, operator.caller(), &Value::Null)?;
    let (id, meant) = (parse_endpoint_id(&id)?, if_match(&http));
    reply::run_write(&service, async move |app| {
        webhooks::delete_endpoint(&app, &operator, request, (&id, meant), reply::no_content()).await
    })
    .await
}

/// Rotate an endpoint's signing secret
///
/// For 24 hours messages have two signatures, of the new secret and of the one before, so that the receiver can be
/// changed without a break; until they are over there is no other rotation. The answer shows the new secret, and no other one does. A replay of this answer shows it
/// again.
#[utoipa::path(post, operation_id = "rotateSecret", path = "/v1/webhook-endpoints/{id}/secret-rotation", tag = "Webhooks",
    request_body(content = Option<Object>, description = "Nothing, or `{}`."), security(("bearer" = ["OPERATOR"])),
    params(("id" = String, Path, description = "The endpoint's id."), IfMatchHeader, OptionalKeyHeader), responses(
    (status = 200, description = "The endpoint with its new secret.", body = WebhookSecretView, headers(
        ("ETag" = String, description = "Tag of its version.")
    )),
    (status = 404, description = "No such endpoint."),
    (status = 409, description = "`old-secret-signs` or `idempotency-in-progress`."),
    (status = 412, description = "The endpoint has another version.")
))]
pub async fn rotate_secret(
    service: SharedService,
    http: HttpRequest,
    operator: Operator,
    id: Path<String>,
    body: Body,
) -> HandlerResult {
    let body = read_nothing(body).await?;
    let request = idempotency::read_key(&service, &http, operator.caller(), body.value())?;
    let (id, meant) = (parse_endpoint_id(&id)?, if_match(&http));
    let render = |it: &WebhookEndpoint, secret: &SigningSecret| render_secret(StatusCode::OK, it, secret);
    reply::run_write(&service, async move |app| {
        webhooks::rotate_secret(&app, &operator, request, (&id, meant), render).await
    })
    .await
}

/// Reads a body that has no members: nothing at all, or `{}`.
pub(super) async fn read_nothing(body: Body) -> Result<JsonBody, Problem> {
    let body = body.read_json_or_empty().await?;
    body.fields().finish(|| Some(()))?;
    Ok(body)
}

impl From<EndpointError> for Problem {
    fn from(error: EndpointError) -> Self {
        match error {
            EndpointError::Key(error) => error.into(),
            EndpointError::NotFound => Kind::NotFound.into(),
            EndpointError::PreconditionFailed => Kind::PreconditionFailed.into(),
            EndpointError::Url(rule) => Self::invalid_request(vec![Fault::at_pointer("/url", rule)]),
            EndpointError::TooMany => Kind::TooManyWebhookEndpoints.into(),
            EndpointError::OldSecretSigns => Kind::OldSecretSigns.into(),
            EndpointError::Disabled => Kind::WebhookEndpointDisabled.into(),
            EndpointError::EventGone => Kind::EventsExpired.into(),
            EndpointError::Failed(error) => error.into(),
        }
    }
}
