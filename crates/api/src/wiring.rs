//! The choice of adapters: only here and in its submodule is more than one of them named.

mod backup;
mod checks;
mod clock;
mod gateways;
mod hashing;
mod mailing;
mod secrets;
mod servers;
mod spans;

use std::{error::Error, io, net::SocketAddr, sync::Arc};

use adapters_crypto::{AeadCipher, HmacDigests, HmacSealer, JwtTokens, RandomIds, Sha256Digests, TotpCodes};
use adapters_gateways::{HttpWebhookSender, Sandbox};
use adapters_local::LocalCache;
use adapters_mysql::{MigrationOutcome, MySql};
use adapters_otlp::OtlpWorker;
use adapters_sqlite::Sqlite;
use application::{
    App,
    api_keys::{KeyUses, RecentKeys},
    auth::Revocations,
    batching::Lanes,
    caching::{
        CachedOrders, CachedOverview, CachedSessions, CachedUsers, KnownEvents, KnownReplies, RecentBacklog,
        RenderedOrders, VerifiedTokens, WriteThroughStore,
    },
    feed::{FeedParts, FeedSignal, FeedStore},
    group_commit::GroupCommit,
    grouped_reads::{GroupedClaims, GroupedEvents, GroupedOrders, GroupedPayments, GroupedProducts},
    keys_in_flight::{KeysInFlight, NoticesInFlight},
    metered_store::MeteredStore,
    payments::RecentCases,
    recent_commits::RecentCommits,
    request_limits::RequestLimiter,
    sweeps::OverdueWalk,
    traced_ports::{TracedCache, TracedStore, TracedWebhookSender},
    unreadable::UnreadableRows,
    webhooks::WebhookSignal,
};
use ports::{
    AccountTaskRepository, ApiKeyRepository, AuditRepository, Cache, ClaimRepository, Clock, Digests,
    EventRepository, FeedRepository, FindingRepository, Gateway, HealthCheck, IdGenerator, KeyedDigests,
    Metrics, NoObserver, OrderRepository, OverviewRepository, PaymentRepository, PortError,
    ProductRepository, RecordClock, Sealer, SecondFactorRepository, SessionRepository, Store,
    UnreadableObserver, UserRepository, WebhookRepository,
};
use secrecy::ExposeSecret;
use tracer::Tracer;

pub use self::gateways::{connected_gateways, open_gateways};
pub use self::{backup::back_up_database, checks::check_settings};
use self::{
    clock::build_clock, gateways::OpenGateways, hashing::build_hasher, mailing::build_mailing,
    secrets::load_signing_keys, servers::Servers, spans::open_span_export,
};
use crate::{
    config::{Config, ConfigError, Database},
    http::view::feed::ViewRenderer,
    http::view::webhook::JsonMessages,
    metrics::PrometheusMetrics,
    service::{Dependency, PoolProbe},
};

/// Most memory of each of the three caches within this process that hold orders or replies with orders, in bytes: about 12,000
/// orders of two lines.
const ORDER_CACHE_BYTES_MAX: u64 = 24 << 20;
/// Most memory of each of the two caches within this process that hold small entries, in bytes: about 12,000 entries.
const SMALL_CACHE_BYTES_MAX: u64 = 8 << 20;

