//! A copy of the file while it is in use.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use adapters_sqlite::{BackupError, Sqlite};
use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query,
    sql_types::BigInt,
};

/// Rows that are there before the copy begins; each has its pair in another table.
const ROWS: i64 = 2_000;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn open(file: &Path) -> SqliteConnection {
    let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    connection.batch_execute("PRAGMA busy_timeout = 60000; PRAGMA foreign_keys = OFF").unwrap();
    connection
}

fn number(connection: &mut SqliteConnection, query: &str) -> i64 {
    sql_query(format!("SELECT ({query}) AS number")).get_result::<Number>(connection).unwrap().number
}

/// A record with two tables of a test's own, that get their rows in pairs.
async fn record(folder: &Path) -> PathBuf {
    let file = folder.join("record.db");
    drop(Sqlite::open(&file).await.unwrap());
    open(&file)
        .batch_execute(&format!(
            "CREATE TABLE one (n INTEGER PRIMARY KEY, filler TEXT); CREATE TABLE other (n INTEGER PRIMARY KEY);
             WITH RECURSIVE all_n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM all_n WHERE n < {ROWS})
             INSERT INTO one SELECT n, hex(randomblob(500)) FROM all_n;
             INSERT INTO other SELECT n FROM one;"
        ))
        .unwrap();
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_whole_while_others_write() {
    let folder = tempfile::tempdir().unwrap();
    let (file, copy) = (record(folder.path()).await, folder.path().join("copy.db"));
    let is_over = Arc::new(AtomicBool::new(false));
    let (watched, over) = (file.clone(), is_over.clone());
    let writer = tokio::task::spawn_blocking(move || {
        let mut connection = open(&watched);
        let mut n = ROWS;
        while !over.load(Ordering::Relaxed) {
            n += 1;
            let pair = format!(
                "BEGIN IMMEDIATE; INSERT INTO one VALUES ({n}, 'x'); INSERT INTO other VALUES ({n}); COMMIT"
            );
            connection.batch_execute(&pair).unwrap();
        }
        n
    });
    let size = Sqlite::back_up(&file, &copy, |_| {}).await.unwrap();
    is_over.store(true, Ordering::Relaxed);
    let written = writer.await.unwrap();
    let metadata = fs::metadata(&copy).unwrap();
    assert_eq!((metadata.len(), metadata.permissions().mode() & 0o777), (size, 0o600));
    let mut connection = open(&copy);
    let [one, other] =
        ["one", "other"].map(|it| number(&mut connection, &format!("SELECT count(*) FROM {it}")));
    assert!(one == other && (ROWS..=written).contains(&one), "{one} and {other} of {written}");
    drop(connection);
    assert!(
        fs::read_dir(folder.path()).unwrap().all(|it| !it
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with('.'))
    );
    Sqlite::open(&copy).await.expect("it is a record like the first one");
}

#[tokio::test]
async fn what_was_deleted_is_not_in_the_copy() {
    let folder = tempfile::tempdir().unwrap();
    let (file, copy) = (record(folder.path()).await, folder.path().join("copy.db"));
    open(&file)
        .batch_execute("UPDATE one SET filler = 'SECRETSECRET' WHERE n = 7; DELETE FROM one WHERE n = 7")
        .unwrap();
    Sqlite::back_up(&file, &copy, |_| {}).await.unwrap();
    let bytes = fs::read(&copy).unwrap();
    assert!(!bytes.windows(12).any(|it| it == b"SECRETSECRET"));
}

#[tokio::test]
async fn a_file_that_is_there_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let file = record(folder.path()).await;
    let taken = folder.path().join("taken.db");
    fs::write(&taken, "mine").unwrap();
    let outcome = Sqlite::back_up(&file, &taken, |_| {}).await;
    assert!(matches!(outcome, Err(BackupError::Exists(_))), "{outcome:?}");
    assert_eq!(fs::read_to_string(&taken).unwrap(), "mine");
    let itself = Sqlite::back_up(&file, &file, |_| {}).await;
    assert!(matches!(itself, Err(BackupError::Exists(_))), "{itself:?}");
}

#[tokio::test]
async fn nothing_is_made_of_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (missing, copy) = (folder.path().join("missing.db"), folder.path().join("copy.db"));
    let outcome = Sqlite::back_up(&missing, &copy, |_| {}).await;
    assert!(matches!(outcome, Err(BackupError::Missing(_))), "{outcome:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let elsewhere =
        Sqlite::back_up(&record(folder.path()).await, Path::new("/proc/no/copy.db"), |_| {}).await;
    assert!(matches!(elsewhere, Err(BackupError::Write { .. })), "{elsewhere:?}");
}

#[tokio::test]
async fn a_damaged_database_makes_no_backup() {
    let folder = tempfile::tempdir().unwrap();
    let (file, copy) = (record(folder.path()).await, folder.path().join("copy.db"));
    open(&file)
        .batch_execute(
            "CREATE TABLE child (n INTEGER PRIMARY KEY, one INTEGER REFERENCES one (n));
             INSERT INTO child VALUES (1, 999999)",
        )
        .unwrap();
    let outcome = Sqlite::back_up(&file, &copy, |_| {}).await;
    let told = outcome.unwrap_err().to_string();
    assert_eq!(told, "the copy is damaged: the row 1 of child refers to nothing");
    assert!(!copy.exists());
}
