//! Findings: conditions that an operator must look at, and how an operator resolves them.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Path};
use application::findings::{self, ResolveError};
use domain::{Finding, FindingId, Invalid, OrderNumber, Text};
use utoipa::ToSchema;

use super::{
    body::Body,
    decode::{QueryParameters, text},
    extract::Staff,
    idempotency,
    openapi::{OptionalKeyHeader, PageParameters},
    problem::{HandlerResult, Kind, Problem},
    reply,
    view::{PageView, finding::FindingView},
};
use crate::service::SharedService;

/// How an operator resolves a finding.
#[derive(ToSchema)]
pub struct Resolution {
    /// What was done about it: 1-500 characters, for the next reader.
    #[schema(max_length = 500)]
    pub note: String,
}

/// List what operators must look at, newest first
#[utoipa::path(get, operation_id = "list", path = "/v1/operations/findings", tag = "Findings", security(("bearer" = ["OPERATOR"])),
    params(
        ("resolved" = Option<bool>, Query, description = "`true`: only findings that are resolved; `false`: only those that are open."),
        ("orderNumber" = Option<String>, Query, description = "Only findings about this order."),
        PageParameters
    ), responses(
    (status = 200, description = "A page.", body = PageView<FindingView>)
))]
pub async fn list_findings(service: SharedService, http: HttpRequest, staff: Staff) -> HandlerResult {
    let mut it = QueryParameters::new(&http);
    let cursors = it.cursors(&service);
    let resolved =
        it.read_optional("resolved", |text| text.parse().map_err(|_| Invalid("must be true or false")));
    let order = it.read_optional("orderNumber", OrderNumber::parse);
    let after = it.read_cursor(&cursors, FindingId::parse);
    let limit = it.read_limit();
    let (resolved, order, after, limit) = it.finish(|| Some((resolved?, order?, after?, limit?)))?;
    let page = findings::list_findings(&service.app, &staff, order.as_ref(), resolved, after, limit).await?;
    Ok(HttpResponse::Ok().json(PageView::from_page(&page, &cursors, |it| FindingView::from(it))))
}

/// Resolve a finding
///
/// One that is resolved already stays as it is, with its first note.
#[utoipa::path(post, operation_id = "resolve", path = "/v1/operations/findings/{id}/resolution", tag = "Findings", request_body = Resolution,
    security(("bearer" = ["OPERATOR"])),
    params(("id" = String, Path, description = "The finding's id."), OptionalKeyHeader), responses(
    (status = 200, description = "The finding.", body = FindingView),
    (status = 404, description = "No such finding.")
))]
pub async fn resolve_finding(
    service: SharedService,
    http: HttpRequest,
    staff: Staff,
    id: Path<String>,
    body: Body,
) -> HandlerResult {
    let body = body.read_json().await?;
    let request = idempotency::read_key(&service, &http, staff.caller(), body.value())?;
    let mut it = body.fields();
    let note = it.read_required("note", text(Text::parse));
    let note = it.finish(|| note)?;
    // An id that breaks the rule for ids names no finding, so it is 404 like any other unknown one.
    let id = FindingId::parse(&id).map_err(|_| Kind::NotFound)?;
    let render = |it: &Finding| reply::json_reply(StatusCode::OK, &FindingView::from(it));
    reply::run_write(&service, async move |app| {
        findings::resolve_finding(&app, &staff, request, &id, note, render).await
    })
    .await
}

impl From<ResolveError> for Problem {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Key(error) => error.into(),
            ResolveError::NotFound => Kind::NotFound.into(),
            ResolveError::Failed(error) => error.into(),
        }
    }
}
