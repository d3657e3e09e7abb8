//! MySQL keeps every promise of the ports.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use adapters_mysql::MySql;
use mysql_async::prelude::Queryable;
use port_contracts::{Backend, CorruptibleRecord, Corruption, RecordingObserver};
use test_servers::{MariaDb, mysql_database};

async fn record() -> Backend {
    let url = mysql_database("contract").unwrap();
    MySql::migrate(&url).await.unwrap();
    Backend::new(MySql::open(&url).await.unwrap(), ())
}

/// Always on MariaDB: other servers cannot switch their checks off.
async fn corruptible() -> CorruptibleRecord {
    static DATABASES: AtomicU32 = AtomicU32::new(0);
    let name = format!("corruptible_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let server = MariaDb::shared().unwrap();
    server.create_database(&name).unwrap();
    let (url, observer) = (server.url(&name), Arc::<RecordingObserver>::default());
    MySql::migrate(&url).await.unwrap();
    let record = MySql::open(&url).await.unwrap().with_observer(observer.clone());
    let corrupt_row = move |it: Corruption| execute_unchecked(url.clone(), it.sql);
    CorruptibleRecord::new(Backend::new(record, ()), observer, corrupt_row)
}

async fn execute_unchecked(url: String, sql: String) {
    let mut conn = mysql_async::Conn::new(mysql_async::Opts::from_url(&url).unwrap()).await.unwrap();
    conn.query_drop("SET check_constraint_checks = 0, sql_mode = ''").await.unwrap();
    conn.query_drop(sql).await.unwrap();
}

port_contracts::record!(record);
port_contracts::unreadable!(corruptible);
