//! What runs and watches the service.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, http::header};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    middleware::NotAProblem,
    problem::{HandlerResult, Kind},
};
use crate::service::{Dependency, SharedService};

/// How long a dependency may take to answer `/readyz`.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);
/// The older text format of Prometheus.
const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// The text format that Prometheus prefers.
const OPEN_METRICS_TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

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
pub async fn readyz(service: SharedService) -> HttpResponse {
    let checks = service.dependencies.iter().map(check_dependency);
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

async fn check_dependency(it: &Dependency) -> DependencyView {
    let answered = tokio::time::timeout(CHECK_TIMEOUT, it.health.check_health()).await;
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
pub async fn metrics(service: SharedService, request: HttpRequest) -> HandlerResult {
    let open = accepts_media_type(&request, "application/openmetrics-text");
    let text = service.metrics.encode_text(open).map_err(|_| Kind::InternalError)?;
    let content_type = if open { OPEN_METRICS_TEXT } else { PROMETHEUS_TEXT };
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, content_type)).body(text))
}

/// Whether the client asks for a media type by its name.
pub(super) fn accepts_media_type(request: &HttpRequest, media_type: &str) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    accept
        .split(',')
        .filter_map(|it| it.split(';').next())
        .any(|it| it.trim().eq_ignore_ascii_case(media_type))
}
