//! Everything that runs: three servers, a proxy before each, and two instances of the service.

use std::time::Duration;

use tempfile::TempDir;
use test_servers::{Memcached, Redis, RedisCluster, RedisSentinel, ServerGroup};

use crate::{
    ChaosError, Engine, Plan,
    fault::{Fault, FaultKind, FaultTarget},
    instance::Instance,
    record::Record,
    rows::{Rows, STATEMENTS},
    signature::SECRET,
    site::{EmptyCommand, Site},
};

/// The largest limit that a setting takes: all load comes from a few customers.
const UNLIMITED: &str = "4294967295";
/// Settings of both instances.
const SETTINGS: &[(&str, &str)] = &[
    ("IDEM_JWT_SECRET", "for-chaos-only-and-never-for-a-service"),
    ("IDEM_SANDBOX_SECRET", SECRET),
    ("IDEM_SANDBOX_PENDING_DELAY", "1s"),
    ("IDEM_BCRYPT_COST", "4"),
    ("IDEM_WORKERS", "2"),
    ("IDEM_ATTEMPTS_PER_ADDRESS", UNLIMITED),
    ("IDEM_OPEN_ORDERS_PER_USER", UNLIMITED),
    ("IDEM_OPEN_PIECES_PER_USER", UNLIMITED),
    ("IDEM_ORDERS_PER_MINUTE", UNLIMITED),
    ("IDEM_LOGIN_FAILURES_PER_ADDRESS", UNLIMITED),
    ("IDEM_ORDER_TTL", "10d"),
    ("IDEM_ACCESS_TOKEN_TTL", "10d"),
    ("IDEM_WEBHOOK_ALLOW", "127.0.0.1"),
];
/// By how much the clock of the second instance differs, as a setting and as a time; the seed chooses.
const CLOCK_OFFSETS: [(&str, Duration); 3] = [
    ("+50ms", Duration::from_millis(50)),
    ("-50ms", Duration::from_millis(50)),
    ("-8s", Duration::from_secs(8)),
];
/// `-READONLY`: a replica, which its master empties.
const EMPTY_REDIS: EmptyCommand = EmptyCommand { line: "FLUSHALL", answers: &["+OK", "-READONLY"] };
const EMPTY_MEMCACHED: EmptyCommand = EmptyCommand { line: "flush_all", answers: &["OK"] };

/// The servers, their proxies and the instances.
#[derive(Debug)]
pub(crate) struct Stack {
    // Dropped in this order: the instances before their servers, and the folder last.
    instances: [Instance; 2],
    /// By how much their clocks differ.
    pub(crate) clock_skew: Duration,
    record: Record,
    redis: Site<dyn ServerGroup>,
    memcached: Site<Vec<Memcached>>,
    _folder: TempDir,
}

impl Stack {
    /// Starts everything, and waits until both instances are ready.
    pub(crate) async fn start(plan: &Plan, http: &reqwest::Client) -> Result<Self, ChaosError> {
        let record = Record::start(&plan.engine).await?;
        let (redis, redis_url) = start_redis(&plan.engine).await?;
        let memcached = start_memcached(&plan.engine).await?;
        let folder = tempfile::Builder::new().prefix("idem-chaos-").tempdir()?;
        let urls = |instance| {
            [
                ("IDEM_DATABASE_URL", record.url(instance)),
                ("IDEM_REDIS_URL", redis_url.clone()),
                ("IDEM_MEMCACHED_URL", format!("memcache://{}", memcached.hosts().join(","))),
            ]
        };
        let settings = |instance, more: Option<(&str, &str)>| -> Vec<(String, String)> {
            let fixed = SETTINGS.iter().copied().chain(more);
            let fixed = fixed.map(|(name, value)| (name.to_owned(), value.to_owned()));
            fixed.chain(urls(instance).map(|(name, value)| (name.to_owned(), value))).collect()
        };
        let choice = usize::try_from(plan.seed.checked_rem(3).unwrap_or(0))?;
        let [first, ..] = CLOCK_OFFSETS;
        let (offset, clock_skew) = CLOCK_OFFSETS.get(choice).copied().unwrap_or(first);
        let first = Instance::start(&plan.program, folder.path().join("first"), settings(0, None))?;
        // One after the other: the first one makes the schema.
        first.wait_until_ready(http).await?;
        let skewed = settings(1, Some(("IDEM_CLOCK_OFFSET", offset)));
        let second = Instance::start(&plan.program, folder.path().join("second"), skewed)?;
        second.wait_until_ready(http).await?;
        Ok(Self { instances: [first, second], clock_skew, record, redis, memcached, _folder: folder })
    }

    /// The ports of the instances, which stay the same over restarts.
    pub(crate) fn ports(&self) -> [u16; 2] {
        let [first, second] = &self.instances;
        [first.port(), second.port()]
    }

