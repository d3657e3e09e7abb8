//! A copy of the database, where this program can make one.

use std::path::Path;

use adapters_sqlite::{BackupError, BackupProgress, Sqlite};

use crate::config::{Config, Database};

/// Copies the database into a new file while servers use it, and returns the size of the copy in bytes. `None` for a
/// database on a server, which has tools of its own.
pub async fn back_up_database(
    config: &Config,
    to: &Path,
    report: impl FnMut(BackupProgress),
) -> Option<Result<u64, BackupError>> {
    match &config.database {
        // Not opened as the record is: a backup before an update must not begin it.
        Database::Sqlite(file) => Some(Sqlite::back_up(file, to, report).await),
        Database::MySql(_) => None,
    }
}
