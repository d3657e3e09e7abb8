//! Probes and metrics for those who operate the service.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, http::header};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    middleware::NotAProblem,
    problem::{HandlerResult, Kind},
};
use crate::service::{Dependency, SharedService};

/// How long a dependency may take to answer a probe; afterwards it counts as unavailable.
pub(crate) const CHECK_TIMEOUT: Duration = Duration::from_secs(2);
/// The content type of the older Prometheus text format, which is the default.
const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// The content type of `OpenMetrics`, which Prometheus prefers and asks for by name.
const OPEN_METRICS_TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The condition of the service or of one dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// It answers within 2 s; of the service as a whole: every dependency does.
    Ok,
    /// A dependency is unavailable that only saves time, such as a cache: every request is still served.
    Degraded,
    /// A dependency is unavailable without which no request can be served.
    Unavailable,
    /// The process is shutting down: send requests elsewhere.
    Stopping,
}

/// Whether the service can serve requests, with the condition of each dependency.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    status: Condition,
    dependencies: Vec<DependencyView>,
}

/// The condition of one dependency at the time of the request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dependency)]
pub(super) struct DependencyView {
    #[schema(example = "database")]
    name: &'static str,
    /// Whether no request can be served without it.
    required: bool,
    status: Condition,
}

/// Check whether the process is up
///
/// It asks no dependency: a process is not restarted because its database is unavailable.
#[utoipa::path(get, path = "/healthz", tag = "Operations", responses(
    (status = 200, description = "The process is up.", body = String, content_type = "text/plain")
))]
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

/// Check whether the service can serve requests
///
/// It asks every dependency at once, for at most 2 s.
#[utoipa::path(get, path = "/readyz", tag = "Operations", responses(
    (status = 200, description = "The service can serve requests.", body = Readiness),
    (status = 503, description = "The service cannot serve requests, or is being stopped: send requests elsewhere.", body = Readiness)
))]
pub async fn readyz(service: SharedService) -> HttpResponse {
    let dependencies = check_dependencies(&service.dependencies).await;
    let any = |condition| dependencies.iter().any(|it: &DependencyView| it.status == condition);
    // Stopping goes first: also a healthy process has to be taken out of the load balancer before it ends.
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
    // Without the mark the middleware would replace the 503, and the probe would not see which dependency is
    // missing.
    response.extensions_mut().insert(NotAProblem);
    response
}

/// Asks every dependency for its condition.
pub(super) async fn check_dependencies(all: &[Dependency]) -> Vec<DependencyView> {
    // All at once, so that the probe takes one time limit at most, however many dependencies hang.
    futures_util::future::join_all(all.iter().map(check_dependency)).await
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

/// Get the metrics for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "Operations", responses(
    (status = 200, description = "The text format 0.0.4, or `OpenMetrics` 1.0 if `Accept` asks for it.",
     content((String = "text/plain"), (String = "application/openmetrics-text")))
))]
pub async fn metrics(service: SharedService, request: HttpRequest) -> HandlerResult {
    let open = accepts_media_type(&request, "application/openmetrics-text");
    let text = service.metrics.encode_text(open).map_err(|_| Kind::InternalError)?;
    let content_type = if open { OPEN_METRICS_TEXT } else { PROMETHEUS_TEXT };
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, content_type)).body(text))
}

/// Whether `Accept` names a media type. `*/*` does not count, and neither does a weight: the default form is
/// for every client that does not ask for the other one.
pub(super) fn accepts_media_type(request: &HttpRequest, media_type: &str) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    accept
        .split(',')
        .filter_map(|it| it.split(';').next())
        .any(|it| it.trim().eq_ignore_ascii_case(media_type))
}
