//! SQLite keeps every promise of the ports.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use adapters_sqlite::Sqlite;
use port_contracts::Backend;

async fn record() -> Backend {
    let folder = tempfile::tempdir().unwrap();
    let record = Sqlite::open(&folder.path().join("record.db")).await.unwrap();
    Backend::new(record, folder)
}

port_contracts::store!(record);
port_contracts::users!(record);
port_contracts::sessions!(record);
port_contracts::products!(record);
port_contracts::orders!(record);
port_contracts::payments!(record);
port_contracts::events!(record);
port_contracts::findings!(record);
port_contracts::replies!(record);
