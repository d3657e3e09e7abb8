use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use diesel::prelude::*;
use diesel::{QueryResult, sql_query};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection as _};
use mysql_async::prelude::Queryable as _;
use ports::PortError;
use test_servers::MariaDb;
use tokio::sync::oneshot;

use super::*;
use crate::dialect::{Failure, read_failure};
use crate::sql::work::erase_types;

mod several;

diesel::table! { notes (id) { id -> BigInt, } }

const LIMITS: Limits = Limits { connections: 1, waiting: 1, wait: Duration::from_secs(10) };

fn servers_of(database: &str) -> Servers {
    let server = MariaDb::shared().unwrap();
    server.create_database(database).unwrap();
    server.execute_sql(&format!("CREATE TABLE {database}.notes (id BIGINT PRIMARY KEY)")).unwrap();
    Servers::parse(&server.url(database), Consistency::Strict).unwrap()
}

fn crew(database: &str, limits: Limits) -> Arc<Workers> {
    Arc::new(Workers::new(&servers_of(database), 1, limits))
}

async fn run_on<T: Send + 'static, R: Send + 'static>(
    crew: &Workers,
    kind: WorkKind,
    work: impl AsyncFn(&mut Conn) -> QueryResult<Result<T, R>> + Send + 'static,
) -> Result<Result<T, R>, PortError> {
    let (work, outcome) = erase_types(work);
    crew.run_work(kind, work).await?;
    outcome.take()
}

async fn write(crew: &Workers, id: i64) -> Result<Result<(), ()>, PortError> {
    let work = async move |conn: &mut Conn| {
        diesel::insert_into(notes::table).values(notes::id.eq(id)).execute(conn).await?;
        Ok(Ok::<_, ()>(()))
    };
    run_on(crew, WorkKind::Commit, work).await
}

async fn notes(crew: &Workers) -> Vec<i64> {
    let all = async |conn: &mut Conn| {
        let ids = notes::table.select(notes::id).order(notes::id).load(conn).await?;
        Ok(Ok::<_, ()>(ids))
    };
    run_on(crew, WorkKind::Query, all).await.unwrap().unwrap()
}

fn said(error: &PortError) -> String {
    std::error::Error::source(error).map(ToString::to_string).unwrap_or_default()
}

/// Takes the only connection until the sender is dropped.
#[expect(clippy::disallowed_methods, reason = "a test has callers of its own")]
async fn occupy(crew: &Arc<Workers>) -> oneshot::Sender<()> {
    let (release, released) = oneshot::channel::<()>();
    let (begin, begun) = oneshot::channel();
    let crew = Arc::clone(crew);
    drop(tokio::spawn(async move {
        let hold = async move |pool: &Pool| {
            let place = pool.acquire_permit().await?;
            begin.send(()).unwrap();
            let _ = released.await;
            drop(place);
            Ok(())
        };
        crew.run(hold).await.unwrap();
    }));
    begun.await.unwrap();
    release
}

#[tokio::test]
async fn a_connection_is_set_whatever_the_server_is_set_to() {
    #[derive(QueryableByName)]
    struct Setting {
        #[diesel(sql_type = diesel::sql_types::Text)]
        setting: String,
    }
    let mut conn = servers_of("settings").open_connection().await.unwrap().conn;
    let query = "SELECT CONCAT_WS(' ', @@autocommit + 0, @@time_zone, @@tx_isolation, @@lc_messages, \
                 @@innodb_lock_wait_timeout, @@lock_wait_timeout, @@wait_timeout, @@character_set_client, @@max_statement_time, @@sql_mode) AS setting";
    let set: Setting = sql_query(query).get_result(&mut conn).await.unwrap();
    assert_eq!(
        set.setting,
        "1 +00:00 READ-COMMITTED en_US 1 1 60 utf8mb4 2.500000 STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,\
         ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
    );
}

#[tokio::test]
async fn rules_are_enforced_whatever_the_server_is_set_to() {
    let server = MariaDb::start().unwrap();
    server.create_database("rules").unwrap();
    server.execute_sql("SET GLOBAL check_constraint_checks = 0").unwrap();
    let servers = Servers::parse(&server.url("rules"), Consistency::Strict).unwrap();
    let mut conn = servers.open_connection().await.unwrap().conn;
    sql_query("CREATE TABLE r (a INT CHECK (a > 0))").execute(&mut conn).await.unwrap();
    assert!(sql_query("INSERT INTO r VALUES (0)").execute(&mut conn).await.is_err());
}

#[tokio::test]
async fn work_beyond_the_queue_is_refused_at_once_and_within_it_waits_its_turn() {
    let crew = crew("queue", LIMITS);
    let release = occupy(&crew).await;
    let (first, second) = (write(&crew, 1), write(&crew, 2));
    let (first, ()) = tokio::join!(first, async {
        let refused = second.await.unwrap_err();
        assert_eq!(said(&refused), "too much waits for a connection to MySQL");
        drop(release);
    });
    first.unwrap().unwrap();
    assert_eq!(notes(&crew).await, [1]);
}

