//! What is answered is true, whatever happens to the server, and no call waits for long.

#![expect(clippy::expect_used, reason = "a test fails loudly")]
#![expect(clippy::disallowed_methods, reason = "a test has callers and a stopwatch of its own")]

use super::shop;
use std::sync::Arc;
use std::time::Duration;

use adapters_mysql::MySql;
use domain::{Order, Product};
use mysql_async::{Conn, Opts, prelude::Queryable};
use ports::{
    Claim, ClaimRepository, CommitError, HealthCheck, OrderRepository, ProductRepository, Store, UnitOfWork,
};
use test_servers::{LoadStopwatch, MariaDb};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::shop::{STOCK, placing, stocked};

/// Every call ends within this time: 4 s that it has, and some.
const BOUND: Duration = Duration::from_secs(6);
/// How soon after the server is back all is well.
const RECOVERY: Duration = Duration::from_secs(2);
/// How long a test waits for something that is about to happen.
const PATIENCE: Duration = Duration::from_secs(60);

async fn bare(url: &str) -> Conn {
    Conn::new(Opts::from_url(url).unwrap()).await.unwrap()
}

async fn number(conn: &mut Conn, sql: &str) -> u64 {
    conn.query_first(sql).await.unwrap().unwrap()
}

/// Waits until a connection waits for a lock; returns its id.
async fn find_waiting_connection(conn: &mut Conn) -> u64 {
    const WAITING: &str =
        "SELECT trx_mysql_thread_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'";
    let waiting = async {
        loop {
            if let Some(id) = conn.query_first(WAITING).await.unwrap() {
                return id;
            }
            // Asked sooner, the server says again what it said before.
            sleep(Duration::from_millis(110)).await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("a connection waits for a lock")
}

async fn lock(conn: &mut Conn, product: &Product) {
    let sql = format!("UPDATE products SET name = name WHERE id = {}", product.key.get());
    conn.query_drop(sql).await.unwrap();
}

async fn in_bound<T>(call: impl Future<Output = T>) -> T {
    let pace = LoadStopwatch::start();
    let outcome = timeout(PATIENCE, call).await.expect("every call ends");
    let (calm, all) = (pace.elapsed_without_load(), pace.elapsed());
    assert!(calm < BOUND, "it ends after {calm:?} of {all:?}");
    outcome
}

/// Asks until there is a sign of life.
async fn is_back(record: &MySql) {
    let alive = async {
        while record.check_health().await.is_err() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    let pace = LoadStopwatch::start();
    timeout(PATIENCE, alive).await.expect("it is back");
    let (calm, all) = (pace.elapsed_without_load(), pace.elapsed());
    assert!(calm < RECOVERY, "it is back after {calm:?} of {all:?}");
}

/// Says it again with the same key until it is known what came of it.
async fn settled(record: &MySql, work: &UnitOfWork) {
    let settled = async {
        loop {
            match record.commit(work.clone()).await {
                Ok(()) | Err(CommitError::Claimed(_)) => return,
                Err(CommitError::Failed(_)) => sleep(Duration::from_millis(10)).await,
                Err(other) => panic!("{other}"),
            }
        }
    };
    timeout(PATIENCE, settled).await.expect("it is back");
}

async fn is_placed(record: &MySql, order: &Order) -> bool {
    OrderRepository::find_order(record, &order.number).await.unwrap().is_some()
}

async fn is_claimed(record: &MySql, claim: &Claim) -> bool {
    ClaimRepository::find_claim(record, &claim.key).await.unwrap().is_some()
}

async fn left(record: &MySql, product: &Product) -> Option<i64> {
    ProductRepository::find_product(record, &product.id).await.unwrap().unwrap().stock
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_in_a_storm_of_commits_loses_and_doubles_nothing() {
    const CLIENTS: usize = 24;
    const BEFORE: usize = 100;
    const EACH: usize = 25;
    let mut server = MariaDb::start().unwrap();
    let (record, url) = shop::record(&server).await;
    let (user, products) = stocked(&record).await;
    let said_yes = Arc::new(tokio::sync::Semaphore::new(0));
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (record, user, products, said_yes) =
            (record.clone(), user.clone(), products.clone(), Arc::clone(&said_yes));
        clients.spawn(async move {
            let (mut unknown, mut orders) = (0, Vec::new());
            for _ in 0..EACH {
                let (work, order, _) = placing(&user, &products);
                match in_bound(record.commit(work.clone())).await {
                    Ok(()) => said_yes.add_permits(1),
                    Err(CommitError::Failed(_)) => unknown += 1,
                    Err(other) => panic!("{other}"),
                }
                settled(&record, &work).await;
                orders.push(order);
            }
            (unknown, orders)
        });
    }
    said_yes.acquire_many(BEFORE.try_into().unwrap()).await.unwrap().forget();
    server.kill().unwrap();
    server.restart().unwrap();
    let (unknown, placed): (Vec<usize>, Vec<Vec<Order>>) = clients.join_all().await.into_iter().unzip();
    assert!(unknown.iter().sum::<usize>() > 0, "the server was killed in the middle");
    for order in placed.iter().flatten() {
        assert!(is_placed(&record, order).await);
    }
    let mut conn = bare(&url).await;
    let orders = number(&mut conn, "SELECT count(*) FROM orders").await;
    assert_eq!(usize::try_from(orders).unwrap(), CLIENTS * EACH);
    for product in &products {
        assert_eq!(left(&record, product).await, Some(STOCK - i64::try_from(CLIENTS * EACH).unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_server_is_away_every_call_says_so_soon_and_afterwards_none() {
    let mut server = MariaDb::start().unwrap();
    let (record, _) = shop::record(&server).await;
    let (user, products) = stocked(&record).await;
    server.kill().unwrap();
    for _ in 0..3 {
        let pace = LoadStopwatch::start();
        let (work, ..) = placing(&user, &products);
        assert!(matches!(record.commit(work).await, Err(CommitError::Failed(_))));
        ProductRepository::find_product(&record, &products[0].id).await.unwrap_err();
        assert!(
            pace.elapsed_without_load() < RECOVERY,
            "a call to a server that refuses ends at once: {:?}",
            pace.elapsed()
        );
    }
    server.restart().unwrap();
    is_back(&record).await;
    let (work, order, _) = placing(&user, &products);
    record.commit(work).await.unwrap();
    assert!(is_placed(&record, &order).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_between_two_calls_is_not_felt() {
    const AT_ONCE: usize = 12;
    let mut server = MariaDb::start().unwrap();
    let (record, _) = shop::record(&server).await;
    let (user, products) = stocked(&record).await;
    for restarted in [false, true] {
        if restarted {
            server.restart().unwrap();
        }
        let mut tasks = JoinSet::new();
        for task in 0..AT_ONCE {
            let (record, user, products) = (record.clone(), user.clone(), products.clone());
            tasks.spawn(async move {
                if task % 2 == 0 {
                    record.commit(placing(&user, &products).0).await.unwrap();
                }
                assert!(left(&record, &products[0]).await.is_some());
                OrderRepository::list_orders(&record, ports::OrderFilter::default()).await.unwrap();
            });
        }
        tasks.join_all().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_keeps_no_caller_waiting_and_afterwards_all_is_whole() {
    const AT_ONCE: usize = 60;
    let server = MariaDb::start().unwrap();
    let (record, _) = shop::record(&server).await;
    let (user, products) = stocked(&record).await;
    record.commit(placing(&user, &products).0).await.unwrap();
    server.pause().unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (record, user, products) = (record.clone(), user.clone(), products.clone());
        tasks.spawn(async move {
            let (work, order, claim) = placing(&user, &products);
            let outcome = in_bound(record.commit(work.clone())).await;
            assert!(matches!(outcome, Err(CommitError::Failed(_))), "{outcome:?}");
            in_bound(ProductRepository::find_product(&record, &products[0].id)).await.unwrap_err();
            (work, order, claim)
        });
    }
    let units = tasks.join_all().await;
    server.resume().unwrap();
    is_back(&record).await;
    for (work, order, claim) in units {
        assert_eq!(is_placed(&record, &order).await, is_claimed(&record, &claim).await);
        settled(&record, &work).await;
        assert!(is_placed(&record, &order).await);
    }
    assert_eq!(left(&record, &products[1]).await, Some(STOCK - 1 - i64::try_from(AT_ONCE).unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_loses_a_deadlock_is_done_again() {
    const ROUNDS_MAX: usize = 20;
    let server = MariaDb::start().unwrap();
    let (record, url) = shop::record(&server).await;
    let (user, products) = stocked(&record).await;
    let mut rival = bare(&url).await;
    rival.query_drop("CREATE TABLE ballast (number BIGINT PRIMARY KEY AUTO_INCREMENT)").await.unwrap();
    for _ in 0..ROUNDS_MAX {
        let (work, order, _) = placing(&user, &products);
        rival.query_drop("BEGIN").await.unwrap();
        // The one that has written less has to give way.
        rival.query_drop("INSERT INTO ballast SELECT NULL FROM seq_1_to_1000").await.unwrap();
        lock(&mut rival, &products[1]).await;
        let placed = tokio::spawn({
            let record = record.clone();
            async move { record.commit(work).await }
        });
        find_waiting_connection(&mut rival).await;
        lock(&mut rival, &products[0]).await;
        rival.query_drop("COMMIT").await.unwrap();
        placed.await.unwrap().unwrap();
        assert!(is_placed(&record, &order).await);
        let deadlocks = "SELECT CAST(variable_value AS UNSIGNED) FROM information_schema.global_status \
                         WHERE variable_name = 'innodb_deadlocks'";
        if number(&mut rival, deadlocks).await > 0 {
            return;
        }
    }
    panic!("there was no deadlock");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_held_for_long_ends_in_unavailable_and_leaves_nothing() {
    let server = MariaDb::start().unwrap();
    let (record, url) = shop::record(&server).await;
    let (user, products) = stocked(&record).await;
    let mut rival = bare(&url).await;
    rival.query_drop("BEGIN").await.unwrap();
    lock(&mut rival, &products[1]).await;
    let (work, order, claim) = placing(&user, &products);
    let outcome = in_bound(record.commit(work.clone())).await;
    assert!(matches!(outcome, Err(CommitError::Failed(_))), "{outcome:?}");
    rival.query_drop("ROLLBACK").await.unwrap();
    assert!(!is_placed(&record, &order).await && !is_claimed(&record, &claim).await);
    assert_eq!(left(&record, &products[0]).await, Some(STOCK));
    record.commit(work).await.unwrap();
    assert_eq!(left(&record, &products[0]).await, Some(STOCK - 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_lock_is_waited_for_also_when_the_caller_has_gone() {
    let server = MariaDb::start().unwrap();
    let (record, url) = shop::record(&server).await;
    let (user, products) = stocked(&record).await;
    let mut rival = bare(&url).await;
    rival.query_drop("BEGIN").await.unwrap();
    lock(&mut rival, &products[1]).await;
    let (work, order, _) = placing(&user, &products);
    let caller = tokio::spawn({
        let record = record.clone();
        async move { record.commit(work).await }
    });
    find_waiting_connection(&mut rival).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    rival.query_drop("ROLLBACK").await.unwrap();
    let placed = async {
        while !is_placed(&record, &order).await {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, placed).await.expect("a commit runs to its end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_connection_is_lost_is_unknown_and_not_done_again() {
    let server = MariaDb::start().unwrap();
    let (record, url) = shop::record(&server).await;
    let (user, products) = stocked(&record).await;
    let mut rival = bare(&url).await;
    rival.query_drop("BEGIN").await.unwrap();
    lock(&mut rival, &products[1]).await;
    let (work, order, _) = placing(&user, &products);
    let placed = tokio::spawn({
        let (record, work) = (record.clone(), work.clone());
        async move { record.commit(work).await }
    });
    let connection = find_waiting_connection(&mut rival).await;
    rival.query_drop(format!("KILL CONNECTION {connection}")).await.unwrap();
    rival.query_drop("ROLLBACK").await.unwrap();
    let outcome = in_bound(placed).await.unwrap();
    assert!(matches!(outcome, Err(CommitError::Failed(_))), "{outcome:?}");
    assert!(!is_placed(&record, &order).await);
    settled(&record, &work).await;
    assert_eq!(left(&record, &products[0]).await, Some(STOCK - 1));
}
