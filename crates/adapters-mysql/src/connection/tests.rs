use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_query;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection as _};
use ports::PortError;
use test_servers::MariaDb;
use tokio::sync::oneshot;

use super::*;

diesel::table! { notes (id) { id -> BigInt, } }

const LIMITS: Limits = Limits { connections: 1, waiting: 1, wait: Duration::from_secs(10) };

fn options_of(database: &str) -> Opts {
    let server = MariaDb::shared().unwrap();
    server.create_database(database).unwrap();
    server.execute(&format!("CREATE TABLE {database}.notes (id BIGINT PRIMARY KEY)")).unwrap();
    options(Opts::from_url(&server.url(database)).unwrap())
}

fn crew(database: &str, limits: Limits) -> Arc<Crew> {
    Arc::new(Crew::new(&options_of(database), 1, limits))
}

async fn write(crew: &Crew, id: i64) -> Result<Result<(), ()>, PortError> {
    let work = async move |conn: &mut Conn| {
        diesel::insert_into(notes::table).values(notes::id.eq(id)).execute(conn).await?;
        Ok(Ok::<_, ()>(()))
    };
    crew.run(async move |pool| pool.run(Kind::Commit, work).await).await
}

async fn notes(crew: &Crew) -> Vec<i64> {
    let all = async |conn: &mut Conn| {
        let ids = notes::table.select(notes::id).order(notes::id).load(conn).await?;
        Ok(Ok::<_, ()>(ids))
    };
    crew.run(async move |pool| pool.run(Kind::Query, all).await).await.unwrap().unwrap()
}

fn said(error: &PortError) -> String {
    std::error::Error::source(error).map(ToString::to_string).unwrap_or_default()
}

/// Takes the only connection until the sender is dropped.
#[expect(clippy::disallowed_methods, reason = "a test has callers of its own")]
async fn occupy(crew: &Arc<Crew>) -> oneshot::Sender<()> {
    let (release, released) = oneshot::channel::<()>();
    let (begin, begun) = oneshot::channel();
    let crew = Arc::clone(crew);
    drop(tokio::spawn(async move {
        let hold = async move |pool: &Pool| {
            let place = pool.place().await?;
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
    let mut conn = connect(&options_of("settings")).await.unwrap();
    let query = "SELECT CONCAT_WS(' ', @@autocommit + 0, @@time_zone, @@tx_isolation, @@lc_messages, \
                 @@innodb_lock_wait_timeout, @@lock_wait_timeout, @@wait_timeout, @@character_set_client, @@sql_mode) AS setting";
    let set: Setting = sql_query(query).get_result(&mut conn).await.unwrap();
    assert_eq!(
        set.setting,
        "1 +00:00 READ-COMMITTED en_US 1 1 60 utf8mb4 STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,\
         ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
    );
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
async fn nobody_waits_for_ever() {
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
        let outcome = crew.run(async move |pool| pool.run(Kind::Commit, work).await).await;
        assert_eq!(outcome.ok(), (how == 1).then_some(Err("no")));
    }
    write(&crew, 4).await.unwrap().unwrap();
    assert_eq!(notes(&crew).await, [4]);
}

#[tokio::test]
async fn queries_of_a_snapshot_see_one_moment_and_write_nothing() {
    let crew = crew("snapshots", LIMITS);
    let other = Arc::new(options(Opts::from_url(&MariaDb::shared().unwrap().url("snapshots")).unwrap()));
    let work = async move |conn: &mut Conn| {
        let mut other = connect(&other).await.unwrap();
        diesel::insert_into(notes::table).values(notes::id.eq(1)).execute(&mut other).await?;
        let seen: i64 = notes::table.count().get_result(conn).await?;
        let written = diesel::insert_into(notes::table).values(notes::id.eq(2)).execute(conn).await;
        Ok(Ok::<_, ()>((seen, written.is_err())))
    };
    let seen = crew.run(async move |pool| pool.run(Kind::Snapshot, work).await).await;
    assert_eq!(seen.unwrap(), Ok((0, true)));
    assert_eq!(notes(&crew).await, [1], "the next one sees it");
}
