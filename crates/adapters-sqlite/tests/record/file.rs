//! What is true of a record in a file, beyond what every record promises.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use adapters_sqlite::{OpenError, Sqlite};
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use port_contracts::sample;
use ports::{FindingRepository, HealthCheck, ProductRepository, Store, UnitOfWork, Write};
use tempfile::TempDir;
use tokio::{sync::Barrier, task::JoinSet};

/// How many do the same thing at the same moment.
const RIVALS: usize = 8;

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data").join("record.db");
    (folder, path)
}

/// A connection of another program, which knows nothing of the service.
fn bare(path: &Path) -> SqliteConnection {
    SqliteConnection::establish(path.to_str().unwrap()).unwrap()
}

async fn keep(record: &Sqlite) -> domain::FindingId {
    let finding = sample::finding();
    let id = finding.id.clone();
    record.commit(UnitOfWork::new().with_write(Write::InsertFinding(finding))).await.unwrap();
    id
}

#[tokio::test]
async fn reopening_finds_what_was_committed() {
    let (_folder, path) = place();
    let id = keep(&Sqlite::open(&path).await.unwrap()).await;
    let again = Sqlite::open(&path).await.unwrap();
    assert!(FindingRepository::find_finding(&again, &id).await.unwrap().is_some());
    again.check_health().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_may_open_one_new_file_at_the_same_moment() {
    for _round in 0..10 {
        let (_folder, path) = place();
        let start = Arc::new(Barrier::new(RIVALS));
        let mut openers = JoinSet::new();
        for _ in 0..RIVALS {
            let (path, start) = (path.clone(), Arc::clone(&start));
            openers.spawn(async move {
                start.wait().await;
                Sqlite::open(&path).await.unwrap()
            });
        }
        for record in openers.join_all().await {
            record.check_health().await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_have_the_file_open_can_write() {
    let (_folder, path) = place();
    let mut writers = JoinSet::new();
    for _ in 0..RIVALS {
        let record = Sqlite::open(&path).await.unwrap();
        writers.spawn(async move {
            for _ in 0..10 {
                keep(&record).await;
            }
        });
    }
    writers.join_all().await;
    let record = Sqlite::open(&path).await.unwrap();
    let page = FindingRepository::list_findings(&record, None, None, 100).await.unwrap();
    assert_eq!(page.data.len(), 10 * RIVALS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_waits_for_its_turn_is_done_also_when_its_caller_has_gone() {
    let (_folder, path) = place();
    let record = Sqlite::open(&path).await.unwrap();
    let mut other = bare(&path);
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let findings = [sample::finding(), sample::finding()];
    for finding in &findings {
        let work = UnitOfWork::new().with_write(Write::InsertFinding(finding.clone()));
        let _ = tokio::time::timeout(Duration::from_millis(20), record.commit(work)).await;
    }
    other.batch_execute("COMMIT").unwrap();
    // A later caller is served later.
    keep(&record).await;
    for finding in &findings {
        assert!(FindingRepository::find_finding(&record, &finding.id).await.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_write_of_another_process_keeps_no_reader_waiting_and_a_commit_only_until_it_ends() {
    let (_folder, path) = place();
    let record = Sqlite::open(&path).await.unwrap();
    let product = sample::product(Some(3));
    record.commit(UnitOfWork::new().with_write(sample::insert_product(&product))).await.unwrap();

    let mut other = bare(&path);
    other.batch_execute("BEGIN IMMEDIATE; UPDATE products SET stock = 1").unwrap();
    let read =
        tokio::time::timeout(Duration::from_secs(30), ProductRepository::find_product(&record, &product.id));
    assert_eq!(read.await.unwrap().unwrap(), Some(product), "as it was before");

    let mut waiting = JoinSet::new();
    let writer = record.clone();
    waiting.spawn(async move { keep(&writer).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(waiting.try_join_next().is_none(), "there is one writer at a time");
    other.batch_execute("COMMIT").unwrap();
    waiting.join_all().await;
}

#[tokio::test]
async fn a_runtime_of_one_thread_is_enough_also_for_a_commit_whose_caller_has_gone() {
    let (_folder, path) = place();
    let record = Sqlite::open(&path).await.unwrap();
    let finding = sample::finding();
    let work = UnitOfWork::new().with_write(Write::InsertFinding(finding.clone()));
    let _ = tokio::time::timeout(Duration::ZERO, record.commit(work)).await;
    keep(&record).await;
    assert!(
        FindingRepository::find_finding(&record, &finding.id).await.unwrap().is_some(),
        "it was first in the queue"
    );
}

#[tokio::test]
async fn what_is_no_database_is_not_opened() {
    let (folder, path) = place();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "dear diary, ".repeat(100)).unwrap();
    assert!(matches!(Sqlite::open(&text).await, Err(OpenError::Open { .. })));
    std::fs::write(folder.path().join("data"), "a file where the folder should be").unwrap();
    assert!(matches!(Sqlite::open(&path).await, Err(OpenError::Make { .. })));
}

#[cfg(unix)]
#[tokio::test]
async fn no_other_user_can_read_the_record() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = place();
    let record = Sqlite::open(&path).await.unwrap();
    keep(&record).await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("data")), 0o700);
    for file in ["record.db", "record.db-wal", "record.db-shm"] {
        assert_eq!(mode(&folder.path().join("data").join(file)), 0o600, "{file}");
    }
}
