//! Several servers that accept writes to the same record. They need a cluster, or a group with several primaries: `cargo xtask
//! engines galera` and `… group-replication`.

#![expect(
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails loudly, and measures real time"
)]

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use adapters_mysql::{Consistency, MySql, OpenError};
use domain::{Product, User};
use mysql_async::{Conn, Opts, prelude::Queryable};
use port_contracts::sample;
use ports::{SessionRepository, Store, UnitOfWork, UserRepository, Write};

/// The servers, with commas between them: `mysql://user:password@host:port`.
const SERVERS: &str = "TEST_MYSQL_SERVERS";
/// Rounds of a race.
const ROUNDS: u32 = 150;

fn servers() -> Vec<String> {
    let servers: Vec<_> =
        std::env::var(SERVERS).unwrap_or_default().split(',').map(ToOwned::to_owned).collect();
    assert!(servers.len() > 1, "{SERVERS} names fewer than two servers");
    servers
}

/// The URLs of a new database, by server.
async fn new_database() -> Vec<String> {
    static DATABASES: AtomicU32 = AtomicU32::new(0);
    let number = DATABASES.fetch_add(1, Ordering::Relaxed);
    let name = format!("writers_{}_{number}", std::process::id());
    let mut conn = Conn::new(Opts::from_url(&servers()[0]).unwrap()).await.unwrap();
    conn.query_drop(format!("CREATE DATABASE {name}")).await.unwrap();
    servers().iter().map(|it| format!("{it}/{name}")).collect()
}

/// A new record, through each server.
async fn records(consistency: Consistency) -> Vec<MySql> {
    let urls = new_database().await;
    MySql::migrate(&urls[0]).await.unwrap();
    let mut records = Vec::new();
    for url in &urls {
        wait_for_database(url).await;
        // A strict read, after which this server has the tables.
        MySql::open(url).await.unwrap().find_user_by_key(sample::user().key).await.unwrap();
        records.push(MySql::open_with(url, consistency).await.unwrap());
    }
    records
}

