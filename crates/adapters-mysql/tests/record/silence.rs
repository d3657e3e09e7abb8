//! The way to the server is lost without a word, as when its address moves to another machine.

use std::time::Duration;

use adapters_mysql::MySql;
use port_contracts::sample;
use ports::{FindingRepository, Store, UnitOfWork, Write};
use test_servers::{LoadStopwatch, MariaDb};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::timeout,
};

/// More than it takes to give up one connection and to find another, less than a unit has in all.
const SOON: Duration = Duration::from_millis(2_500);
const PATIENCE: Duration = Duration::from_secs(60);

async fn soon<T>(call: impl Future<Output = T>) -> T {
    let pace = LoadStopwatch::start();
    let outcome = timeout(PATIENCE, call).await.unwrap();
    let (calm, all) = (pace.elapsed_without_load(), pace.elapsed());
    assert!(calm < SOON, "after {calm:?} of {all:?}");
    outcome
}

/// Leads to the server; whenever it is told to, what it carried so far goes silent and stays open.
async fn way(port: u16) -> (u16, watch::Sender<()>, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = listener.local_addr().unwrap().port();
    let (lose, lost) = watch::channel(());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut carried = JoinSet::new();
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            let mut lost = lost.clone();
            lost.mark_unchanged();
            carried.spawn(async move {
                let mut far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let carry = copy_bidirectional(&mut near, &mut far);
                tokio::select! {
                    _ = carry => return,
                    _ = lost.changed() => {}
                }
                std::future::pending::<()>().await;
            });
        }
    });
    (own, lose, tasks)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_finds_another_connection_when_its_own_is_silent() {
    let server = MariaDb::shared().unwrap();
    server.create_database("silence").unwrap();
    let (port, lose, _way) = way(server.port()).await;
    let url = format!("mysql://root@127.0.0.1:{port}/silence");
    MySql::migrate(&url).await.unwrap();
    let record = MySql::open(&url).await.unwrap();
    let keep = async || {
        let finding = sample::finding();
        let id = finding.id.clone();
        let work = UnitOfWork::new().with_write(Write::InsertFinding(finding));
        soon(record.commit(work)).await.unwrap();
        id
    };
    keep().await;
    lose.send(()).unwrap();
    let id = keep().await;
    assert!(FindingRepository::find_finding(&record, &id).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_read_at_most_pays_for_all_connections_that_went_silent() {
    let server = MariaDb::shared().unwrap();
    server.create_database("silent_reads").unwrap();
    let (port, lose, _way) = way(server.port()).await;
    let url = format!("mysql://root@127.0.0.1:{port}/silent_reads");
    MySql::migrate(&url).await.unwrap();
    let record = MySql::open(&url).await.unwrap();
    let id = sample::finding().id;
    let mut readers = JoinSet::new();
    for _ in 0..8 {
        let (record, id) = (record.clone(), id.clone());
        readers.spawn(async move { FindingRepository::find_finding(&record, &id).await.unwrap() });
    }
    readers.join_all().await;
    lose.send(()).unwrap();
    assert!(FindingRepository::find_finding(&record, &id).await.is_err(), "a query may be under way");
    soon(FindingRepository::find_finding(&record, &id)).await.unwrap();
}
