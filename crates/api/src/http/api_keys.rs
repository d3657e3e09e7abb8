//! Handlers for API keys: made, shown and revoked by operators, and never by a key.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Path};
use application::api_keys::{self, CreateKeyError, NewApiKey, RevokeKeyError, SealedKey};
use domain::{
    ApiKey, ApiKeyId, Invalid, Text,
    api_key::{Scope, Scopes},
};
use ports::StoredReply;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    body::{Body, JsonBody},
    decode::{QueryParameters, ReadResult, parse_time, text},
    extract::{ClientAddress, Operator},
    idempotency,
    key_access::ScopeName,
    openapi::{OptionalKeyHeader, PageParameters},
    problem::{Fault, HandlerResult, Kind, Problem},
    reply,
    view::{
        PageView,
        api_key::{ApiKeyView, NewApiKeyView},
    },
};
use crate::service::SharedService;

/// The rule for the scopes of a new key. The names are not listed: an error repeats nothing that was sent, and one of them
/// may have been.
const SCOPES: Invalid = Invalid("must be a list of 1 to 7 of the documented scopes, each once");

/// An API key to make.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct CreateApiKey {
    /// What the key is for: 1-500 characters.
    #[schema(min_length = 1, max_length = 500, example = "Warehouse")]
    pub name: String,
    /// What the key may do, each scope once.
    #[schema(example = json!(["orders:read"]))]
    pub scopes: Vec<ScopeName>,
    /// When the key expires, an RFC 3339 time in the future; null or missing means never.
    #[schema(format = DateTime, example = "2030-01-01T00:00:00Z")]
    pub expires_at: Option<String>,
}

/// Create an API key
///
/// The answer shows the key, and nothing shows it later: the service stores a digest of it. A retry with the same
/// `Idempotency-Key` shows it once more.
#[utoipa::path(post, operation_id = "create", path = "/v1/api-keys", tag = "API keys", request_body = CreateApiKey,
    security(("bearer" = ["OPERATOR"])), params(OptionalKeyHeader), responses(
    (status = 201, description = "The key.", body = NewApiKeyView, headers(
        ("Location" = String, description = "Path of the key.")
    ))
))]
pub async fn create_api_key(
    service: SharedService,
    http: HttpRequest,
    operator: Operator,
    peer: ClientAddress,
    body: Body,
) -> HandlerResult {
    let body = body.read_json().await?;
    let request = idempotency::read_key(&service, &http, operator.caller(), body.value())?;
    let new = read_new_key(&body)?;
    let network = peer.network();
    reply::run_write(&service, async move |app| {
        api_keys::create_api_key(&app, &operator, request, new, network, render_new_key).await
    })
    .await
}

fn read_new_key(body: &JsonBody) -> Result<NewApiKey, Problem> {
    let mut it = body.fields();
    let name = it.read_required("name", text(Text::parse));
    let scopes = it.read_required("scopes", read_scopes);
    let expires_at = it.read_optional("expiresAt", text(parse_time));
    it.finish(|| Some(NewApiKey { name: name?, scopes: scopes?, expires_at: expires_at? }))
}

/// Reads a list of scopes, each of them once.
fn read_scopes(value: &Value) -> ReadResult<Scopes> {
    let named = value.as_array().filter(|it| (1..=Scope::ALL.len()).contains(&it.len())).ok_or(SCOPES)?;
    let scopes: Option<Scopes> = named.iter().map(|it| Scope::parse(it.as_str()?)).collect();
    // A duplicate is probably a typo for another scope, so it is refused.
    Ok(scopes.filter(|it| it.as_slice().len() == named.len()).ok_or(SCOPES)?)
}

fn render_new_key(key: &ApiKey, sealed: &SealedKey) -> StoredReply {
    StoredReply {
        location: Some(format!("/v1/api-keys/{}", key.id)),
        ..reply::json_reply(StatusCode::CREATED, &NewApiKeyView::new(key, sealed))
    }
}

