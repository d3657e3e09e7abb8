//! What runs and watches the service.

use std::{sync::Arc, time::Duration};

use actix_web::{HttpRequest, HttpResponse, http::header, web::Path};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_swagger_ui::Config;

use super::{
    frame::NotAProblem,
    openapi as document,
    problem::{self, Answer, Kind, Problem},
};
use crate::service::{Dependency, Shared};

/// How long a dependency may take to answer `/readyz`.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);
/// The older text format of Prometheus.
const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// The text format that Prometheus prefers.
const OPEN_METRICS_TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The page of the documentation.
const DOCS_INDEX: &str = "index.html";

/// How the service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// Everything is there.
    Ok,
    /// Something is away that only makes it fast.
    Degraded,
    /// Something is away without which it cannot serve.
    Unavailable,
    /// It is being stopped.
    Stopping,
}

/// Whether the service can serve, and what it depends on.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    status: Condition,
    dependencies: Vec<DependencyView>,
}

/// One dependency.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dependency)]
struct DependencyView {
    #[schema(example = "database")]
    name: &'static str,
    /// Whether nothing works without it.
    required: bool,
    status: Condition,
}

/// Whether the process is up
#[utoipa::path(get, path = "/healthz", tag = "Operations", responses(
    (status = 200, description = "It is.", body = String, content_type = "text/plain")
))]
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

/// Whether the service can serve
#[utoipa::path(get, path = "/readyz", tag = "Operations", responses(
    (status = 200, description = "It can.", body = Readiness),
    (status = 503, description = "It cannot, or is being stopped: send requests elsewhere.", body = Readiness)
))]
pub async fn readyz(service: Shared) -> HttpResponse {
    let checks = service.dependencies.iter().map(check);
    let dependencies = futures_util::future::join_all(checks).await;
    let any = |condition| dependencies.iter().any(|it: &DependencyView| it.status == condition);
    let status = if service.stopping.is_cancelled() {
        Condition::Stopping
    } else if any(Condition::Unavailable) {
        Condition::Unavailable
    } else if any(Condition::Degraded) {
        Condition::Degraded
    } else {
        Condition::Ok
    };
    let mut response = match status {
        Condition::Ok | Condition::Degraded => HttpResponse::Ok(),
        Condition::Unavailable | Condition::Stopping => HttpResponse::ServiceUnavailable(),
    };
    let mut response = response.json(Readiness { status, dependencies });
    response.extensions_mut().insert(NotAProblem);
    response
}

async fn check(it: &Dependency) -> DependencyView {
    let answered = tokio::time::timeout(CHECK_TIMEOUT, it.health.check()).await;
    let status = match (answered, it.required) {
        (Ok(Ok(())), _) => Condition::Ok,
        (Ok(Err(_)) | Err(_), true) => Condition::Unavailable,
        (Ok(Err(_)) | Err(_), false) => Condition::Degraded,
    };
    DependencyView { name: it.name, required: it.required, status }
}

/// Counters for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "Operations", responses(
    (status = 200, description = "The text format 0.0.4, or `OpenMetrics` 1.0 if that is asked for.", body = String,
     content_type = "text/plain")
))]
pub async fn metrics(service: Shared, request: HttpRequest) -> Answer {
    let open = accepts(&request, "application/openmetrics-text");
    let text = service.metrics.text(open).map_err(|_| Kind::InternalError)?;
    let content_type = if open { OPEN_METRICS_TEXT } else { PROMETHEUS_TEXT };
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, content_type)).body(text))
}

/// This contract
#[utoipa::path(get, path = "/openapi.json", tag = "Operations", responses(
    (status = 200, description = "OpenAPI 3.1.", body = Object)
))]
pub async fn openapi() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document::text())
}

/// The contract as a page to read and try
#[utoipa::path(get, path = "/docs", tag = "Operations", responses(
    (status = 200, description = "The page; it needs no other server.", body = String, content_type = "text/html")
))]
pub async fn docs() -> Answer {
    let (content_type, page) = swagger(DOCS_INDEX)?;
    let page = String::from_utf8(page).map_err(|_| Kind::InternalError)?;
    // The page names its files as if they stood beside it.
    let page = page.replacen("<head>", "<head><base href=\"/docs/\">", 1);
    Ok(HttpResponse::Ok().content_type(content_type).body(page))
}

/// A file of that page
#[utoipa::path(get, path = "/docs/{file}", tag = "Operations",
    params(("file" = String, Path, description = "Its name.", example = "index.html")),
    responses((status = 200, description = "The file.", body = String, content_type = "text/html"))
)]
pub async fn docs_file(file: Path<String>) -> Answer {
    let (content_type, bytes) = swagger(&file)?;
    Ok(HttpResponse::Ok().content_type(content_type).body(bytes))
}

/// A file of the page, with its media type.
fn swagger(file: &str) -> Result<(String, Vec<u8>), Problem> {
    // Without this the page sends the document's address to a validator on the internet.
    let config = Arc::new(Config::from("/openapi.json").validator_url("none"));
    let found = utoipa_swagger_ui::serve(file, config).map_err(|_| Kind::InternalError)?;
    let file = found.ok_or(Kind::NotFound)?;
    Ok((file.content_type, file.bytes.into_owned()))
}

/// All kinds of problems
#[utoipa::path(get, path = "/problems", tag = "Operations", responses(
    (status = 200, description = "A page to read.", body = String, content_type = "text/html")
))]
pub async fn problems(request: HttpRequest) -> HttpResponse {
    let line =
        |it: &Kind| format!("| [`{0}`]({1}) | {2} | {3} |\n", it.slug(), it.uri(), it.status(), it.title());
    let lines: String = Kind::ALL.iter().map(line).collect();
    page(
        &request,
        "Problems",
        &format!("# Problems\n\n| type | status | title |\n| --- | --- | --- |\n{lines}"),
    )
}

/// What a kind of problem means, and what to do about it
#[utoipa::path(get, path = "/problems/{slug}", tag = "Operations",
    params(("slug" = String, Path, description = "The last segment of a problem's `type`.", example = "not-found")),
    responses((status = 200, description = "A page to read; as Markdown if that is asked for.", body = String,
        content_type = "text/html"))
)]
pub async fn problem(slug: Path<String>, request: HttpRequest) -> Answer {
    let kind = Kind::find(&slug).ok_or(Kind::NotFound)?;
    Ok(page(&request, kind.title(), kind.page()))
}

fn page(request: &HttpRequest, title: &str, markdown: &str) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::VARY, "accept"));
    if accepts(request, "text/markdown") {
        return response.content_type("text/markdown; charset=utf-8").body(markdown.to_owned());
    }
    response.content_type("text/html; charset=utf-8").body(problem::html(title, markdown))
}

/// Whether the client asks for a media type by its name.
fn accepts(request: &HttpRequest, media_type: &str) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    accept
        .split(',')
        .filter_map(|it| it.split(';').next())
        .any(|it| it.trim().eq_ignore_ascii_case(media_type))
}
