//! Whether dependencies answer.

use tokio::time::timeout;

use crate::{http::operations::CHECK_TIMEOUT, metrics::PrometheusMetrics, service::Dependency};

/// Asks one dependency as `/readyz` does, and sets its gauge.
pub(super) async fn report_dependency(dependency: &Dependency, metrics: &PrometheusMetrics) {
    let answer = timeout(CHECK_TIMEOUT, dependency.health.check_health()).await;
    metrics.state().set_dependency(dependency.name, matches!(answer, Ok(Ok(()))));
}
