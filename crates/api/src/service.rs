//! The state that all handlers share.

use std::{sync::Arc, time::Duration};

use application::App;
use domain::Timestamp;
use ipnet::IpNet;
use ports::{Digests, HealthCheck, KeyedDigests, Sealer};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

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
        self.tasks.run_to_end(write(Arc::clone(&self.app))).await
    }

    /// The present time of the service's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.app.clock.now()
    }
}

/// The form in which actix hands the service to a handler.
pub type SharedService = actix_web::web::Data<Service>;
