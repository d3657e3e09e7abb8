//! What the binary stands on here: MariaDB, Redis and memcached.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard},
};

use test_servers::{MariaDb, Memcached, Redis, execute_in_database, mysql_database};

/// What access tokens are signed with: every instance must be told.
const JWT_SECRET: &str = "what-the-instances-of-all-tests-sign-with";
/// The database on a MariaDB of its own.
const ONLY: &str = "idem";

/// A database, and a Redis and a memcached of its own.
pub(crate) struct Stack {
    database_url: String,
    mariadb: Option<Mutex<MariaDb>>,
    redis: Mutex<Redis>,
    memcached: Mutex<Memcached>,
}

impl Stack {
    /// An empty database on the MariaDB that all tests of this process share, or on the server that `TEST_MYSQL_URL` names.
    pub(crate) fn start() -> Self {
        Self::holding("")
    }

    /// A database there in which that SQL was run.
    pub(crate) fn holding(sql: &str) -> Self {
        let url = mysql_database("idem").unwrap();
        execute_in_database(&url, sql).unwrap();
        Self::on(url, None)
    }

    /// With a MariaDB of its own, which may be killed.
    pub(crate) fn private() -> Self {
        let mariadb = MariaDb::start().unwrap();
        mariadb.create_database(ONLY).unwrap();
        Self::on(mariadb.url(ONLY), Some(Mutex::new(mariadb)))
    }

    fn on(database_url: String, mariadb: Option<Mutex<MariaDb>>) -> Self {
        let (redis, memcached) = (Redis::start().unwrap(), Memcached::start().unwrap());
        Self { database_url, mariadb, redis: Mutex::new(redis), memcached: Mutex::new(memcached) }
    }

    /// How the binary finds it.
    pub(crate) fn settings(&self, _: &Path) -> Vec<(&'static str, String)> {
        vec![
            ("IDEM_DATABASE_URL", self.database_url.clone()),
            ("IDEM_REDIS_URL", self.redis().url()),
            ("IDEM_MEMCACHED_URL", self.memcached().url()),
            ("IDEM_JWT_SECRET", JWT_SECRET.to_owned()),
        ]
    }

    /// Runs SQL on the record behind the binary's back, without the checks of its schema.
    pub(crate) fn execute(&self, _: &Path, sql: &str) {
        let unchecked = "SET check_constraint_checks = 0; SET foreign_key_checks = 0";
        execute_in_database(&self.database_url, &format!("{unchecked}; {sql}")).unwrap();
    }

    /// Where more is kept than in the folder.
    pub(crate) fn data(&self) -> Vec<PathBuf> {
        let mariadb = match &self.mariadb {
            Some(it) => it.lock().unwrap().folder().to_owned(),
            None => MariaDb::shared().unwrap().folder().to_owned(),
        };
        vec![mariadb, self.redis().folder().to_owned()]
    }

    /// The MariaDB that no other test uses.
    pub(crate) fn mariadb(&self) -> MutexGuard<'_, MariaDb> {
        self.mariadb.as_ref().expect("a stack of its own").lock().unwrap()
    }

    /// The Redis.
    pub(crate) fn redis(&self) -> MutexGuard<'_, Redis> {
        self.redis.lock().unwrap()
    }

    /// The memcached.
    pub(crate) fn memcached(&self) -> MutexGuard<'_, Memcached> {
        self.memcached.lock().unwrap()
    }
}
