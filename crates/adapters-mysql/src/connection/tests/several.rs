//! Several servers in one URL: which one is used, and when it is left.

use std::sync::atomic::AtomicBool;

use diesel::result::DatabaseErrorKind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// Two servers with the same tables, and an account that `read_only` binds.
struct Pair {
    first: MariaDb,
    second: MariaDb,
}

impl Pair {
    fn start() -> Self {
        let pair = Self { first: MariaDb::start().unwrap(), second: MariaDb::start().unwrap() };
        for server in [&pair.first, &pair.second] {
            server.create_database("pair").unwrap();
            server.execute_sql("CREATE TABLE pair.notes (id BIGINT PRIMARY KEY)").unwrap();
            server.execute_sql("CREATE USER app@'%'").unwrap();
            server.execute_sql("GRANT SELECT, INSERT ON pair.* TO app@'%'").unwrap();
        }
        pair
    }

    /// The URL of both, the first one at that port.
    fn url(&self, first_port: u16) -> String {
        format!("mysql://app@127.0.0.1:{first_port},127.0.0.1:{}/pair", self.second.port())
    }
}

fn open_workers(url: &str, consistency: Consistency, threads: usize) -> Arc<Workers> {
    Arc::new(Workers::new(&Servers::parse(url, consistency).unwrap(), threads, LIMITS))
}

fn notes_at(server: &MariaDb) -> String {
    server
        .query_sql("SELECT COALESCE(GROUP_CONCAT(id ORDER BY id), '') FROM pair.notes")
        .unwrap()
        .trim()
        .to_owned()
}

/// Whether the service is ready, as the health check decides it.
async fn check_writable(crew: &Workers) -> Result<Result<(), ()>, PortError> {
    let check = async |conn: &mut Conn| {
        let read_only = || {
            let text = "the database is read-only".to_owned();
            diesel::result::Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, Box::new(text))
        };
        is_writable(conn).await?.then_some(Ok(())).ok_or_else(read_only)
    };
    run_on(crew, WorkKind::Query, check).await
}

/// Writes 1 and 2, each on a thread of its own, so that both have a connection.
async fn write_on_both_threads(crew: &Arc<Workers>) {
    let release = occupy(crew).await;
    write(crew, 1).await.unwrap().unwrap();
    drop(release);
    while crew.connections_in_use().0 > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // Of two that are free the last one is taken, which was occupied.
    write(crew, 2).await.unwrap().unwrap();
}

/// Leads to the server. Once the flag is set it passes no query `COMMIT` on, and everything else as before.
#[expect(clippy::disallowed_methods, reason = "a test has a server of its own")]
async fn start_proxy(server: u16) -> (u16, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let hangs = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&hangs);
    drop(tokio::spawn(async move {
        loop {
            let (near, _) = listener.accept().await.unwrap();
            let far = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
            drop(tokio::spawn(carry_bytes(near, far, Arc::clone(&flag))));
        }
    }));
    (port, hangs)
}

async fn carry_bytes(mut near: TcpStream, mut far: TcpStream, hangs: Arc<AtomicBool>) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = near.split();
    let (mut from_server, mut to_server) = far.split();
    let requests = async {
        let mut bytes = vec![0; 65_536];
        loop {
            let count = from_client.read(&mut bytes).await?;
            if count == 0 {
                return Ok(());
            }
            if AtomicBool::load(&hangs, Ordering::Relaxed) && bytes[..count].ends_with(b"\x03COMMIT") {
                std::future::pending::<()>().await;
            }
            to_server.write_all(&bytes[..count]).await?;
        }
    };
    tokio::select! {
        outcome = requests => outcome,
        outcome = tokio::io::copy(&mut from_server, &mut to_client) => outcome.map(drop),
    }
}

#[tokio::test]
async fn the_next_server_of_the_url_is_tried_if_one_is_away_or_read_only() {
    let pair = Pair::start();
    let crew = open_workers(&pair.url(pair.first.port()), Consistency::Strict, 1);
    write(&crew, 1).await.unwrap().unwrap();
    pair.first.execute_sql("SET GLOBAL read_only = 1").unwrap();
    // Refused by the first one, done by the second one, in one piece of work.
    write(&crew, 2).await.unwrap().unwrap();
    assert_eq!(notes(&crew).await, [2]);
}

#[tokio::test]
async fn a_health_check_leaves_a_former_primary_with_all_its_connections() {
    let pair = Pair::start();
    let crew = open_workers(&pair.url(pair.first.port()), Consistency::Strict, 2);
    write_on_both_threads(&crew).await;
    pair.first.execute_sql("SET GLOBAL read_only = 1").unwrap();
    check_writable(&crew).await.unwrap().unwrap();
    // Both threads, at once.
    let (one, other) = tokio::join!(notes(&crew), notes(&crew));
    assert_eq!((one, other), (Vec::new(), Vec::new()), "the second server is read");
}

#[tokio::test]
async fn one_of_several_servers_that_only_reads_answers_nothing_unless_a_read_may_miss_commits() {
    let pair = Pair::start();
    for server in [&pair.first, &pair.second] {
        server.execute_sql("SET GLOBAL read_only = 1").unwrap();
    }
    let url = pair.url(pair.first.port());
    let strict = Servers::parse(&url, Consistency::Strict).unwrap();
    let refusal = strict.open_connection().await.map(drop).unwrap_err();
    assert!(refusal.to_string().contains("only reads"), "{refusal}");
    assert_eq!(notes(&open_workers(&url, Consistency::Eventual, 1)).await, [0; 0]);
    // One server alone has no other to lag behind.
    let alone = format!("mysql://app@127.0.0.1:{}/pair", pair.first.port());
    assert_eq!(notes(&open_workers(&alone, Consistency::Strict, 1)).await, [0; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_logins_and_hangs_at_commit_is_left_by_all_threads_at_once() {
    let pair = Pair::start();
    let (port, hangs) = start_proxy(pair.first.port()).await;
    let crew = open_workers(&pair.url(port), Consistency::Strict, 2);
    write_on_both_threads(&crew).await;
    hangs.store(true, Ordering::Relaxed);
    let unknown = write(&crew, 3).await.unwrap_err();
    assert!(matches!(unknown, PortError::Unavailable(_)), "{unknown:?}");
    for id in 4..8 {
        write(&crew, id).await.unwrap().unwrap();
    }
    assert_eq!((notes_at(&pair.first), notes_at(&pair.second)), ("1,2".to_owned(), "4,5,6,7".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_altogether_costs_no_commit() {
    let pair = Pair::start();
    let crew = open_workers(&pair.url(pair.first.port()), Consistency::Strict, 2);
    write_on_both_threads(&crew).await;
    pair.first.pause().unwrap();
    for id in 3..7 {
        write(&crew, id).await.unwrap().unwrap();
    }
    pair.first.resume().unwrap();
    assert_eq!((notes_at(&pair.first), notes_at(&pair.second)), ("1,2".to_owned(), "3,4,5,6".to_owned()));
}
