//! Choosing the adapters: the only file that names two of them.

use std::{error::Error, io, net::SocketAddr, num::NonZero, sync::Arc};

use adapters_crypto::{
    BcryptHasher, HmacDigests, HmacSealer, JwtTokens, RandomIds, Sha256Digests, SigningKeys, random_secret,
};
use adapters_gateways::{Retired, Sandbox, SandboxConfig, WebhookSecrets, secret_from_bytes};
use adapters_local::{LocalBroadcast, LocalCache, LocalLocks, LocalThrottle, ShiftedClock, SystemClock};
use adapters_memcached::{Memcached, MemcachedCache};
use adapters_mysql::{Migrated, MySql};
use adapters_redis::{Redis, RedisBroadcast, RedisCache, RedisLocks, RedisThrottle};
use adapters_sqlite::Sqlite;
use application::{
    App,
    auth::Revocations,
    caching::{CachedOrders, CachedSessions, CachedUsers, PublishingStore, ScopedCache, TieredCache, shape},
    metered_store::MeteredStore,
    recent_commits::RecentCommits,
    shared_throttle::SharedThrottle,
    unreadable::UnreadableRows,
};
use ports::{
    Broadcast, Cache, Clock, Digests, EventRepository, FindingRepository, Gateway, Health, Ids, KeyedDigests,
    Locks, Meter, OrderRepository, PaymentRepository, PortError, ProductRepository, ReplyRepository, Sealer,
    SessionRepository, Store, Throttle, Unwatched, UserRepository, Witness,
};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    config::{Config, ConfigError, Database, kept},
    metrics::Metrics,
    service::Dependency,
    tasks::HASHING_MAX,
};

/// Most that copies in this process may take, in bytes.
const CACHE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// How many passwords wait to be hashed for each that is being hashed, of each purpose; one more is turned away.
const PASSWORDS_WAITING_FOR_EACH: usize = 96;
/// Registering, logging in, changing a password.
const PURPOSES: usize = 3;

/// What payments are said to have been taken through that were there before this service.
const LEGACY: &str = "legacy";
/// Where instances tell each other that sessions were ended.
const SESSIONS_ENDED: &str = "sessions-ended";
/// What is asked for when several instances may share the record.
const SHARED_SECRET: &str = "must be set with mysql://, to the same in every instance";

