//! SQLite keeps every promise of the ports.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use std::{path::Path, sync::Arc};

use adapters_sqlite::Sqlite;
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use port_contracts::{Backend, Ear, Spoilable, Spoiled};

async fn record() -> Backend {
    let folder = tempfile::tempdir().unwrap();
    let record = Sqlite::open(&folder.path().join("record.db")).await.unwrap();
    Backend::of(record, folder)
}

async fn spoilable() -> Spoilable {
    let folder = tempfile::tempdir().unwrap();
    let (file, ear) = (folder.path().join("record.db"), Arc::<Ear>::default());
    let record = Sqlite::open(&file).await.unwrap().watched_by(ear.clone());
    let spoil = Box::new(move |it: Spoiled| {
        execute_unchecked(&file, &it.sql);
        Box::pin(async {}) as _
    });
    Spoilable { backend: Backend::of(record, folder), ear, spoil }
}

fn execute_unchecked(file: &Path, sql: &str) {
    let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    connection.batch_execute(&format!("PRAGMA ignore_check_constraints = ON; {sql}")).unwrap();
}

port_contracts::record!(record);
port_contracts::unreadable!(spoilable);
