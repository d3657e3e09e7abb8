//! The state that all handlers share.

use std::{sync::Arc, time::Duration};

use application::{App, request_limits::RequestLimiter};
use domain::Timestamp;
use ipnet::IpNet;
use ports::{Digests, HealthCheck, KeyedDigests, RecordClock, Sealer};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracer::{Span, SpanKind};

use crate::{
    metrics::PrometheusMetrics,
    tasks::{RunError, Tasks},
};

/// A server that this one depends on, with the check that `/readyz` makes.
#[derive(Clone)]
pub struct Dependency {
    /// Its name in the answer of `/readyz`.
    pub name: &'static str,
    /// `true` when nothing works without it; without the others the service is only slower.
    pub required: bool,
    /// Fails when the server does not answer, or cannot be used.
    pub health: Arc<dyn HealthCheck>,
}

/// Tells of each pool of database connections its name, how many are in use, and how many there may be.
pub type PoolProbe = Arc<dyn Fn() -> Vec<(&'static str, usize, usize)> + Send + Sync>;

/// One running service: built once at the start, shared by all workers.
pub struct Service {
    /// The ports and settings that use cases work with.
    pub app: Arc<App>,
    /// Signs the cursors of lists, so that clients cannot make their own.
    pub sealer: Arc<dyn Sealer>,
    /// Fingerprints of requests without a secret in them, and of pages for their entity tags.
    pub digests: Arc<dyn Digests>,
    /// Fingerprints of requests with a password in them: without the key they do not help to guess it.
    pub keyed_digests: Arc<dyn KeyedDigests>,
    /// The counters and durations that `/metrics` shows.
    pub metrics: Arc<PrometheusMetrics>,
    /// The servers that `/readyz` checks.
    pub dependencies: Vec<Dependency>,
    /// What the pools of the database are asked, for the metrics.
    pub pools: PoolProbe,
    /// The clock of the database, which that of this instance is compared with.
    pub record_clock: Arc<dyn RecordClock>,
    /// Writes that must end, and background loops.
    pub tasks: Tasks,
    /// Cancelled when the service begins to stop: sweeps end, and `/readyz` reports it.
    pub stopping: CancellationToken,
    /// Time limit of every request; after it the client gets `deadline-exceeded`.
    pub request_deadline: Duration,
    /// One permit for each export that runs.
    pub exports: Arc<Semaphore>,
    /// Networks of the proxies whose `X-Forwarded-For` is trusted; empty when clients connect directly.
    pub trusted_proxies: Vec<IpNet>,
    /// Counts the requests of users, API keys and networks.
    pub request_limits: Arc<RequestLimiter>,
}

impl Service {
    /// Runs a use case that writes, to its end even when the request is cancelled.
    ///
    /// ```no_run
    /// # async fn handler(service: &api::service::Service, account: application::auth::NewAccount)
    /// # -> Result<(), api::tasks::RunError> {
    /// let user = service.write(async move |app| application::auth::create_operator(&app, account).await).await?;
    /// # let _ = user; Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`RunError`], which a handler answers with `overloaded` or `internal-error`.
    pub async fn write<T, F>(&self, write: impl FnOnce(Arc<App>) -> F) -> Result<T, RunError>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        // Boxed at once: a write is up to a hundred kilobytes, each future around it would be as large, and handlers are
        // moved many times before they run.
        let work = Box::pin(write(Arc::clone(&self.app)));
        let traced = async move { Span::begin(SpanKind::Internal, name_use_case::<F>()).run(work).await };
        self.tasks.run_to_end(traced).await
    }

    /// The present time of the service's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.app.clock.now()
    }
}

/// The name of the span of a use case: module and function of the handler that calls it.
fn name_use_case<F>() -> &'static str {
    // `api::http::auth::login::{{closure}}::{{closure}}`: the type of a future is named after the function around it.
    // The text is for people; a compiler that writes it differently costs nothing but a longer name.
    let name = std::any::type_name::<F>().split("::{{closure}}").next().unwrap_or("use case");
    let mut separators = name.rmatch_indices("::").map(|(at, _)| at.saturating_add(2));
    separators.nth(1).and_then(|at| name.get(at..)).unwrap_or(name)
}

/// The form in which actix hands the service to a handler.
pub type SharedService = actix_web::web::Data<Service>;

#[cfg(test)]
mod tests {
    use super::*;

    fn name_of<F>(_: impl FnOnce(Arc<App>) -> F) -> &'static str {
        name_use_case::<F>()
    }

    async fn place_order() -> &'static str {
        name_of(async move |_| ())
    }

    #[tokio::test]
    async fn a_use_case_is_named_after_its_handler() {
        assert_eq!(place_order().await, "tests::place_order");
    }
}
