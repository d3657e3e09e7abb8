use std::sync::mpsc;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection as _};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinSet};

use super::*;
use crate::connection::open_connection;

diesel::table! { notes (id) { id -> BigInt, } }

const LIMITS: Limits = Limits { connections: 1, waiting: 1, wait: Duration::from_secs(10) };

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = open_connection(&folder.path().join("notes.db"), Access::Write).unwrap();
    connection.batch_execute("CREATE TABLE notes (id INTEGER PRIMARY KEY)").unwrap();
    folder
}

fn lane(folder: &TempDir, access: Access, limits: Limits) -> Arc<Pool> {
    Arc::new(Pool::open(folder.path().join("notes.db"), access, limits).unwrap())
}

async fn write(lane: &Arc<Pool>, id: i64) -> Result<Result<(), ()>, PortError> {
    lane.run_commit(async move |conn: &mut Conn| {
        diesel::insert_into(notes::table).values(notes::id.eq(id)).execute(conn).await?;
        Ok(Ok::<_, ()>(()))
    })
    .await
}

async fn notes(lane: &Arc<Pool>) -> Vec<i64> {
    let all = lane
        .run_query(async |conn: &mut Conn| notes::table.select(notes::id).order(notes::id).load(conn).await);
    all.await.unwrap()
}

/// Takes the lane's only connection until the sender is dropped. The set has to live as long.
async fn occupy(lane: &Arc<Pool>, tasks: &mut JoinSet<()>) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (begin, begun) = oneshot::channel();
    let begin = Mutex::new(Some(begin));
    let occupied = Arc::clone(lane);
    tasks.spawn(async move {
        let work = async move |_: &mut Conn| {
            begin.lock().unwrap().take().unwrap().send(()).unwrap();
            // Blocks the thread, as SQLite does.
            let _ = released.recv();
            Ok(())
        };
        occupied.run_query(work).await.unwrap();
    });
    begun.await.unwrap();
    release
}

fn said(error: &PortError) -> String {
    std::error::Error::source(error).map(ToString::to_string).unwrap_or_default()
}

#[tokio::test]
async fn work_beyond_the_queue_is_refused_at_once_and_within_it_waits_its_turn() {
    let folder = folder();
    let lane = lane(&folder, Access::Write, LIMITS);
    let mut tasks = JoinSet::new();
    let release = occupy(&lane, &mut tasks).await;
    let patient = Arc::clone(&lane);
    tasks.spawn(async move { write(&patient, 1).await.unwrap().unwrap() });
    let queued = async {
        while lane.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMITS.wait, queued).await.expect("the first one to come waits");
    assert_eq!(said(&write(&lane, 2).await.unwrap_err()), "too much waits for a connection to SQLite");
    drop(release);
    tasks.join_all().await;
    assert_eq!(notes(&lane).await, [1]);
}

#[tokio::test]
async fn no_call_waits_for_ever() {
    let folder = folder();
    let lane = lane(&folder, Access::Write, Limits { wait: Duration::from_millis(1), ..LIMITS });
    let mut tasks = JoinSet::new();
    let _release = occupy(&lane, &mut tasks).await;
    assert_eq!(said(&write(&lane, 1).await.unwrap_err()), "no connection to SQLite became free in time");
}

#[tokio::test]
async fn a_refusal_and_a_failure_leave_nothing_and_the_connection_goes_on() {
    let folder = folder();
    let lane = lane(&folder, Access::Write, LIMITS);
    let refused = lane.run_commit(async |conn: &mut Conn| {
        diesel::insert_into(notes::table).values(notes::id.eq(1)).execute(conn).await?;
        Ok(Err::<(), _>("no"))
    });
    assert_eq!(refused.await.unwrap(), Err("no"));
    let failed = lane.run_commit(async |conn: &mut Conn| {
        diesel::insert_into(notes::table).values(notes::id.eq(2)).execute(conn).await?;
        conn.batch_execute("SELECT * FROM nothing").await?;
        Ok(Ok::<_, ()>(()))
    });
    failed.await.unwrap_err();
    write(&lane, 3).await.unwrap().unwrap();
    assert_eq!(notes(&lane).await, [3]);
}

