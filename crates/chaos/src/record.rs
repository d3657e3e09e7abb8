//! The servers of the record: one MariaDB, or several that replicate.

use std::{io, thread, time::Duration};

use test_servers::{Galera, MariaDb, MySqlGroup, MySqlProgram, ServerGroup};

use crate::{ChaosError, Engine, site::Site};

const DATABASE: &str = "idem";
/// Comparisons of the servers until they must have the same rows: with the pauses a minute.
const COMPARISONS_MAX: u32 = 120;
const PAUSE: Duration = Duration::from_millis(500);

/// Servers that can be asked past the service.
pub(crate) trait RecordServers: ServerGroup {
    /// Runs SQL as `root`, and returns the rows: a line each, the columns with tabs between them.
    fn query_sql(&self, server: usize, sql: &str) -> io::Result<String>;
}

impl RecordServers for MariaDb {
    fn query_sql(&self, _: usize, sql: &str) -> io::Result<String> {
        Self::query_sql(self, sql)
    }
}

impl RecordServers for Galera {
    fn query_sql(&self, server: usize, sql: &str) -> io::Result<String> {
        self.execute_sql(server, sql)
    }
}

impl RecordServers for MySqlGroup {
    fn query_sql(&self, server: usize, sql: &str) -> io::Result<String> {
        self.execute_sql(server, sql)
    }
}

/// The record with all its servers.
pub(crate) type Record = Site<dyn RecordServers>;

impl Record {
    /// Starts the servers with an empty database.
    pub(crate) async fn start(engine: &Engine) -> Result<Self, ChaosError> {
        let servers: Box<dyn RecordServers> = match engine {
            Engine::Galera => Box::new(Galera::start()?),
            Engine::Group(folder) => Box::new(MySqlGroup::start(MySqlProgram::find(folder)?)?),
            Engine::Single | Engine::RedisCluster | Engine::RedisSentinel => Box::new(MariaDb::start()?),
        };
        servers.query_sql(0, &format!("CREATE DATABASE {DATABASE}"))?;
        Self::new(servers, None).await
    }

    /// The URL for that instance, which prefers another server than the instance before it.
    pub(crate) fn url(&self, instance: usize) -> String {
        let mut hosts = self.hosts();
        let first = instance.checked_rem(hosts.len()).unwrap_or(0);
        hosts.rotate_left(first);
        format!("mysql://root@{}/{DATABASE}", hosts.join(","))
    }

    /// The rows of all statements at the first server.
    pub(crate) fn query(&self, statements: &[&str]) -> io::Result<String> {
        self.query_at(0, statements)
    }

    /// Changes the record behind the service's back, without the checks of its schema.
    pub(crate) fn corrupt(&self, sql: &str) -> io::Result<()> {
        let unchecked = "SET check_constraint_checks = 0; SET foreign_key_checks = 0";
        self.servers.query_sql(0, &format!("USE {DATABASE}; {unchecked}; {sql}")).map(drop)
    }

    /// The servers whose rows differ from those of the first one; none once all have applied everything.
    pub(crate) fn find_differences(&self, statements: &[&str]) -> io::Result<Vec<String>> {
        let mut differences = Vec::new();
        for _ in 0..COMPARISONS_MAX {
            let first = self.query_sorted(0, statements)?;
            differences.clear();
            for server in 1..self.hosts().len() {
                if self.query_sorted(server, statements)? != first {
                    differences.push(format!("database {} has other rows than database 1", server + 1));
                }
            }
            if differences.is_empty() {
                break;
            }
            thread::sleep(PAUSE);
        }
        Ok(differences)
    }

    /// In an order that does not depend on the plan that a server chooses.
    fn query_sorted(&self, server: usize, statements: &[&str]) -> io::Result<Vec<String>> {
        let rows = self.query_at(server, statements)?;
        let mut rows: Vec<_> = rows.lines().map(ToOwned::to_owned).collect();
        rows.sort_unstable();
        Ok(rows)
    }

    fn query_at(&self, server: usize, statements: &[&str]) -> io::Result<String> {
        let ask = |it: &&str| self.servers.query_sql(server, &format!("USE {DATABASE}; {it}"));
        statements.iter().map(ask).collect()
    }
}
