//! What is measured: the service on private servers, or embedded with SQLite.

use std::path::Path;

use tempfile::TempDir;
use test_servers::{MariaDb, Memcached, Redis};

use crate::{
    error::BenchResult,
    service::{ServerProcess, ServiceCommand},
    signature,
};

/// The largest limit that a setting takes.
const UNLIMITED: &str = "4294967295";
/// Settings of every service here. They lift the limits of one user and one network, because all load comes from
/// few of them; nothing expires during a run; and only the benchmark sends the notices of pending payments.
const SETTINGS: &[(&str, &str)] = &[
    ("IDEM_HTTP_ADDR", "127.0.0.1:0"),
    ("IDEM_JWT_SECRET", "for-benchmarks-only-and-never-for-a-service"),
    ("IDEM_SANDBOX_SECRET", signature::SECRET),
    ("IDEM_SANDBOX_PENDING_DELAY", "10d"),
    ("IDEM_BCRYPT_COST", "4"),
    ("IDEM_ATTEMPTS_PER_ADDRESS", UNLIMITED),
    ("IDEM_OPEN_ORDERS_PER_USER", UNLIMITED),
    ("IDEM_OPEN_PIECES_PER_USER", UNLIMITED),
    ("IDEM_ORDERS_PER_MINUTE", UNLIMITED),
    // Counted as in production, but never refused.
    ("IDEM_REQUESTS_PER_MINUTE_PER_USER", UNLIMITED),
    ("IDEM_REQUESTS_PER_MINUTE_PER_NETWORK", UNLIMITED),
    ("IDEM_ORDER_TTL", "10d"),
    ("IDEM_ACCESS_TOKEN_TTL", "10d"),
];
/// Makes the private MariaDB one for a benchmark: it is set up for tests, with a log so small that it would have
/// to be written back all the time. The first setting is what makes a commit durable.
const MARIADB_SETTINGS: &str = "SET GLOBAL innodb_flush_log_at_trx_commit = 1; \
     SET GLOBAL innodb_log_file_size = 536870912; SET GLOBAL innodb_buffer_pool_size = 1073741824";
/// The database of the service on the private MariaDB.
const DATABASE: &str = "idem";
/// The database of the raw workloads, which the service does not know.
const RAW_DATABASE: &str = "raw";

/// The private servers.
#[derive(Debug)]
struct Servers {
    mariadb: MariaDb,
    redis: Redis,
    memcached: Memcached,
}

/// The processes whose CPU time belongs to a workload.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Processes {
    /// The one that answers the requests. None: the load generator talks to the database itself.
    pub(crate) server: Option<u32>,
    /// MariaDB. None: it has no part.
    pub(crate) mariadb: Option<u32>,
    /// Redis. None: it has no part.
    pub(crate) redis: Option<u32>,
    /// The memcached server. None: it has no part.
    pub(crate) memcached: Option<u32>,
}

/// A running service with all that it needs. It ends when this value is dropped.
#[derive(Debug)]
pub(crate) struct Stack {
    // Dropped in this order: the service before its servers, and the folder last.
    service: ServerProcess,
    command: ServiceCommand,
    servers: Option<Servers>,
    folder: TempDir,
}

impl Stack {
    /// The service on a MariaDB, a Redis and a memcached of its own. `changes` are settings that replace those of every
    /// service here.
    pub(crate) async fn start_on_servers(
        changes: &[(&'static str, &str)],
        log: Option<&Path>,
    ) -> BenchResult<Self> {
        let (mariadb, redis, memcached) = (MariaDb::start()?, Redis::start()?, Memcached::start()?);
        mariadb.execute_sql(MARIADB_SETTINGS)?;
        mariadb.create_database(DATABASE)?;
        let mut settings = vec![
            ("IDEM_DATABASE_URL", mariadb.url(DATABASE)),
            ("IDEM_REDIS_URL", redis.url()),
            ("IDEM_MEMCACHED_URL", memcached.url()),
        ];
        settings.extend(changes.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Self::start(settings, Some(Servers { mariadb, redis, memcached }), create_folder()?, log).await
    }

    /// The service embedded, with SQLite in a temporary folder. Its commits are durable by themselves.
    pub(crate) async fn start_embedded(log: Option<&Path>) -> BenchResult<Self> {
        let folder = create_folder()?;
        let url = format!("sqlite://{}", folder.path().join("idem.db").display());
        Self::start(vec![("IDEM_DATABASE_URL", url)], None, folder, log).await
    }

    async fn start(
        mut settings: Vec<(&'static str, String)>,
        servers: Option<Servers>,
        folder: TempDir,
        log: Option<&Path>,
    ) -> BenchResult<Self> {
        // First: of two settings with one name the later one counts.
        settings.splice(0..0, SETTINGS.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let log = log.map(std::path::absolute).transpose()?;
        let command = ServiceCommand::new(settings, folder.path().to_owned(), log);
        Ok(Self { service: command.serve().await?, command, servers, folder })
    }

    /// The running service.
    pub(crate) const fn service(&self) -> &ServerProcess {
        &self.service
    }

    /// How commands of the service are run on the same data.
    pub(crate) const fn command(&self) -> &ServiceCommand {
        &self.command
    }

    /// A folder for files of other processes.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs SQL on the database of the service, behind its back.
    pub(crate) fn execute_sql(&self, sql: &str) -> BenchResult<()> {
        Ok(self.mariadb()?.execute_sql(&format!("USE {DATABASE}; {sql}"))?)
    }

    /// Makes the database of the raw workloads with the service's schema, unless it exists, and returns its URL.
    pub(crate) fn create_raw_database(&self) -> BenchResult<String> {
        let mariadb = self.mariadb()?;
        let url = mariadb.url(RAW_DATABASE);
        mariadb.execute_sql(&format!("CREATE DATABASE IF NOT EXISTS {RAW_DATABASE}"))?;
        self.command.clone().with_setting("IDEM_DATABASE_URL", url.clone()).run(&["migrate"])?;
        Ok(url)
    }

    /// The service and its servers.
    pub(crate) fn processes(&self) -> Processes {
        let servers = self.servers.as_ref();
        Processes {
            server: Some(self.service.process_id()),
            mariadb: servers.and_then(|it| it.mariadb.process_id()),
            redis: servers.and_then(|it| it.redis.process_id()),
            memcached: servers.and_then(|it| it.memcached.process_id()),
        }
    }

    fn mariadb(&self) -> BenchResult<&MariaDb> {
        Ok(&self.servers.as_ref().ok_or("this workload needs servers")?.mariadb)
    }
}

fn create_folder() -> std::io::Result<TempDir> {
    tempfile::Builder::new().prefix("idem-bench-").tempdir()
}