/// The descriptors of this process that lead to that file.
fn descriptors(path: &std::path::Path) -> usize {
    let all = std::fs::read_dir("/proc/self/fd").unwrap();
    all.filter(|it| std::fs::read_link(it.as_ref().unwrap().path()).is_ok_and(|it| it == path)).count()
}

#[tokio::test]
async fn all_connections_are_open_before_they_are_needed_and_stay_so() {
    let folder = folder();
    let file = folder.path().canonicalize().unwrap().join("notes.db");
    let readers = lane(&folder, Access::Read, Limits { connections: 4, ..LIMITS });
    assert_eq!(descriptors(&file), 4);
    let writer = lane(&folder, Access::Write, LIMITS);
    let log = folder.path().canonicalize().unwrap().join("notes.db-wal");
    assert_eq!((descriptors(&file), descriptors(&log)), (5, 5), "the log of each too");
    for id in 0..9 {
        write(&writer, id).await.unwrap().unwrap();
        notes(&readers).await;
    }
    assert_eq!((descriptors(&file), descriptors(&log)), (5, 5));
}

#[tokio::test]
async fn a_panic_rolls_back_and_the_lane_goes_on() {
    let folder = folder();
    let lane = lane(&folder, Access::Write, LIMITS);
    let panicked = lane.run_commit(async |conn: &mut Conn| -> QueryResult<Result<(), ()>> {
        diesel::insert_into(notes::table).values(notes::id.eq(1)).execute(conn).await?;
        panic!("as a test wants it")
    });
    panicked.await.unwrap_err();
    write(&lane, 2).await.unwrap().unwrap();
    assert_eq!(notes(&lane).await, [2]);
}

#[tokio::test]
async fn a_connection_with_an_open_transaction_is_not_lent_again() {
    let folder = folder();
    let lane = lane(&folder, Access::Write, LIMITS);
    let left_open = lane.run_query(async |conn: &mut Conn| {
        use diesel::connection::{AnsiTransactionManager, TransactionManager as _};
        conn.spawn_blocking(AnsiTransactionManager::begin_transaction).await?;
        diesel::insert_into(notes::table).values(notes::id.eq(1)).execute(conn).await
    });
    left_open.await.unwrap();
    write(&lane, 2).await.unwrap().unwrap();
    assert_eq!(notes(&lane).await, [2]);
}

#[tokio::test]
async fn queries_of_a_snapshot_see_one_moment() {
    let folder = folder();
    let readers = lane(&folder, Access::Read, LIMITS);
    let path = folder.path().join("notes.db");
    let seen = readers.run_snapshot(async move |conn: &mut Conn| {
        let before: i64 = notes::table.count().get_result(conn).await?;
        let mut other = open_connection(&path, Access::Write).unwrap();
        other.batch_execute("INSERT INTO notes VALUES (1)")?;
        Ok((before, notes::table.count().get_result::<i64>(conn).await?))
    });
    assert_eq!(seen.await.unwrap(), (0, 0));
    assert_eq!(notes(&readers).await, [1], "the next one sees it");
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let folder = folder();
    let readers = lane(&folder, Access::Read, LIMITS);
    assert!(said(&write(&readers, 1).await.unwrap_err()).contains("readonly"));
}

/// Whatever readers do for however long, they are others than the one that writes.
#[tokio::test]
async fn readers_that_never_end_keep_no_write_waiting() {
    const READERS: usize = 4;
    let folder = folder();
    let readers = lane(&folder, Access::Read, Limits { connections: READERS, ..LIMITS });
    let writer = lane(&folder, Access::Write, LIMITS);
    let mut tasks = JoinSet::new();
    let mut releases = Vec::new();
    for _ in 0..READERS {
        releases.push(occupy(&readers, &mut tasks).await);
    }
    for id in 1..=9 {
        write(&writer, id).await.unwrap().unwrap();
    }
    drop(releases);
    tasks.join_all().await;
    assert_eq!(notes(&readers).await.len(), 9);
}
