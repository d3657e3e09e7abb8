//! MySQL keeps every promise of the ports.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use adapters_mysql::MySql;
use mysql_async::prelude::Queryable;
use port_contracts::{Backend, Ear, Spoilable, Spoiled};
use test_servers::MariaDb;

/// Names another server to hold against the promises, `mysql://user:password@host:port`; the databases that are made
/// there stay.
const OTHER: &str = "TEST_MYSQL_URL";

/// An empty database.
async fn database() -> String {
    static DATABASES: AtomicU32 = AtomicU32::new(0);
    let number = DATABASES.fetch_add(1, Ordering::Relaxed);
    let Ok(other) = std::env::var(OTHER) else {
        let (server, name) = (MariaDb::shared().unwrap(), format!("contract_{number}"));
        server.create_database(&name).unwrap();
        return server.url(&name);
    };
    let name = format!("contract_{}_{number}", std::process::id());
    let mut server = mysql_async::Conn::new(mysql_async::Opts::from_url(&other).unwrap()).await.unwrap();
    server.query_drop(format!("CREATE DATABASE {name}")).await.unwrap();
    format!("{other}/{name}")
}

async fn record() -> Backend {
    let url = database().await;
    MySql::migrate(&url).await.unwrap();
    Backend::of(MySql::open(&url).await.unwrap(), ())
}

/// Always on a server of its own kind: not every other one can be told to leave out its checks.
async fn spoilable() -> Spoilable {
    static DATABASES: AtomicU32 = AtomicU32::new(0);
    let name = format!("spoilable_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let server = MariaDb::shared().unwrap();
    server.create_database(&name).unwrap();
    let (url, ear) = (server.url(&name), Arc::<Ear>::default());
    MySql::migrate(&url).await.unwrap();
    let record = MySql::open(&url).await.unwrap().watched_by(ear.clone());
    let spoil = Box::new(move |it: Spoiled| Box::pin(execute_unchecked(url.clone(), it.sql)) as _);
    Spoilable { backend: Backend::of(record, ()), ear, spoil }
}

async fn execute_unchecked(url: String, sql: String) {
    let mut conn = mysql_async::Conn::new(mysql_async::Opts::from_url(&url).unwrap()).await.unwrap();
    conn.query_drop("SET check_constraint_checks = 0, sql_mode = ''").await.unwrap();
    conn.query_drop(sql).await.unwrap();
}

port_contracts::record!(record);
port_contracts::unreadable!(spoilable);
