//! Units lock rows in one order: on a server that counts deadlocks there is none.

use adapters_mysql::MySql;
use mysql_async::prelude::Queryable;
use port_contracts::{Backend, store};
use test_servers::mysql_database;

#[tokio::test(flavor = "multi_thread")]
async fn units_that_lock_the_same_rows_never_wait_in_a_circle() {
    // Of its own, unless another one is to be tested: other tests would be counted, too.
    let url = mysql_database("shop").unwrap();
    MySql::migrate(&url).await.unwrap();
    let before = count_deadlocks(&url).await;
    let record = Backend::new(MySql::open(&url).await.unwrap(), ());
    store::units_that_touch_the_same_orders_the_other_way_round_do_not_stop_each_other(&record).await;
    store::units_that_name_the_same_rows_in_another_order_do_not_stop_each_other(&record).await;
    assert_eq!(count_deadlocks(&url).await, before);
}

/// How many deadlocks the server has seen; `None` if it does not count them.
async fn count_deadlocks(url: &str) -> Option<(String, u64)> {
    let mut conn = mysql_async::Conn::new(mysql_async::Opts::from_url(url).unwrap()).await.unwrap();
    conn.query_first("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'").await.unwrap()
}
