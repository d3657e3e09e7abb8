//! MySQL keeps every promise of the ports.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use std::sync::atomic::{AtomicU32, Ordering};

use adapters_mysql::MySql;
use mysql_async::prelude::Queryable;
use port_contracts::Backend;
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

port_contracts::record!(record);
