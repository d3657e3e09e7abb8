//! What the handlers work with.

use std::{sync::Arc, time::Duration};

use application::App;
use domain::Timestamp;
use ipnet::IpNet;
use ports::{Digests, Health, KeyedDigests, Sealer};
use tokio_util::sync::CancellationToken;

use crate::{
    metrics::Metrics,
    tasks::{RunError, Tasks},
};

/// Something outside that is asked whether it is there.
#[derive(Clone)]
pub struct Dependency {
    /// What it is called in `/readyz`.
    pub name: &'static str,
    /// Whether nothing works without it; otherwise the service is only slower.
    pub required: bool,
    /// Asks it.
    pub health: Arc<dyn Health>,
}

/// One running service.
pub struct Service {
    /// The use cases' ports and settings.
    pub app: Arc<App>,
    /// Seals cursors.
    pub sealer: Arc<dyn Sealer>,
    /// Makes fingerprints.
    pub digests: Arc<dyn Digests>,
    /// Makes fingerprints of what is secret.
    pub keyed_digests: Arc<dyn KeyedDigests>,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// What it depends on.
    pub dependencies: Vec<Dependency>,
    /// What runs beside the requests.
    pub tasks: Tasks,
    /// Cancelled when the service begins to stop.
    pub stopping: CancellationToken,
    /// Every request ends within this time.
    pub request_deadline: Duration,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

impl Service {
    /// Runs a use case that writes, to its end whatever becomes of the request.
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

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.app.clock.now()
    }
}

/// How a handler gets at the service.
pub type Shared = actix_web::web::Data<Service>;
