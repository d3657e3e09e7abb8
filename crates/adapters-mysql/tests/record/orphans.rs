//! Rows that lost their parents, as a restore without checks of foreign keys leaves them.

use adapters_mysql::MySql;
use mysql_async::{Conn, Opts, prelude::Queryable};
use port_contracts::{Backend, audit::orphans::assert_each_orphan_is_found};
use test_servers::MariaDb;

#[tokio::test]
async fn each_orphan_is_found_and_nothing_else() {
    let server = MariaDb::shared().unwrap();
    server.create_database("orphans").unwrap();
    let url = server.url("orphans");
    MySql::migrate(&url).await.unwrap();
    let backend = Backend::new(MySql::open(&url).await.unwrap(), ());
    let mut conn = Conn::new(Opts::from_url(&url).unwrap()).await.unwrap();
    conn.query_drop("SET foreign_key_checks = 0, time_zone = '+00:00'").await.unwrap();
    let at = |seconds: &str| format!("FROM_UNIXTIME(1795336200.123 + {seconds})");
    let run_sql = async |sql: &str| {
        conn.query_drop(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    };
    assert_each_orphan_is_found(&backend, at, run_sql).await;
}