/// Waits until the server has the database that another one made.
async fn wait_for_database(url: &str) {
    for _ in 0..100 {
        if Conn::new(Opts::from_url(url).unwrap()).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("there is no such database");
}

fn unit(writes: impl IntoIterator<Item = Write>) -> UnitOfWork {
    UnitOfWork::new().with_writes(writes)
}

async fn insert_user(record: &MySql) -> User {
    let user = sample::user();
    record.commit(unit([Write::InsertUser(user.clone(), sample::hash("first"))])).await.unwrap();
    user
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster: cargo xtask engines galera"]
async fn no_session_outlives_a_password_change_at_another_server() {
    let records = records(Consistency::Strict).await;
    let (changing, logging_in) = (&records[0], &records[1]);
    let (mut both, mut survivors, mut refused) = (0, 0, 0);
    for round in 0..ROUNDS {
        let user = insert_user(changing).await;
        logging_in.find_user_by_key(user.key).await.unwrap().unwrap();
        let (first, second) = (sample::hash("first"), sample::hash("second"));
        let change = async {
            // At other moments of the login in every round, so that the commits overlap in every way.
            tokio::time::sleep(Duration::from_micros(u64::from(round % 50) * 500)).await;
            let writes = [
                Write::ChangePassword { user: user.key, from: first.clone(), to: second },
                Write::RevokeSessions { user: user.key, except: None, at: sample::at(1) },
            ];
            changing.commit(unit(writes)).await
        };
        let session = sample::session(&user);
        let writes = [
            Write::RequirePassword(user.key, first.clone()),
            Write::InsertSession(session.clone(), sample::origin()),
        ];
        let login = logging_in.commit(unit(writes));
        let (changed, logged_in) = tokio::join!(change, login);
        // A change that is refused has changed nothing.
        refused += u32::from(changed.is_err());
        if changed.is_ok() && logged_in.is_ok() {
            both += 1;
            let session = changing.find_session(&session.id).await.unwrap().unwrap();
            survivors += u32::from(session.revoked_at.is_none());
        }
    }
    println!(
        "{survivors} of {both} sessions outlived a change of the password, of {ROUNDS} logins; {refused} refused"
    );
    assert_eq!(survivors, 0);
    assert!(refused < ROUNDS / 2, "most are changed");
}

/// How many of the rows that one server has just committed another one does not show.
async fn count_missed(records: &[MySql]) -> u32 {
    let mut missed = 0;
    for _ in 0..ROUNDS {
        let user = insert_user(&records[0]).await;
        for other in &records[1..] {
            missed += u32::from(other.find_user_by_key(user.key).await.unwrap().is_none());
        }
    }
    missed
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster: cargo xtask engines galera"]
async fn every_server_shows_what_was_committed_before() {
    println!("eventual: {} reads missed a commit", count_missed(&records(Consistency::Eventual).await).await);
    assert_eq!(count_missed(&records(Consistency::Strict).await).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster: cargo xtask engines galera"]
async fn a_product_that_many_buy_at_every_server_is_sold_as_often_as_it_is_confirmed() {
    const CLIENTS: usize = 24;
    const SALES: usize = 10;
    let records = records(Consistency::Strict).await;
    let product: Product = sample::product(Some(1_000));
    records[0].commit(unit([sample::insert_product(&product)])).await.unwrap();
    let client = async |number: usize| {
        let record = &records[number % records.len()];
        let mut unavailable = 0;
        for _ in 0..SALES {
            unavailable += u32::from(record.commit(unit([sample::sell_product(&product, 1)])).await.is_err());
        }
        unavailable
    };
    let refused = futures_util::future::join_all((0..CLIENTS).map(client)).await;
    let refused: u32 = refused.iter().sum();
    println!("{refused} of {} sales of one product were refused", CLIENTS * SALES);
    let read = ports::ProductRepository::find_product(&records[1], &product.id).await.unwrap().unwrap();
    let sold = u32::try_from(1_000 - read.stock.unwrap()).unwrap();
    // On a machine that is too slow some are refused after their time, and nothing is sold for them.
    let all = u32::try_from(CLIENTS * SALES).unwrap();
    assert_eq!(sold, all - refused);
    assert!(refused < all / 2, "most are sold");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster: cargo xtask engines galera"]
async fn groups_of_sales_of_one_product_are_confirmed_while_other_servers_sell_it_too() {
    const CLIENTS_OF_A_SERVER: usize = 8;
    const GROUPS: usize = 10;
    const ATTEMPTS_MAX: usize = 20;
    let records = records(Consistency::Strict).await;
    let product: Product = sample::product(Some(1_000));
    records[0].commit(unit([sample::insert_product(&product)])).await.unwrap();
    // As the service commits them: what arrives while a transaction runs shares the next one.
    let instance = async |record: &MySql| {
        let (mut longest, mut refused) = (Duration::ZERO, 0);
        for _ in 0..GROUPS {
            let (began, mut open) = (Instant::now(), CLIENTS_OF_A_SERVER);
            // A sale that is refused is repeated, as a client does.
            for _ in 0..ATTEMPTS_MAX {
                let units = (0..open).map(|_| unit([sample::sell_product(&product, 1)])).collect();
                open = record.commit_all(units).await.iter().filter(|it| it.is_err()).count();
                refused += open;
                if open == 0 {
                    break;
                }
            }
            assert_eq!(open, 0, "all are sold");
            longest = longest.max(began.elapsed());
        }
        (longest, refused)
    };
    let ends = futures_util::future::join_all(records.iter().map(instance)).await;
    let longest = ends.iter().map(|it| it.0).max().unwrap();
    let refused: usize = ends.iter().map(|it| it.1).sum();
    println!(
        "the longest group of sales took {:.2} s; {refused} sales were refused at first",
        longest.as_secs_f64()
    );
    let read = ports::ProductRepository::find_product(&records[1], &product.id).await.unwrap().unwrap();
    let sold = u32::try_from(records.len() * GROUPS * CLIENTS_OF_A_SERVER).unwrap();
    assert_eq!(read.stock, Some(1_000 - i64::from(sold)));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster: cargo xtask engines galera"]
async fn migrations_that_begin_at_every_server_at_once_all_succeed() {
    for _ in 0..4 {
        let urls = new_database().await;
        for url in &urls {
            wait_for_database(url).await;
        }
        let outcomes = futures_util::future::join_all(
            urls.iter().chain(&urls).map(async |url| MySql::migrate(url).await),
        );
        for outcome in outcomes.await {
            outcome.unwrap();
        }
        insert_user(&MySql::open(&urls[2]).await.unwrap()).await;
    }
}

#[tokio::test]
#[ignore = "needs a cluster: cargo xtask engines galera"]
async fn an_adoption_is_refused_where_several_servers_accept_writes() {
    let urls = new_database().await;
    let mut conn = Conn::new(Opts::from_url(&urls[0]).unwrap()).await.unwrap();
    conn.query_drop(include_str!("express/schema.sql")).await.unwrap();
    let refused = MySql::migrate(&urls[0]).await.unwrap_err();
    let OpenError::Migrate(reason) = &refused else { panic!("{refused:?}") };
    assert!(reason.to_string().contains("several servers accept writes"), "{reason}");
    let tables: Vec<String> = conn.query("SHOW TABLES").await.unwrap();
    assert!(tables.iter().all(|it| !it.starts_with("express_") && !it.starts_with("__")), "{tables:?}");
}