/// How much of a digest names the database in the names of its copies, in characters.
const SCOPE_CHARS: usize = 16;

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
    Database(#[source] Box<dyn Error + Send + Sync>),
    /// The database does not answer.
    #[error("the database does not answer")]
    Unreachable(#[source] PortError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
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
    /// Makes fingerprints of what is secret.
    pub keyed_digests: Arc<dyn KeyedDigests>,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// What to ask for `/readyz`.
    pub dependencies: Vec<Dependency>,
    /// The sandbox, which wants to know where its notices go, if there is one.
    pub sandbox: Option<Arc<Sandbox>>,
}

/// Brings the database up to date. Several instances may do so at the same moment.
///
/// A database of the Express app is adopted; what of it was is given back.
///
/// # Errors
/// [`StartError`].
pub async fn migrate(config: &Config) -> Result<Migrated, StartError> {
    match &config.database {
        // It is brought up to date whenever it is opened.
        Database::Sqlite(_) => record(&config.database, Arc::new(Unwatched)).await.map(|_| Migrated::Nothing),
        Database::MySql(url) => {
            MySql::migrate(url.expose_secret()).await.map_err(|it| StartError::Database(it.into()))
        }
    }
}

/// Puts the service together.
///
/// # Errors
/// [`StartError`].
pub async fn wire(config: &Config) -> Result<Wired, StartError> {
    let servers = check(config)?;
    let keys = signing_keys(config)?;
    let clock = clock(config);
    let unreadable = Arc::new(UnreadableRows::new(clock.clone()));
    let record = record(&config.database, unreadable.clone()).await?;
    let ids: Arc<dyn Ids> = Arc::new(RandomIds::new(clock.clone()));
    let metrics = Arc::new(Metrics::default());
    let meter: Arc<dyn Meter> = metrics.clone();
    let sandbox = sandbox(config, clock.clone())?;
    let mut gateways: Vec<Arc<dyn Gateway>> = Vec::new();
    if let Some(sandbox) = &sandbox {
        gateways.push(sandbox.clone());
    }
    if let Database::MySql(_) = config.database {
        gateways.push(Arc::new(Retired::new(LEGACY, clock.clone())));
    }
    let keyed_digests: Arc<dyn KeyedDigests> = Arc::new(HmacDigests::new(&keys));
    let cache = servers.cache(&config.database);
    let commits = Arc::new(RecentCommits::new(record.store, record.health, clock.clone()));
    let store = MeteredStore::new(commits.clone(), clock.clone(), meter.clone());
    let app = App {
        store: Arc::new(PublishingStore::new(Arc::new(store), cache.clone())),
        // Who somebody is, and in which role, is never taken from a place that others can write to.
        user_copies: Arc::new(CachedUsers::new(record.users.clone(), in_process())),
        users: record.users,
        session_copies: Arc::new(CachedSessions::new(record.sessions.clone(), cache.clone())),
        sessions: record.sessions,
        products: record.products,
        shown_orders: Arc::new(CachedOrders::new(record.orders.clone(), cache)),
        orders: record.orders,
        payments: record.payments,
        events: record.events,
        findings: record.findings,
        replies: record.replies,
        locks: servers.locks(),
        throttle: servers.throttle(&clock),
        digests: keyed_digests.clone(),
        hasher: Arc::new(hasher(config)),
        tokens: Arc::new(JwtTokens::new(&keys)),
        clock,
        ids: ids.clone(),
        meter,
        gateways,
        sessions_ended: servers.broadcast(),
        revocations: Revocations::default(),
        unreadable,
        policy: config.policy,
    };
    let database = Dependency { name: "database", required: true, health: commits };
    Ok(Wired {
        app: Arc::new(app),
        ids,
        sealer: Arc::new(HmacSealer::new(&keys)),
        digests: Arc::new(Sha256Digests),
        keyed_digests,
        metrics,
        dependencies: std::iter::once(database).chain(servers.dependencies()).collect(),
        sandbox,
    })
}

/// What reading the configuration cannot see: all that is wrong, at once and before anything is opened.
fn check(config: &Config) -> Result<Servers, ConfigError> {
    let keyless = config.jwt_secret.is_none() && config.data_folder().is_none();
    let missing = keyless.then(|| ConfigError::invalid("jwt_secret", SHARED_SECRET));
    let servers = Servers::of(config);
    ConfigError::all(missing.into_iter().chain(servers.as_ref().err().cloned()))?;
    servers
}

/// The machine's clock, or one that is ahead of it or behind.
fn clock(config: &Config) -> Arc<dyn Clock> {
    match config.clock_offset_ms {
        0 => Arc::new(SystemClock),
        by_ms => {
            tracing::warn!(by_ms, "the clock is shifted by IDEM_CLOCK_OFFSET, which is for tests only");
            Arc::new(ShiftedClock::new(Arc::new(SystemClock), by_ms))
        }
    }
}

/// The record, as each of its ports.
struct Record {
    store: Arc<dyn Store>,
    users: Arc<dyn UserRepository>,
    sessions: Arc<dyn SessionRepository>,
    products: Arc<dyn ProductRepository>,
    orders: Arc<dyn OrderRepository>,
    payments: Arc<dyn PaymentRepository>,
    events: Arc<dyn EventRepository>,
    findings: Arc<dyn FindingRepository>,
    replies: Arc<dyn ReplyRepository>,
    health: Arc<dyn Health>,
}

impl Record {
    /// The same thing, seen as every port of the record.
    fn of<R>(record: R) -> Self
    where
        R: Store + UserRepository + SessionRepository + ProductRepository + OrderRepository,
        R: PaymentRepository + EventRepository + FindingRepository + ReplyRepository + Health + 'static,
    {
        let record = Arc::new(record);
        Self {
            store: record.clone(),
            users: record.clone(),
            sessions: record.clone(),
            products: record.clone(),
            orders: record.clone(),
            payments: record.clone(),
            events: record.clone(),
            findings: record.clone(),
            replies: record.clone(),
            health: record,
        }
    }
}

/// Opens the record and brings it up to date.
async fn record(database: &Database, witness: Arc<dyn Witness>) -> Result<Record, StartError> {
    let fault = |it: Box<dyn Error + Send + Sync>| StartError::Database(it);
    match database {
        Database::Sqlite(file) => {
            let record = Sqlite::open(file).await.map_err(|it| fault(it.into()))?;
            Ok(Record::of(record.watched_by(witness)))
        }
        Database::MySql(url) => {
            let url = url.expose_secret();
            MySql::prepare(url).await.map_err(|it| fault(it.into()))?;
            let record = MySql::open(url).await.map_err(|it| fault(it.into()))?;
            Ok(Record::of(record.watched_by(witness)))
        }
    }
}

/// The servers that make it fast, of those that there are.
struct Servers {
    redis: Option<Redis>,
    memcached: Option<Memcached>,
}

impl Servers {
    fn of(config: &Config) -> Result<Self, ConfigError> {
        let redis = config.redis_url.as_ref().map(|it| Redis::new(it.expose_secret())).transpose();
        let redis = redis.map_err(|rule| ConfigError::invalid("redis_url", rule));
        let memcached = config.memcached_url.as_deref().map(Memcached::new).transpose();
        let memcached = memcached.map_err(|rule| ConfigError::invalid("memcached_url", rule));
        let faults = redis.as_ref().err().into_iter().chain(memcached.as_ref().err());
        ConfigError::all(faults.cloned())?;
        Ok(Self { redis: redis?, memcached: memcached? })
    }

    /// Copies: in memcached, or else in this process, before Redis, if there is one.
    fn cache(&self, database: &Database) -> Arc<dyn Cache> {
        let near: Arc<dyn Cache> = match &self.memcached {
            Some(memcached) => Arc::new(MemcachedCache::new(memcached.clone())),
            None => in_process(),
        };
        let all = match &self.redis {
            Some(redis) => Arc::new(TieredCache::new(near, Arc::new(RedisCache::new(redis.clone())))),
            None => near,
        };
        Arc::new(ScopedCache::new(all, &scope(database)))
    }

    fn locks(&self) -> Arc<dyn Locks> {
        match &self.redis {
            Some(redis) => Arc::new(RedisLocks::new(redis.clone())),
            None => Arc::new(LocalLocks::default()),
        }
    }

    fn throttle(&self, clock: &Arc<dyn Clock>) -> Arc<dyn Throttle> {
        let own = Arc::new(LocalThrottle::new(clock.clone()));
        match &self.redis {
            Some(redis) => Arc::new(SharedThrottle::new(Arc::new(RedisThrottle::new(redis.clone())), own)),
            None => own,
        }
    }

    fn broadcast(&self) -> Arc<dyn Broadcast> {
        match &self.redis {
            Some(redis) => Arc::new(RedisBroadcast::new(redis.clone(), SESSIONS_ENDED)),
            None => Arc::new(LocalBroadcast::default()),
        }
    }

    fn dependencies(self) -> impl Iterator<Item = Dependency> {
        let redis = self.redis.map(|it| only_fast("redis", it));
        let memcached = self.memcached.map(|it| only_fast("memcached", it));
        redis.into_iter().chain(memcached)
    }
}

/// What the names of all copies begin with: server and name of the database, without who logs in, for all instances write
/// them alike; and the shape of what is copied, so that no other version's copy is ever read.
fn scope(database: &Database) -> String {
    let digest = Sha256Digests.sha256(format!("{database}\n{}", shape()).as_bytes());
    digest.chars().take(SCOPE_CHARS).collect()
}

/// Something without which everything works, only slower.
fn only_fast(name: &'static str, server: impl Health + 'static) -> Dependency {
    Dependency { name, required: false, health: Arc::new(server) }
}

fn in_process() -> Arc<dyn Cache> {
    Arc::new(LocalCache::new(CACHE_BYTES_MAX))
}

/// Half of the cores hash passwords at most: a storm of logins leaves the other half to orders. None waits for its turn
/// beyond the deadline of its request.
fn hasher(config: &Config) -> BcryptHasher {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let (at_once, waiting) = hashing_places(cores);
    BcryptHasher::new(config.bcrypt_cost, at_once, waiting).with_patience(config.request_deadline)
}

/// How many passwords are hashed at once on so many cores, and how many wait for each purpose; all together at most
/// [`HASHING_MAX`].
fn hashing_places(cores: usize) -> (usize, usize) {
    let at_once = cores.div_ceil(2).min(HASHING_MAX / 4);
    let for_each = HASHING_MAX.saturating_sub(at_once) / PURPOSES;
    (at_once, at_once.saturating_mul(PASSWORDS_WAITING_FOR_EACH).min(for_each))
}

fn signing_keys(config: &Config) -> Result<SigningKeys, StartError> {
    let secret = set_or_kept(config, "jwt_secret", config.jwt_secret.as_ref(), random_secret)?;
    let secret = secret.ok_or_else(|| ConfigError::invalid("jwt_secret", SHARED_SECRET))?;
    Ok(SigningKeys::parse(secret.expose_secret()).map_err(|rule| ConfigError::invalid("jwt_secret", rule))?)
}

/// The sandbox, where it is asked for by a secret for its notices, or where nobody but this machine reaches it: whoever
/// reaches one can say that anything was paid.
fn sandbox(config: &Config, clock: Arc<dyn Clock>) -> Result<Option<Arc<Sandbox>>, StartError> {
    let make = || secret_from_bytes(random_secret().as_bytes());
    if config.sandbox_secret.is_none() && !config.is_local() {
        return Ok(None);
    }
    let secret = set_or_kept(config, "sandbox_secret", config.sandbox_secret.as_ref(), make)?;
    let Some(secret) = secret else { return Ok(None) };
    let secrets = WebhookSecrets::parse(secret.expose_secret());
    let secrets = secrets.map_err(|rule| ConfigError::invalid("sandbox_secret", rule))?;
    let settings = SandboxConfig {
        callback_base: config.public_url.clone(),
        pending_delay: config.sandbox_pending_delay,
        ..SandboxConfig::new(secrets)
    };
    Ok(Some(Arc::new(Sandbox::open(settings, clock))))
}

/// The secret that is set, or else the one in the data folder, if there is such a folder.
fn set_or_kept(
    config: &Config,
    name: &'static str,
    set: Option<&SecretString>,
    make: impl FnOnce() -> String,
) -> Result<Option<SecretString>, StartError> {
    let fault = |source| StartError::Secret { name, source };
    match (set, config.data_folder()) {
        (Some(secret), _) => Ok(Some(secret.clone())),
        (None, Some(folder)) => kept(folder, name, make).map(Some).map_err(fault),
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests;
