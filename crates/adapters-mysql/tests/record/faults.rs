//! What a failure means: something is away, one row cannot be read, or the program has a fault.

use std::sync::{Arc, Mutex};

use adapters_mysql::MySql;
use domain::Product;
use mysql_async::{Conn, Opts, prelude::Queryable};
use port_contracts::sample;
use ports::{
    CommitError, FindingRepository, HealthCheck, PortError, ProductRepository, Store, UnitOfWork,
    UnreadableObserver, UnreadableRow, Write,
};
use test_servers::MariaDb;

/// Keeps what it hears of, as `table.column`.
#[derive(Default)]
struct Ear(Mutex<Vec<String>>);

impl UnreadableObserver for Ear {
    fn record_unreadable(&self, row: &UnreadableRow) {
        self.0.lock().unwrap().push(format!("{}.{}", row.table, row.column));
    }
}

async fn record(server: &MariaDb) -> (MySql, Conn, Arc<Ear>, [Product; 2]) {
    server.create_database("record").unwrap();
    let url = server.url("record");
    MySql::migrate(&url).await.unwrap();
    let ear = Arc::<Ear>::default();
    let record = MySql::open(&url).await.unwrap().with_observer(ear.clone());
    let products = [sample::product(Some(9)), sample::product(Some(9))];
    record.commit(UnitOfWork::new().with_writes(products.iter().map(sample::insert_product))).await.unwrap();
    let mut conn = Conn::new(Opts::from_url(&url).unwrap()).await.unwrap();
    conn.query_drop("SET check_constraint_checks = 0, sql_mode = ''").await.unwrap();
    (record, conn, ear, products)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_row_that_cannot_be_read_keeps_no_other_from_being_read() {
    let server = MariaDb::start().unwrap();
    let (record, mut conn, ear, products) = record(&server).await;
    let keys = products.each_ref().map(|it| it.key.get());
    let [bad, good] = [keys[0], keys[1]];
    for (change, named) in [
        ("currency = 'ZZZ'", "products.currency"),
        // More than an amount can be, and a moment that there is not.
        ("currency = 'CNY', price = 999999999999999.9999", "products.price"),
        ("price = 10, createdAt = '0000-00-00 00:00:00'", "products.createdAt"),
    ] {
        conn.query_drop(format!("UPDATE products SET {change} WHERE id = {bad}")).await.unwrap();
        let page = ProductRepository::list_products(&record, false, None, 9).await.unwrap();
        let seen: Vec<_> = page.data.iter().map(|it| it.key.get()).collect();
        assert_eq!(seen, [good], "{change}");
        assert_eq!(std::mem::take(&mut *ear.0.lock().unwrap()), [named], "{change}");
        let id = &products.iter().find(|it| it.key.get() == bad).unwrap().id;
        let failed = ProductRepository::find_product(&record, id).await.unwrap_err();
        let key = bad.to_string();
        assert!(matches!(&failed, PortError::Unreadable(it) if it.key == key), "{change}: {failed:?}");
        ear.0.lock().unwrap().clear();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_no_guard_stands_for_and_a_table_that_there_is_not_are_faults_of_the_program() {
    let server = MariaDb::start().unwrap();
    let (record, mut conn, _, _) = record(&server).await;
    let broken = Product { stock: Some(-1), ..sample::product(None) };
    let outcome = record.commit(UnitOfWork::new().with_write(sample::insert_product(&broken))).await;
    assert!(matches!(outcome, Err(CommitError::Failed(PortError::Bug(_)))), "{outcome:?}");
    conn.query_drop("ALTER TABLE findings DROP COLUMN note").await.unwrap();
    let once = Write::InsertFindingOnce(sample::finding(), "orders:1".into());
    let outcome = record.commit(UnitOfWork::new().with_write(once)).await;
    assert!(matches!(outcome, Err(CommitError::Failed(PortError::Bug(_)))), "{outcome:?}");
    conn.query_drop("DROP TABLE findings").await.unwrap();
    let outcome = FindingRepository::list_findings(&record, None, None, 1).await;
    assert!(matches!(outcome, Err(PortError::Bug(_))), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_a_server_that_only_reads_and_one_that_is_gone_are_something_away() {
    let mut server = MariaDb::start().unwrap();
    let (record, mut conn, _, _) = record(&server).await;
    let probe = || UnitOfWork::new().with_write(Write::Probe(sample::at(1)));
    conn.query_drop("BEGIN").await.unwrap();
    conn.query_drop("UPDATE commit_probe SET probed_at = '2001-01-01'").await.unwrap();
    let outcome = record.commit(probe()).await;
    assert!(matches!(outcome, Err(CommitError::Failed(PortError::Unavailable(_)))), "{outcome:?}");
    conn.query_drop("ROLLBACK").await.unwrap();
    record.commit(probe()).await.unwrap();
    server.execute_sql("SET GLOBAL read_only = 1").unwrap();
    assert!(matches!(record.check_health().await, Err(PortError::Unavailable(_))));
    server.kill().unwrap();
    let outcome = record.commit(probe()).await;
    assert!(matches!(outcome, Err(CommitError::Failed(PortError::Unavailable(_)))), "{outcome:?}");
}
