//! A Galera cluster that loses its servers one after the other. It needs MariaDB with Galera: `cargo xtask engines galera`.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails loudly, and measures real time"
)]

mod losses;

use adapters_mysql::MySql;
use domain::User;
use ports::HealthCheck;
use test_servers::Galera;

use losses::{assert_all_there, write_while};

/// One URL with all servers, the first of which is used while it is there.
fn url_of_all(cluster: &Galera) -> String {
    let urls = cluster.urls();
    let hosts: Vec<_> = urls.iter().filter_map(|it| it.strip_prefix("mysql://root@")).collect();
    format!("mysql://root@{}/record", hosts.join(","))
}

async fn assert_everywhere(cluster: &Galera, users: &[User]) {
    for url in cluster.urls() {
        assert_all_there(&format!("{url}/record"), users).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a cluster: cargo xtask engines galera"]
async fn what_is_confirmed_outlives_each_server_and_is_there_when_it_has_come_back() {
    let mut cluster = Galera::start().unwrap();
    cluster.execute_sql(0, "CREATE DATABASE record").unwrap();
    let url = url_of_all(&cluster);
    MySql::migrate(&url).await.unwrap();
    let mut users = Vec::new();
    for (lost, role) in [(0, "the server that all clients use"), (2, "a server that no client uses")] {
        // A new one for each loss: its connections begin at the first server.
        let record = MySql::open(&url).await.unwrap();
        let (more, pause) = write_while(&record, || cluster.kill(lost).unwrap()).await;
        println!("no commit was confirmed for {:.1} s after {role} was killed", pause.as_secs_f64());
        record.check_health().await.unwrap();
        cluster.rejoin(lost).unwrap();
        users.extend(more);
        assert_everywhere(&cluster, &users).await;
    }
    let record = MySql::open(&url).await.unwrap();
    let (more, pause) = write_while(&record, || cluster.pause(0).unwrap()).await;
    println!("no commit was confirmed for {:.1} s after the server in use hung", pause.as_secs_f64());
    cluster.resume(0).unwrap();
    users.extend(more);
    assert_everywhere(&cluster, &users).await;
}
