//! Rows that lost their parents, as a program that does not check foreign keys leaves them.

use adapters_sqlite::Sqlite;
use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query,
    sql_types::Text,
};
use port_contracts::{
    Backend,
    audit::{
        flaws::assert_each_flaw_is_found,
        orphans::{PLANTS, assert_each_orphan_is_found},
    },
};

#[derive(QueryableByName)]
struct ForeignKey {
    #[diesel(sql_type = Text)]
    child: String,
    #[diesel(sql_type = Text)]
    column: String,
}

async fn record() -> (Backend, SqliteConnection) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("record.db");
    let record = Sqlite::open(&file).await.unwrap();
    let mut conn = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    conn.batch_execute("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF").unwrap();
    (Backend::new(record, folder), conn)
}

#[tokio::test]
async fn each_orphan_is_found_and_nothing_else() {
    let (backend, mut conn) = record().await;
    let at = |seconds: &str| format!("1795336200123 + 1000 * ({seconds})");
    let run_sql = async |sql: &str| conn.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert_each_orphan_is_found(&backend, at, run_sql).await;
}

#[tokio::test]
async fn each_flaw_of_a_payment_is_found_and_nothing_else() {
    let (backend, mut conn) = record().await;
    let run_sql = async |sql: &str| conn.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert_each_flaw_is_found(&backend, run_sql).await;
}

#[tokio::test]
async fn each_foreign_key_is_a_relation_of_the_auditor() {
    let (_backend, mut conn) = record().await;
    let keys = "SELECT it.name AS child, key.\"from\" AS column FROM sqlite_master AS it, \
                pragma_foreign_key_list(it.name) AS key WHERE it.type = 'table'";
    let keys: Vec<ForeignKey> = sql_query(keys).load(&mut conn).unwrap();
    assert!(keys.len() > 20);
    for ForeignKey { child, column } in keys {
        let is_planted = PLANTS
            .iter()
            .any(|it| it.column() == column && it.tables().iter().any(|(table, _)| *table == child));
        assert!(is_planted, "{child}.{column}");
    }
}
