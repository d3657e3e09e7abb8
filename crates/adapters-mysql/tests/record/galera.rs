//! A Galera cluster that loses its servers one after the other, and one of whose servers applies late. It needs MariaDB with
//! Galera: `cargo xtask engines galera`.

use adapters_mysql::{Consistency, MySql};
use mysql_async::{Conn, Opts, prelude::Queryable};
use port_contracts::sample;
use ports::{PortError, Store, UnitOfWork, UserRepository, Write};
use test_servers::Galera;

use super::losses::{DATABASE, Loss, Survivors};

fn start_cluster() -> Galera {
    let cluster = Galera::start().unwrap();
    cluster.execute_sql(0, &format!("CREATE DATABASE {DATABASE}")).unwrap();
    cluster
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster: cargo xtask engines galera"]
async fn what_is_confirmed_outlives_each_server_and_is_there_when_it_has_come_back() {
    let mut survivors = Survivors::new(start_cluster()).await;
    survivors.lose(0, Loss::Kill, "the server that all clients use").await;
    survivors.lose(2, Loss::Kill, "a server that no client uses").await;
    survivors.lose(0, Loss::Hang, "the server that all clients use").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster: cargo xtask engines galera"]
async fn a_server_that_applies_late_answers_no_strict_read_before_it_has_caught_up() {
    let cluster = start_cluster();
    let urls: Vec<_> = cluster.urls().iter().map(|it| format!("{it}/{DATABASE}")).collect();
    let [first, late, ..] = &urls[..] else { panic!("{urls:?}") };
    MySql::migrate(first).await.unwrap();
    let writer = MySql::open(first).await.unwrap();
    let strict = MySql::open(late).await.unwrap();
    let eventual = MySql::open_with(late, Consistency::Eventual).await.unwrap();
    let user = sample::user();
    // So that both have a connection, and the server has the tables.
    assert!(strict.find_user_by_key(user.key).await.unwrap().is_none());
    assert!(eventual.find_user_by_key(user.key).await.unwrap().is_none());
    let mut stopped = Conn::new(Opts::from_url(late).unwrap()).await.unwrap();
    stopped.query_drop("FLUSH TABLES WITH READ LOCK").await.unwrap();

    let insert = Write::InsertUser(user.clone(), sample::hash("first"));
    writer.commit(UnitOfWork::new().with_write(insert)).await.unwrap();
    assert!(eventual.find_user_by_key(user.key).await.unwrap().is_none(), "it has not applied the commit");
    let read = strict.find_user_by_key(user.key).await;
    assert!(matches!(read, Err(PortError::Unavailable(_))), "{read:?}");

    stopped.query_drop("UNLOCK TABLES").await.unwrap();
    assert_eq!(strict.find_user_by_key(user.key).await.unwrap(), Some(user));
}
