//! Choosing the adapters: the only file that names two of them.

use std::{io, net::SocketAddr, sync::Arc};

use adapters_crypto::{
    BcryptHasher, HmacSealer, JwtTokens, RandomIds, Sha256Digests, SigningKeys, random_secret,
};
use adapters_gateways::{Sandbox, SandboxConfig, WebhookSecrets, secret_from_bytes};
use adapters_local::{LocalCache, LocalLocks, LocalThrottle, SystemClock};
use adapters_sqlite::{OpenError, Sqlite};
use application::{App, auth::Revocations, cached_users::CachedUsers, metered_store::MeteredStore};
use ports::{Clock, Digests, Gateway, Ids, Meter, Sealer, Unavailable};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    config::{Config, ConfigError, kept},
    metrics::Metrics,
    service::Dependency,
};

/// Most that copies in this process may take, in bytes.
const CACHE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// How many passwords wait to be hashed for each that is being hashed; one more is turned away.
const PASSWORDS_WAITING_FOR_EACH: usize = 64;

/// Why the service did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A secret can neither be read nor made.
    #[error("the secret {name} can neither be read from the data folder nor made there")]
    Secret {
        /// Its key.
        name: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The database cannot be opened.
    #[error("the database cannot be used")]
    Database(#[from] OpenError),
    /// The database does not answer.
    #[error("the database does not answer")]
    Unreachable(#[source] Unavailable),
    /// The sandbox cannot be opened.
    #[error("the sandbox cannot be opened")]
    Sandbox(#[source] Unavailable),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Standard output cannot be written.
    #[error("cannot write to standard output")]
    Output(#[source] io::Error),
    /// The server ended by itself.
    #[error("the server failed")]
    Failed(#[source] io::Error),
}

/// The adapters, put together.
pub struct Wired {
    /// What the use cases work with.
    pub app: Arc<App>,
    /// Makes ids.
    pub ids: Arc<dyn Ids>,
    /// Seals cursors.
    pub sealer: Arc<dyn Sealer>,
    /// Makes fingerprints.
    pub digests: Arc<dyn Digests>,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// What to ask for `/readyz`.
    pub dependencies: Vec<Dependency>,
    /// The sandbox, which wants to know where its notices go.
    pub sandbox: Arc<Sandbox>,
}

/// Brings the database up to date.
///
/// # Errors
/// [`StartError`].
pub async fn migrate(config: &Config) -> Result<(), StartError> {
    Sqlite::open(&config.database).await?;
    Ok(())
}

/// Puts the service together.
///
/// # Errors
/// [`StartError`].
pub async fn wire(config: &Config) -> Result<Wired, StartError> {
    let record = Arc::new(Sqlite::open(&config.database).await?);
    let keys = signing_keys(config)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids: Arc<dyn Ids> = Arc::new(RandomIds::new(clock.clone()));
    let metrics = Arc::new(Metrics::default());
    let sandbox = Arc::new(sandbox(config, clock.clone())?);
    let meter: Arc<dyn Meter> = metrics.clone();
    let gateway: Arc<dyn Gateway> = sandbox.clone();
    let app = App {
        store: Arc::new(MeteredStore::new(record.clone(), clock.clone(), meter.clone())),
        users: Arc::new(CachedUsers::new(record.clone(), Arc::new(LocalCache::new(CACHE_BYTES_MAX)))),
        sessions: record.clone(),
        products: record.clone(),
        orders: record.clone(),
        payments: record.clone(),
        events: record.clone(),
        findings: record.clone(),
        replies: record.clone(),
        locks: Arc::new(LocalLocks::default()),
        throttle: Arc::new(LocalThrottle::new(clock.clone())),
        hasher: Arc::new(hasher(config)),
        tokens: Arc::new(JwtTokens::new(&keys)),
        clock,
        ids: ids.clone(),
        meter,
        gateways: vec![gateway],
        revocations: Revocations::default(),
        policy: config.policy,
    };
    Ok(Wired {
        app: Arc::new(app),
        ids,
        sealer: Arc::new(HmacSealer::new(&keys)),
        digests: Arc::new(Sha256Digests),
        metrics,
        dependencies: vec![Dependency { name: "database", required: true, health: record }],
        sandbox,
    })
}

/// Half of the cores hash passwords at most: a storm of logins leaves the other half to orders.
fn hasher(config: &Config) -> BcryptHasher {
    let at_once = std::thread::available_parallelism().map_or(1, |it| it.get().div_ceil(2));
    BcryptHasher::new(config.bcrypt_cost, at_once, at_once.saturating_mul(PASSWORDS_WAITING_FOR_EACH))
}

fn signing_keys(config: &Config) -> Result<SigningKeys, StartError> {
    let secret = set_or_kept(config, "jwt_secret", config.jwt_secret.as_ref(), random_secret)?;
    Ok(SigningKeys::parse(secret.expose_secret()).map_err(|rule| ConfigError::invalid("jwt_secret", rule))?)
}

fn sandbox(config: &Config, clock: Arc<dyn Clock>) -> Result<Sandbox, StartError> {
    let make = || secret_from_bytes(random_secret().as_bytes());
    let secret = set_or_kept(config, "sandbox_secret", config.sandbox_secret.as_ref(), make)?;
    let secrets = WebhookSecrets::parse(secret.expose_secret());
    let secrets = secrets.map_err(|rule| ConfigError::invalid("sandbox_secret", rule))?;
    let settings = SandboxConfig {
        callback_base: config.public_url.clone(),
        pending_delay: config.sandbox_pending_delay,
        ..SandboxConfig::new(secrets)
    };
    Sandbox::open(settings, clock).map_err(StartError::Sandbox)
}

/// The secret that is set, or else the one in the data folder.
fn set_or_kept(
    config: &Config,
    name: &'static str,
    set: Option<&SecretString>,
    make: impl FnOnce() -> String,
) -> Result<SecretString, StartError> {
    match set {
        Some(secret) => Ok(secret.clone()),
        None => kept(config.data_folder(), name, make).map_err(|source| StartError::Secret { name, source }),
    }
}
