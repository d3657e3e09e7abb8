//! A replication group of MySQL itself. It needs that program: `cargo xtask engines group-replication`.

use std::path::Path;

use adapters_mysql::MySql;
use port_contracts::sample;
use ports::{Store, UnitOfWork, Write};
use test_servers::{MySqlGroup, MySqlProgram};

use super::losses::{DATABASE, Loss, Survivors};

/// The folder of an unpacked MySQL.
const PROGRAM: &str = "TEST_MYSQL_PROGRAM";

fn start_group() -> MySqlGroup {
    let folder = std::env::var(PROGRAM).unwrap();
    let group = MySqlGroup::start(MySqlProgram::find(Path::new(&folder)).unwrap()).unwrap();
    group.execute_sql(0, &format!("CREATE DATABASE {DATABASE}")).unwrap();
    group
}

fn unit(write: Write) -> UnitOfWork {
    UnitOfWork::new().with_write(write)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL: cargo xtask engines group-replication"]
async fn what_is_confirmed_outlives_each_role_and_is_there_when_it_has_come_back() {
    let mut survivors = Survivors::new(start_group()).await;
    survivors.lose(0, Loss::Kill, "the primary").await;
    // It has come back as a secondary.
    survivors.lose(0, Loss::Kill, "a secondary").await;
    let primary = survivors.servers.primary().unwrap();
    survivors.lose(primary, Loss::Hang, "the primary").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL: cargo xtask engines group-replication"]
async fn what_is_confirmed_outlives_each_of_three_primaries() {
    let mut group = start_group();
    group.make_all_primaries().unwrap();
    let mut survivors = Survivors::new(group).await;
    survivors.lose(0, Loss::Kill, "the primary in use, one of three,").await;
    survivors.lose(1, Loss::Kill, "another primary").await;
    survivors.lose(0, Loss::Hang, "the primary in use, one of three,").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL: cargo xtask engines group-replication"]
async fn a_product_that_many_buy_is_sold_as_often_as_it_is_confirmed() {
    const SALES: usize = 10;
    const BUYERS: usize = 24;
    let group = start_group();
    let url = group.url(DATABASE);
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
        let member = MySql::open(&format!("{url}/{DATABASE}")).await.unwrap();
        let read = ports::ProductRepository::find_product(&member, &product.id).await.unwrap().unwrap();
        assert_eq!(read.stock, Some(1_000 - i64::try_from(BUYERS * SALES).unwrap()));
    }
}