    /// Waits until both instances are ready and miss none of their servers.
    pub(crate) async fn wait_until_ready(&self, http: &reqwest::Client) -> Result<(), ChaosError> {
        for instance in &self.instances {
            instance.wait_until_ready(http).await?;
        }
        Ok(())
    }

    /// Runs a command of the service on the record.
    pub(crate) fn run_command(
        &self,
        arguments: &[&str],
        more: &[(&str, &str)],
    ) -> std::io::Result<(bool, String)> {
        let [first, _] = &self.instances;
        first.run(arguments, more)
    }

    /// Reads what a judgement needs, past the service.
    pub(crate) fn read_rows(&self) -> Result<Rows, ChaosError> {
        Rows::parse(&self.record.query(&STATEMENTS)?)
    }

    /// The servers of the record whose rows differ from those of the first one.
    pub(crate) fn find_differences(&self) -> std::io::Result<Vec<String>> {
        self.record.find_differences(&STATEMENTS)
    }

    /// Changes the record behind the service's back, without the checks of its schema.
    pub(crate) fn corrupt(&self, sql: &str) -> std::io::Result<()> {
        self.record.corrupt(sql)
    }

    /// Every fault that can happen here, once.
    pub(crate) fn list_faults(&self) -> Vec<Fault> {
        Fault::list(self.record.hosts().len(), self.redis.hosts().len(), self.memcached.hosts().len())
    }

    pub(crate) fn inject(&mut self, fault: Fault) -> Result<(), ChaosError> {
        let [first, second] = &mut self.instances;
        match fault.target {
            FaultTarget::Database(server) => self.record.inject(server, fault.kind),
            FaultTarget::Redis(server) => self.redis.inject(server, fault.kind),
            FaultTarget::Memcached(server) => self.memcached.inject(server, fault.kind),
            FaultTarget::First => inject_into_instance(first, fault.kind),
            FaultTarget::Second => inject_into_instance(second, fault.kind),
        }
    }

    pub(crate) fn clear(&mut self, fault: Fault) -> Result<(), ChaosError> {
        let [first, second] = &mut self.instances;
        match fault.target {
            FaultTarget::Database(server) => self.record.clear(server, fault.kind),
            FaultTarget::Redis(server) => self.redis.clear(server, fault.kind),
            FaultTarget::Memcached(server) => self.memcached.clear(server, fault.kind),
            FaultTarget::First => clear_instance(first, fault.kind),
            FaultTarget::Second => clear_instance(second, fault.kind),
        }
    }
}

/// Starts Redis; returns it with its URL. Several servers announce their own addresses, so instances connect to them directly
/// and not through the proxies.
async fn start_redis(engine: &Engine) -> Result<(Site<dyn ServerGroup>, String), ChaosError> {
    let (servers, url): (Box<dyn ServerGroup>, _) = match engine {
        Engine::RedisCluster => {
            let servers = RedisCluster::start()?;
            let url = servers.url();
            (Box::new(servers), Some(url))
        }
        Engine::RedisSentinel => {
            let servers = RedisSentinel::start()?;
            let url = format!("{}/0", servers.url());
            (Box::new(servers), Some(url))
        }
        Engine::Single | Engine::Galera | Engine::Group(_) => (Box::new(Redis::start()?), None),
    };
    let redis = Site::new(servers, Some(EMPTY_REDIS)).await?;
    let url = url.unwrap_or_else(|| format!("redis://{}/0", redis.hosts().join(",")));
    Ok((redis, url))
}

/// Starts memcached: with a Redis Cluster several servers, so that each has a share of the keys.
async fn start_memcached(engine: &Engine) -> Result<Site<Vec<Memcached>>, ChaosError> {
    let count = if *engine == Engine::RedisCluster { 2 } else { 1 };
    let servers = (0..count).map(|_| Memcached::start()).collect::<Result<Vec<_>, _>>()?;
    Site::new(Box::new(servers), Some(EMPTY_MEMCACHED)).await
}

fn inject_into_instance(instance: &mut Instance, kind: FaultKind) -> Result<(), ChaosError> {
    match kind {
        FaultKind::Kill => instance.kill(),
        FaultKind::Hang => instance.pause()?,
        FaultKind::Empty | FaultKind::Cut | FaultKind::Delay | FaultKind::HalfClose => {
            return Err("this does not happen to an instance".into());
        }
    }
    Ok(())
}

fn clear_instance(instance: &mut Instance, kind: FaultKind) -> Result<(), ChaosError> {
    match kind {
        FaultKind::Kill => instance.restart()?,
        FaultKind::Hang => instance.resume()?,
        FaultKind::Empty | FaultKind::Cut | FaultKind::Delay | FaultKind::HalfClose => {}
    }
    Ok(())
}