#[tokio::test]
async fn no_call_waits_for_ever() {
    let crew = crew("patience", Limits { wait: Duration::from_millis(1), ..LIMITS });
    let _release = occupy(&crew).await;
    assert_eq!(said(&write(&crew, 1).await.unwrap_err()), "no connection to MySQL became free in time");
}

#[tokio::test]
async fn a_refusal_a_failure_and_a_panic_leave_nothing_and_the_crew_goes_on() {
    let crew = crew("refusals", LIMITS);
    for how in 1..4 {
        let work = async move |conn: &mut Conn| {
            diesel::insert_into(notes::table).values(notes::id.eq(how)).execute(conn).await?;
            assert_ne!(how, 3, "as a test wants it");
            if how == 2 {
                conn.batch_execute("SELECT * FROM nothing").await?;
            }
            Ok(Err::<(), _>("no"))
        };
        let outcome = run_on(&crew, WorkKind::Commit, work).await;
        assert_eq!(outcome.ok(), (how == 1).then_some(Err("no")));
    }
    write(&crew, 4).await.unwrap().unwrap();
    assert_eq!(notes(&crew).await, [4]);
}

#[tokio::test]
async fn queries_of_a_snapshot_see_one_moment_and_write_nothing() {
    let crew = crew("snapshots", LIMITS);
    let other = Servers::parse(&MariaDb::shared().unwrap().url("snapshots"), Consistency::Strict).unwrap();
    let work = async move |conn: &mut Conn| {
        let mut other = other.open_connection().await.unwrap().conn;
        diesel::insert_into(notes::table).values(notes::id.eq(1)).execute(&mut other).await?;
        let seen: i64 = notes::table.count().get_result(conn).await?;
        diesel::insert_into(notes::table).values(notes::id.eq(2)).execute(conn).await?;
        Ok(Ok::<_, ()>(seen))
    };
    let seen = run_on(&crew, WorkKind::Snapshot, work).await;
    assert_eq!(seen.unwrap(), Ok(0));
    assert_eq!(notes(&crew).await, [1], "the next one sees it");
}

/// Asks the server until it says yes; what it is asked becomes true sooner or later.
async fn is_true(conn: &mut mysql_async::Conn, query: &str) {
    for _ in 0..PATIENCE_MS / PAUSE_MS {
        if conn.query_first(query).await.unwrap() == Some(1) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(PAUSE_MS)).await;
    }
    panic!("it never becomes true that {query}");
}

const PATIENCE_MS: u64 = 60_000;
const PAUSE_MS: u64 = 20;

async fn watcher() -> mysql_async::Conn {
    mysql_async::Conn::new(Opts::from_url(&MariaDb::shared().unwrap().url("")).unwrap()).await.unwrap()
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    number: i64,
}

async fn connection_id(crew: &Workers) -> i64 {
    let ask = async |conn: &mut Conn| {
        let id: Number = sql_query("SELECT CONNECTION_ID() AS number").get_result(conn).await?;
        Ok(Ok::<_, ()>(id.number))
    };
    run_on(crew, WorkKind::Query, ask).await.unwrap().unwrap()
}

