//! SQLite keeps every promise of the ports.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use adapters_sqlite::Sqlite;
use port_contracts::Backend;

async fn record() -> Backend {
    let folder = tempfile::tempdir().unwrap();
    let record = Sqlite::open(&folder.path().join("record.db")).await.unwrap();
    Backend::of(record, folder)
}

port_contracts::record!(record);
