//! Rows that lost their parents, as a restore without checks of foreign keys leaves them.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use adapters_mysql::MySql;
use mysql_async::{Conn, Opts, prelude::Queryable};
use port_contracts::{
    Backend,
    audit::{flaws::assert_each_flaw_is_found, orphans::assert_each_orphan_is_found},
};
use test_servers::MariaDb;

async fn record(name: &str) -> (Backend, Conn) {
    let server = MariaDb::shared().unwrap();
    server.create_database(name).unwrap();
    let url = server.url(name);
    MySql::migrate(&url).await.unwrap();
    let backend = Backend::new(MySql::open(&url).await.unwrap(), ());
    let mut conn = Conn::new(Opts::from_url(&url).unwrap()).await.unwrap();
    conn.query_drop("SET foreign_key_checks = 0, time_zone = '+00:00'").await.unwrap();
    (backend, conn)
}

#[tokio::test]
async fn each_orphan_is_found_and_nothing_else() {
    let (backend, mut conn) = record("orphans").await;
    let at = |seconds: &str| format!("FROM_UNIXTIME(1795336200.123 + {seconds})");
    let run_sql = async |sql: &str| {
        conn.query_drop(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    };
    assert_each_orphan_is_found(&backend, at, run_sql).await;
}

#[tokio::test]
async fn each_flaw_of_a_payment_is_found_and_nothing_else() {
    let (backend, mut conn) = record("flaws").await;
    let run_sql = async |sql: &str| {
        conn.query_drop(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    };
    assert_each_flaw_is_found(&backend, run_sql).await;
}