async fn sleep_at_the_server(
    crew: &Workers,
    kind: WorkKind,
    seconds: &[u32],
) -> Result<Result<(), ()>, PortError> {
    let statements: Vec<_> = seconds.iter().map(|it| format!("SELECT SLEEP({it})")).collect();
    let work = async move |conn: &mut Conn| {
        for statement in &statements {
            conn.batch_execute(statement).await?;
        }
        Ok(Ok::<_, ()>(()))
    };
    run_on(crew, kind, work).await
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended_at_the_server_and_its_connection_goes_on() {
    let crew = crew("slow", LIMITS);
    let (id, mut watcher) = (connection_id(&crew).await, watcher().await);
    for kind in [WorkKind::Query, WorkKind::Snapshot, WorkKind::Commit] {
        let error = sleep_at_the_server(&crew, kind, &[1_000]).await.unwrap_err();
        assert!(matches!(error, PortError::Unavailable(_)), "{error:?}");
        assert!(said(&error).contains("max_statement_time exceeded"), "{}", said(&error));
        is_true(
            &mut watcher,
            "SELECT COUNT(*) = 0 FROM information_schema.processlist WHERE db = 'slow' AND info LIKE '%SLEEP%'",
        )
        .await;
        assert_eq!(connection_id(&crew).await, id, "it is the same connection");
    }
    write(&crew, 1).await.unwrap().unwrap();
}

/// Statements that last too long, and work of several that are each short enough: it is given up between two of them.
#[tokio::test]
async fn a_storm_of_slow_reads_never_has_more_connections_than_there_are_places() {
    const PLACES: usize = 4;
    const ATTEMPTS: usize = 8;
    let limits = Limits { connections: PLACES, waiting: 1_000, wait: Duration::from_secs(1) };
    let (crew, mut watcher) = (crew("storm", limits), watcher().await);
    let reading = async |number: u32| {
        let (kind, seconds): (_, &[u32]) = if number.is_multiple_of(2) {
            (WorkKind::Query, &[1_000])
        } else {
            (WorkKind::Snapshot, &[2, 1, 2])
        };
        for _ in 0..ATTEMPTS {
            assert!(matches!(
                sleep_at_the_server(&crew, kind, seconds).await,
                Err(PortError::Unavailable(_))
            ));
        }
    };
    let all = futures_util::future::join_all((0..24).map(reading));
    let connections = "SELECT COUNT(*) FROM information_schema.processlist WHERE db = 'storm'";
    let mut most = 0;
    let watch = async {
        loop {
            most = most.max(watcher.query_first::<usize, _>(connections).await.unwrap().unwrap());
            tokio::time::sleep(Duration::from_millis(PAUSE_MS)).await;
        }
    };
    tokio::select! {
        _ = all => {}
        () = watch => {}
    }
    println!("{most} connections at most");
    assert!(most <= PLACES, "{most} connections for {PLACES} places");
    is_true(
        &mut watcher,
        "SELECT COUNT(*) = 0 FROM information_schema.processlist WHERE db = 'storm' AND info LIKE '%SLEEP%'",
    )
    .await;
    while write(&crew, 1).await.is_err() {}
}

/// The number that the server gives the error, and so what it means, on this and the next statement.
#[tokio::test]
async fn the_server_says_which_error_a_statement_ended_with() {
    let mut conn = servers_of("numbers").open_connection().await.unwrap().conn;
    let mut other = servers_of_existing("numbers").open_connection().await.unwrap().conn;
    let fails = |number: u32, text: &str| {
        format!("SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = {number}, MESSAGE_TEXT = '{text}'")
    };
    for (number, meaning) in [
        (1213, Failure::Conflict),
        (1064, Failure::Other),
        (3101, Failure::Conflict),
        (1290, Failure::ServerUnavailable),
    ] {
        let error = conn.batch_execute(&fails(number, "Duplicate")).await.unwrap_err();
        assert_eq!(read_failure(&mut conn, &error).await, meaning, "{number}");
    }
    // As diesel sends them: prepared, and closed after the error.
    diesel::insert_into(notes::table).values(notes::id.eq(1)).execute(&mut conn).await.unwrap();
    other.batch_execute("BEGIN").await.unwrap();
    diesel::delete(notes::table.find(1)).execute(&mut other).await.unwrap();
    let waits = diesel::delete(notes::table.filter(notes::id.eq_any([1, 2]))).execute(&mut conn).await;
    assert_eq!(read_failure(&mut conn, &waits.unwrap_err()).await, Failure::LockTimeout);
    let unknown = sql_query("SELECT * FROM nothing").execute(&mut conn).await;
    assert_eq!(read_failure(&mut conn, &unknown.unwrap_err()).await, Failure::Other);
}

fn servers_of_existing(database: &str) -> Servers {
    Servers::parse(&MariaDb::shared().unwrap().url(database), Consistency::Strict).unwrap()
}

#[tokio::test]
async fn work_that_loses_again_and_again_is_repeated_for_some_time_and_keeps_its_connection() {
    let crew = crew("losing", LIMITS);
    let id = connection_id(&crew).await;
    let attempts = Arc::new(AtomicU32::new(0));
    let losing = |attempts: Arc<AtomicU32>, wins_at: u32| {
        async move |conn: &mut Conn| {
            if attempts.fetch_add(1, Ordering::Relaxed) + 1 < wins_at {
                conn.batch_execute("SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 3101, MESSAGE_TEXT = 'lost'")
                    .await?;
            }
            Ok(Ok::<_, ()>(()))
        }
    };
    // More often than eight times, which a hot row of several servers easily needs.
    let work = losing(attempts.clone(), 20);
    run_on(&crew, WorkKind::Commit, work).await.unwrap().unwrap();
    assert_eq!(attempts.fetch_or(0, Ordering::Relaxed), 20);
    let work = losing(attempts, u32::MAX);
    let lost = run_on(&crew, WorkKind::Commit, work).await.unwrap_err();
    assert!(matches!(lost, PortError::Unavailable(_)), "{lost:?}");
    assert_eq!(connection_id(&crew).await, id, "it is the same connection");
}

#[tokio::test]
async fn a_server_that_becomes_read_only_loses_its_connections() {
    let server = MariaDb::start().unwrap();
    server.create_database("former").unwrap();
    server.execute_sql("CREATE TABLE former.notes (id BIGINT PRIMARY KEY)").unwrap();
    // An account that the setting binds.
    server.execute_sql("CREATE USER app@'%'").unwrap();
    server.execute_sql("GRANT SELECT, INSERT ON former.* TO app@'%'").unwrap();
    let url = server.url("former").replace("root", "app");
    let crew = Arc::new(Workers::new(&Servers::parse(&url, Consistency::Strict).unwrap(), 1, LIMITS));
    let id = connection_id(&crew).await;
    server.execute_sql("SET GLOBAL read_only = 1").unwrap();
    let refused = write(&crew, 1).await.unwrap_err();
    assert!(matches!(refused, PortError::Unavailable(_)), "{refused:?}");
    assert_ne!(connection_id(&crew).await, id, "the connection is closed");
    server.execute_sql("SET GLOBAL read_only = 0").unwrap();
    write(&crew, 1).await.unwrap().unwrap();
}
