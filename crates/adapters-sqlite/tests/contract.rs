//! SQLite keeps every promise of the ports.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use std::{path::Path, sync::Arc};

use adapters_sqlite::Sqlite;
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use port_contracts::{Backend, CorruptibleRecord, Corruption, RecordingObserver};

async fn record() -> Backend {
    let folder = tempfile::tempdir().unwrap();
    let record = Sqlite::open(&folder.path().join("record.db")).await.unwrap();
    Backend::new(record, folder)
}

async fn corruptible() -> CorruptibleRecord {
    let folder = tempfile::tempdir().unwrap();
    let (file, observer) = (folder.path().join("record.db"), Arc::<RecordingObserver>::default());
    let record = Sqlite::open(&file).await.unwrap().with_observer(observer.clone());
    CorruptibleRecord::new(Backend::new(record, folder), observer, move |it: Corruption| {
        execute_unchecked(&file, &it.sql);
        async {}
    })
}

fn execute_unchecked(file: &Path, sql: &str) {
    let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    connection.batch_execute(&format!("PRAGMA ignore_check_constraints = ON; {sql}")).unwrap();
}

port_contracts::record!(record);
port_contracts::unreadable!(corruptible);
