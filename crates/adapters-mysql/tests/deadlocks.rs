//! Units lock rows in one order: on a server of its own, which counts deadlocks, there is none.

use adapters_mysql::MySql;
use mysql_async::prelude::Queryable;
use port_contracts::{Backend, store};
use test_servers::MariaDb;

#[tokio::test(flavor = "multi_thread")]
async fn units_that_lock_the_same_rows_never_wait_in_a_circle() {
    let server = MariaDb::start().unwrap();
    server.create_database("shop").unwrap();
    let url = server.url("shop");
    MySql::migrate(&url).await.unwrap();
    let record = Backend::new(MySql::open(&url).await.unwrap(), ());
    store::units_that_touch_the_same_orders_the_other_way_round_do_not_stop_each_other(&record).await;
    store::units_that_name_the_same_rows_in_another_order_do_not_stop_each_other(&record).await;
    let mut conn = mysql_async::Conn::new(mysql_async::Opts::from_url(&url).unwrap()).await.unwrap();
    let counted: Option<(String, u64)> =
        conn.query_first("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'").await.unwrap();
    assert_eq!(counted, Some(("Innodb_deadlocks".to_owned(), 0)));
}