impl From<CreateKeyError> for Problem {
    fn from(error: CreateKeyError) -> Self {
        match error {
            CreateKeyError::Key(error) => error.into(),
            CreateKeyError::Expired => Self::invalid_request(vec![Fault::at_pointer(
                "/expiresAt",
                Invalid("must be a time to come"),
            )]),
            CreateKeyError::Failed(error) => error.into(),
        }
    }
}

/// List API keys, newest first
///
/// Those that are not revoked, expired ones included; or with `revoked=true` those that are.
#[utoipa::path(get, operation_id = "list", path = "/v1/api-keys", tag = "API keys", security(("bearer" = ["OPERATOR"])),
    params(
        ("revoked" = Option<bool>, Query, description = "`true`: only keys that are revoked; `false`, the default: only \
            those that are not."),
        PageParameters
    ), responses(
    (status = 200, description = "A page.", body = PageView<ApiKeyView>)
))]
pub async fn list_api_keys(service: SharedService, http: HttpRequest, operator: Operator) -> HandlerResult {
    let mut it = QueryParameters::new(&http);
    let cursors = it.cursors(&service);
    let revoked =
        it.read_optional("revoked", |text| text.parse().map_err(|_| Invalid("must be true or false")));
    let after = it.read_cursor(&cursors, ApiKeyId::parse);
    let limit = it.read_limit();
    let (revoked, after, limit) = it.finish(|| Some((revoked?.unwrap_or(false), after?, limit?)))?;
    let page = api_keys::list_api_keys(&service.app, &operator, revoked, after, limit).await?;
    Ok(HttpResponse::Ok().json(PageView::from_page(&page, &cursors, |it| ApiKeyView::from(it))))
}

/// Get an API key by its id
#[utoipa::path(get, operation_id = "find", path = "/v1/api-keys/{id}", tag = "API keys", security(("bearer" = ["OPERATOR"])),
    params(("id" = String, Path, description = "The key's id.")), responses(
    (status = 200, description = "The key.", body = ApiKeyView),
    (status = 404, description = "No such key, or it is revoked.")
))]
pub async fn get_api_key(service: SharedService, operator: Operator, id: Path<String>) -> HandlerResult {
    let key = api_keys::find_api_key(&service.app, &operator, &parse_key_id(&id)?).await?;
    Ok(HttpResponse::Ok().json(ApiKeyView::from(&key.ok_or(Kind::NotFound)?)))
}

fn parse_key_id(id: &str) -> Result<ApiKeyId, Problem> {
    ApiKeyId::parse(id).map_err(|_| Kind::NotFound.into())
}

/// Revoke an API key, for good
///
/// It is refused on every instance within a second.
#[utoipa::path(delete, operation_id = "revoke", path = "/v1/api-keys/{id}", tag = "API keys",
    security(("bearer" = ["OPERATOR"])),
    params(("id" = String, Path, description = "The key's id."), OptionalKeyHeader), responses(
    (status = 204, description = "Revoked."),
    (status = 404, description = "No such key, or it is revoked already.")
))]
pub async fn revoke_api_key(
    service: SharedService,
    http: HttpRequest,
    operator: Operator,
    peer: ClientAddress,
    id: Path<String>,
) -> HandlerResult {
    // There is no body: route and id are the whole request.
    let request = idempotency::read_key(&service, &http, operator.caller(), &Value::Null)?;
    let (id, network) = (parse_key_id(&id)?, peer.network());
    reply::run_write(&service, async move |app| {
        let reply = reply::no_content();
        api_keys::revoke_api_key(&app, &operator, request, &id, network, reply).await
    })
    .await
}

impl From<RevokeKeyError> for Problem {
    fn from(error: RevokeKeyError) -> Self {
        match error {
            RevokeKeyError::Key(error) => error.into(),
            RevokeKeyError::NotFound => Kind::NotFound.into(),
            RevokeKeyError::Failed(error) => error.into(),
        }
    }
}
