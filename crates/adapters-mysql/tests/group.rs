//! A replication group of MySQL itself, with one primary. It needs that program: `cargo xtask engines group-replication`.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails loudly, and measures real time"
)]

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use adapters_mysql::MySql;
use domain::User;
use port_contracts::sample;
use ports::{CommitError, HealthCheck, Store, UnitOfWork, UserRepository, Write};
use test_servers::{MySqlGroup, MySqlProgram};
use tokio::time::sleep;

/// The folder of an unpacked MySQL.
const PROGRAM: &str = "TEST_MYSQL_PROGRAM";
/// Clients that write at once.
const CLIENTS: usize = 8;
/// Commits that are confirmed before a fault, and again after it.
const COMMITS: usize = 200;
/// Most looks at a condition: with the pauses two minutes.
const LOOKS_MAX: u32 = 1_200;
const PAUSE: Duration = Duration::from_millis(100);

fn start_group() -> MySqlGroup {
    let folder = std::env::var(PROGRAM).unwrap();
    MySqlGroup::start(MySqlProgram::find(Path::new(&folder)).unwrap()).unwrap()
}

fn unit(write: Write) -> UnitOfWork {
    UnitOfWork::new().with_write(write)
}

/// Users that were confirmed, and the longest time between two confirmations.
#[derive(Default)]
struct Confirmed {
    users: Vec<User>,
    last: Option<Instant>,
    pause: Duration,
}

impl Confirmed {
    fn push(&mut self, user: User) {
        let now = Instant::now();
        self.pause = self.last.map_or(Duration::ZERO, |it| now - it).max(self.pause);
        self.last = Some(now);
        self.users.push(user);
    }
}

/// Commits new users until there are `target` of them. Each is sent until it is known to be stored.
async fn insert_users(record: &MySql, confirmed: &Mutex<Confirmed>, target: &AtomicUsize) {
    while confirmed.lock().unwrap().users.len() < target.load(Ordering::Relaxed) {
        let user = sample::user();
        loop {
            match record.commit(unit(Write::InsertUser(user.clone(), sample::hash("first")))).await {
                // A conflict is with itself: the answer to an earlier attempt was lost.
                Ok(()) | Err(CommitError::AccountConflict(_) | CommitError::Stale) => break,
                Err(CommitError::Failed(_)) => sleep(PAUSE).await,
                Err(other) => panic!("{other:?}"),
            }
        }
        confirmed.lock().unwrap().push(user);
    }
}

async fn wait_for(confirmed: &Mutex<Confirmed>, count: usize) {
    for _ in 0..LOOKS_MAX {
        if confirmed.lock().unwrap().users.len() >= count {
            return;
        }
        sleep(PAUSE).await;
    }
    panic!("{} of {count} commits were confirmed", confirmed.lock().unwrap().users.len());
}

async fn assert_all_there(url: &str, users: &[User]) {
    let record = MySql::open(url).await.unwrap();
    for user in users {
        assert!(record.find_user_by_key(user.key).await.unwrap().is_some(), "{url} misses a user");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL: cargo xtask engines group-replication"]
async fn what_is_confirmed_outlives_the_primary_and_is_there_when_it_has_come_back() {
    let mut group = start_group();
    group.execute_sql(0, "CREATE DATABASE record").unwrap();
    let url = group.url("record");
    MySql::migrate(&url).await.unwrap();
    let record = MySql::open(&url).await.unwrap();
    let (confirmed, target) = (Arc::<Mutex<Confirmed>>::default(), Arc::new(AtomicUsize::new(usize::MAX)));
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let (record, confirmed, target) = (record.clone(), Arc::clone(&confirmed), Arc::clone(&target));
        clients.push(tokio::spawn(async move { insert_users(&record, &confirmed, &target).await }));
    }
    wait_for(&confirmed, COMMITS).await;
    confirmed.lock().unwrap().pause = Duration::ZERO;
    let before = confirmed.lock().unwrap().users.len();
    group.kill(0).unwrap();
    wait_for(&confirmed, before + COMMITS).await;
    target.store(0, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    let (users, pause) = {
        let confirmed = confirmed.lock().unwrap();
        (confirmed.users.clone(), confirmed.pause)
    };
    println!("no commit was confirmed for {:.1} s after the primary was killed", pause.as_secs_f64());
    record.check_health().await.unwrap();
    group.rejoin(0).unwrap();
    for url in group.urls() {
        assert_all_there(&format!("{url}/record"), &users).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL: cargo xtask engines group-replication"]
async fn a_product_that_many_buy_is_sold_as_often_as_it_is_confirmed() {
    const SALES: usize = 10;
    const BUYERS: usize = 24;
    let group = start_group();
    group.execute_sql(0, "CREATE DATABASE record").unwrap();
    let url = group.url("record");
    MySql::migrate(&url).await.unwrap();
    let record = MySql::open(&url).await.unwrap();
    let product = sample::product(Some(1_000));
    record.commit(unit(sample::insert_product(&product))).await.unwrap();
    let buyer = async |_| {
        for _ in 0..SALES {
            record.commit(unit(sample::sell_product(&product, 1))).await.unwrap();
        }
    };
    futures_util::future::join_all((0..BUYERS).map(buyer)).await;
    for url in group.urls() {
        let member = MySql::open(&format!("{url}/record")).await.unwrap();
        let read = ports::ProductRepository::find_product(&member, &product.id).await.unwrap().unwrap();
        assert_eq!(read.stock, Some(1_000 - i64::try_from(BUYERS * SALES).unwrap()));
    }
}