/// Why the service did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is missing or breaks a rule.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A secret can neither be read from the data folder nor made there.
    #[error("the secret {name} can neither be read from the data folder nor made there")]
    Secret {
        /// The setting that would replace the file.
        name: &'static str,
        /// The failure of the file system.
        source: io::Error,
    },
    /// The database cannot be opened, or its schema cannot be brought up to date.
    #[error("the database cannot be used")]
    Database(#[source] Box<dyn Error + Send + Sync>),
    /// The database was opened and does not answer.
    #[error("the database does not answer")]
    Unreachable(#[source] PortError),
    /// The address is taken, or not one of this machine.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address that was configured.
        address: SocketAddr,
        /// The failure of the system.
        source: io::Error,
    },
    /// The certificate of the service cannot be used.
    #[error("TLS cannot be offered")]
    Tls(#[from] crate::tls::TlsError),
    /// The HTTP server ended without a signal.
    #[error("the server failed")]
    Failed(#[source] io::Error),
}

/// The adapters, chosen by the configuration and put together.
pub struct Wiring {
    /// The ports and settings that use cases work with.
    pub app: Arc<App>,
    /// Makes keys, public ids and request ids.
    pub ids: Arc<dyn IdGenerator>,
    /// Signs cursors, so that clients cannot make them.
    pub sealer: Arc<dyn Sealer>,
    /// Makes fingerprints of content without secrets.
    pub digests: Arc<dyn Digests>,
    /// Makes fingerprints of content with a secret in it.
    pub keyed_digests: Arc<dyn KeyedDigests>,
    /// The counters, for `/metrics` and the middleware.
    pub metrics: Arc<PrometheusMetrics>,
    /// The servers that `/readyz` checks, the database first.
    pub dependencies: Vec<Dependency>,
    /// Tells how many connections of the database are in use.
    pub pools: PoolProbe,
    /// The clock of the database.
    pub record_clock: Arc<dyn RecordClock>,
    /// The sandbox, if there is one. It has to be given the service's address for its notices.
    pub sandbox: Option<Arc<Sandbox>>,
    /// Counts requests, together with the other instances if there is a Redis server.
    pub request_limits: Arc<RequestLimiter>,
    /// Begins and continues traces.
    pub tracer: Tracer,
    /// Sends spans to the collector, if there is one. It has to be run.
    pub span_worker: Option<OtlpWorker>,
}

/// Brings the schema up to date, and adopts a database of the Express app. Several instances may do so at
/// once.
///
/// # Errors
/// [`StartError`] when the database cannot be opened or migrated.
pub async fn migrate_database(config: &Config) -> Result<MigrationOutcome, StartError> {
    match &config.database {
        // Opening an SQLite file migrates it; there is nothing of the Express app to adopt.
        Database::Sqlite(_) => {
            open_record(config, Arc::new(NoObserver), Arc::new(())).await.map(|_| MigrationOutcome::Nothing)
        }
        Database::MySql(url) => {
            MySql::migrate(url.expose_secret()).await.map_err(|it| StartError::Database(it.into()))
        }
    }
}

/// Opens the adapters that the configuration asks for and puts the service together.
///
/// # Errors
/// [`StartError`] when a setting is wrong, or the database or the sandbox cannot be opened.
#[expect(clippy::too_many_lines, reason = "one line for each part of the service, and nothing else")]
pub async fn wire_adapters(config: &Config) -> Result<Wiring, StartError> {
    let clock = build_clock(config);
    let (servers, real) = check_config(config, &clock)?;
    let keys = load_signing_keys(config)?;
    let unreadable = Arc::new(UnreadableRows::new(clock.clone()));
    let metrics = Arc::new(PrometheusMetrics::default());
    let meter: Arc<dyn Metrics> = metrics.clone();
    let servers = servers.with_metrics(&meter).check_kinds().await?;
    let record = open_record(config, unreadable.clone(), meter.clone()).await?;
    let ids: Arc<dyn IdGenerator> = Arc::new(RandomIds::new(clock.clone()));
    let OpenGateways { sandbox, guarded: gateways } = gateways::guard_gateways(config, real, &clock, &meter)?;
    let keyed_digests: Arc<dyn KeyedDigests> = Arc::new(HmacDigests::new(&keys));
    let mailing = build_mailing(config)?;
    let (tracer, span_worker) = open_span_export(config, &*ids, &meter)?;
    let cache: Arc<dyn Cache> = Arc::new(TracedCache::new(servers.build_cache(&config.database)));
    // Health is judged by commits too (a full disk shows only there), so that decorator is next to the
    // database. Metrics time a commit with its wait for others, and cached entries are replaced last, after a commit that
    // succeeded.
    let commits = Arc::new(RecentCommits::new(record.store, record.health, clock.clone()));
    let grouped = Arc::new(GroupCommit::new(commits.clone(), meter.clone(), record.commit_lanes));
    let store = MeteredStore::new(grouped, clock.clone(), meter.clone());
    let orders: Arc<dyn OrderRepository> = Arc::new(GroupedOrders::new(record.orders, READ_LANES));
    // A cache of this process only: identity and role are never read from a server that others can write to.
    let cached_users: Arc<dyn UserRepository> =
        Arc::new(CachedUsers::new(record.users.clone(), Arc::new(LocalCache::new(SMALL_CACHE_BYTES_MAX))));
    // Above all other stores: whatever is committed passes here, and units are grouped with their events in them.
    let feed_signal = Arc::<FeedSignal>::default();
    let traced = Arc::new(TracedStore::new(Arc::new(store)));
    let written = Arc::new(WriteThroughStore::new(traced, cache.clone()));
    let feeding = FeedParts {
        users: cached_users.clone(),
        api_keys: record.api_keys.clone(),
        renderer: Arc::new(ViewRenderer),
        clock: clock.clone(),
        ids: ids.clone(),
        signal: feed_signal.clone(),
    };
    let counters = servers.build_counters();
    let request_limits = Arc::new(RequestLimiter::new(config.edge.quotas, clock.clone(), counters));
    let webhook_sender = HttpWebhookSender::new(config.webhook_allow.clone(), clock.clone());
    let app = App {
        store: Arc::new(FeedStore::new(written, feeding)),
        cached_users,
        users: record.users,
        cached_sessions: Arc::new(CachedSessions::new(record.sessions.clone(), cache.clone())),
        second_factors: record.second_factors,
        one_time_codes: Arc::new(TotpCodes),
        sessions: record.sessions,
        api_keys: record.api_keys,
        recent_keys: RecentKeys::default(),
        key_uses: KeyUses::default(),
        content_digests: Arc::new(Sha256Digests),
        products: Arc::new(GroupedProducts::new(record.products, READ_LANES)),
        orders_for_display: Arc::new(CachedOrders::new(orders.clone(), cache)),
        orders,
        known_replies: KnownReplies::new(Arc::new(LocalCache::new(ORDER_CACHE_BYTES_MAX))),
        keys_in_flight: KeysInFlight::default(),
        overdue_walk: OverdueWalk::default(),
        known_events: KnownEvents::new(Arc::new(LocalCache::new(SMALL_CACHE_BYTES_MAX))),
        notices_in_flight: NoticesInFlight::default(),
        recent_cases: RecentCases::default(),
        rendered_orders: RenderedOrders::new(Arc::new(LocalCache::new(ORDER_CACHE_BYTES_MAX))),
        payments: Arc::new(GroupedPayments::new(record.payments, READ_LANES)),
        events: Arc::new(GroupedEvents::new(record.events, READ_LANES)),
        feed: record.feed,
        overview: Arc::new(CachedOverview::new(record.overview, clock.clone())),
        audit: record.audit,
        recent_backlog: RecentBacklog::default(),
        feed_signal,
        findings: record.findings,
        claims: Arc::new(GroupedClaims::new(record.replies, READ_LANES)),
        webhooks: record.webhooks,
        webhook_sender: Arc::new(TracedWebhookSender::new(Arc::new(webhook_sender), tracer.clone())),
        webhook_renderer: Arc::new(JsonMessages),
        webhook_signal: WebhookSignal::default(),
        secret_cipher: Arc::new(AeadCipher::new(&keys)),
        locks: servers.build_locks(),
        throttle: servers.build_throttle(&clock),
        digests: keyed_digests.clone(),
        hasher: Arc::new(build_hasher(config)),
        tokens: Arc::new(VerifiedTokens::new(Arc::new(JwtTokens::new(&keys)))),
        clock,
        ids: ids.clone(),
        metrics: meter,
        gateways,
        revocation_broadcast: servers.build_broadcast(),
        revocations: Revocations::default(),
        unreadable_rows: unreadable,
        policy: config.policy,
        account_tasks: record.account_tasks,
        mailing,
    };
    let database = Dependency { name: "database", required: true, health: commits };
    Ok(Wiring {
        app: Arc::new(app),
        ids,
        sealer: Arc::new(HmacSealer::new(&keys)),
        digests: Arc::new(Sha256Digests),
        keyed_digests,
        metrics,
        pools: record.pools,
        record_clock: record.clock,
        dependencies: std::iter::once(database).chain(servers.into_dependencies()).collect(),
        sandbox,
        request_limits,
        tracer,
        span_worker,
    })
}

/// Checks what reading single keys cannot see; reports all faults at once, before anything is opened.
fn check_config(
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> Result<(Servers, Vec<Arc<dyn Gateway>>), ConfigError> {
    let keyless = config.jwt_secret.is_none() && config.data_folder().is_none();
    let missing = keyless.then(|| ConfigError::invalid("jwt_secret", secrets::SHARED_SECRET));
    let servers = Servers::from_config(config);
    let (real, faults) = gateways::open_real_gateways(config, clock);
    let others = missing.into_iter().chain(servers.as_ref().err().cloned());
    ConfigError::combine_faults(others.chain(faults))?;
    Ok((servers?, real))
}

/// How queries of one kind of lookup run; lookups that wait share the next one.
const READ_LANES: Lanes = Lanes { max: 2, items: 8 };
/// SQLite has one writer.
const SQLITE_LANES: Lanes = Lanes { max: 1, items: 1 };
/// Enough that other transactions go on while one or two wait for a lock, and each large enough to be cheap: two keep 64
/// clients busy.
const MYSQL_LANES: Lanes = Lanes { max: 4, items: 32 };

struct Record {
    store: Arc<dyn Store>,
    users: Arc<dyn UserRepository>,
    sessions: Arc<dyn SessionRepository>,
    second_factors: Arc<dyn SecondFactorRepository>,
    api_keys: Arc<dyn ApiKeyRepository>,
    products: Arc<dyn ProductRepository>,
    orders: Arc<dyn OrderRepository>,
    payments: Arc<dyn PaymentRepository>,
    events: Arc<dyn EventRepository>,
    findings: Arc<dyn FindingRepository>,
    replies: Arc<dyn ClaimRepository>,
    account_tasks: Arc<dyn AccountTaskRepository>,
    webhooks: Arc<dyn WebhookRepository>,
    feed: Arc<dyn FeedRepository>,
    overview: Arc<dyn OverviewRepository>,
    audit: Arc<dyn AuditRepository>,
    health: Arc<dyn HealthCheck>,
    clock: Arc<dyn RecordClock>,
    pools: PoolProbe,
    /// How database transactions commit at once; units of work that wait share the next one.
    commit_lanes: Lanes,
}

impl Record {
    fn from_adapter<R>(record: R, commit_lanes: Lanes, pools: PoolProbe) -> Self
    where
        R: Store
            + UserRepository
            + SessionRepository
            + SecondFactorRepository
            + ProductRepository
            + OrderRepository,
        R: PaymentRepository + EventRepository + FindingRepository + ClaimRepository + HealthCheck,
        R: AccountTaskRepository + ApiKeyRepository + FeedRepository + WebhookRepository,
        R: AuditRepository + OverviewRepository + RecordClock,
        R: 'static,
    {
        let record = Arc::new(record);
        Self {
            store: record.clone(),
            users: record.clone(),
            sessions: record.clone(),
            second_factors: record.clone(),
            api_keys: record.clone(),
            products: record.clone(),
            orders: record.clone(),
            payments: record.clone(),
            events: record.clone(),
            findings: record.clone(),
            replies: record.clone(),
            account_tasks: record.clone(),
            webhooks: record.clone(),
            feed: record.clone(),
            overview: record.clone(),
            audit: record.clone(),
            health: record.clone(),
            clock: record,
            pools,
            commit_lanes,
        }
    }
}

/// Opens the system of record and brings its schema up to date.
async fn open_record(
    config: &Config,
    seen: Arc<dyn UnreadableObserver>,
    meter: Arc<dyn Metrics>,
) -> Result<Record, StartError> {
    let fault = |it: Box<dyn Error + Send + Sync>| StartError::Database(it);
    match &config.database {
        Database::Sqlite(file) => {
            let record = Sqlite::open(file).await.map_err(|it| fault(it.into()))?;
            let (probed, record) = (record.clone(), record.with_observer(seen).with_metrics(meter));
            Ok(Record::from_adapter(record, SQLITE_LANES, Arc::new(move || probed.pool_use())))
        }
        Database::MySql(url) => {
            let url = url.expose_secret();
            MySql::migrate_schema(url).await.map_err(|it| fault(it.into()))?;
            let opened = MySql::open_with(url, config.database_consistency).await;
            let record = opened.map_err(|it| fault(it.into()))?;
            let (probed, record) = (record.clone(), record.with_observer(seen).with_metrics(meter));
            Ok(Record::from_adapter(record, MYSQL_LANES, Arc::new(move || probed.pool_use())))
        }
    }
}

#[cfg(test)]
mod tests;
