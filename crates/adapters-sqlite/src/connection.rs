//! Connections to the file, and how a piece of work gets one.
//!
//! ```text
//! run_query, run_snapshot -> Pool of 4 readers --+
//! run_commit              -> Pool of 1 writer  --+-> a blocking thread: BEGIN, the work, COMMIT
//! ```
//!
//! SQLite has one writer at a time and blocks the thread that calls it. So all work of a transaction runs
//! on one thread that may block, and the single writer makes commits wait in this program's queue and not
//! for SQLite's lock.

mod attempt;
mod inline;
mod pool;

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::{Connection, ConnectionError, ConnectionResult, QueryResult, SqliteConnection};
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;

use self::inline::InlineExecutor;
pub(crate) use self::pool::{Access, Limits, Pool};
pub(crate) use crate::Sqlite as Database;
use crate::dialect::is_contention;

/// A connection as the queries of `crate::sql` see it, which are written once for all databases.
pub(crate) type Conn = SyncConnectionWrapper<SqliteConnection, InlineExecutor>;

/// How long SQLite waits for a lock that another process holds, in milliseconds, before it reports that it
/// is busy.
pub(crate) const BUSY_TIMEOUT_MS: u32 = 1_000;

/// Most attempts to open a file that another process is opening at the same time. Each waits for
/// [`BUSY_TIMEOUT_MS`].
const ATTEMPTS_MAX: u32 = 5;

/// Opens the file, which is created if it does not exist.
///
/// Write-ahead mode (`WAL`), in which readers and the writer do not wait for each other, belongs to the
/// file; all other settings belong to the connection.
pub(crate) fn open_connection(path: &Path, access: Access) -> ConnectionResult<SqliteConnection> {
    let text =
        path.to_str().ok_or_else(|| ConnectionError::InvalidConnectionUrl("the path is not UTF-8".into()))?;
    let mut connection = SqliteConnection::establish(text)?;
    let query_only = match access {
        Access::Write => "OFF",
        Access::Read => "ON",
    };
    // `busy_timeout` comes first, so that the change of mode waits as well. `FULL`: with the default of
    // write-ahead mode a commit that was answered could be lost with the power. `query_only`: a reader that
    // writes is a defect, and must not take the lock from the writer.
    let pragmas = format!(
        "PRAGMA busy_timeout = {BUSY_TIMEOUT_MS};
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA query_only = {query_only};"
    );
    connection.batch_execute(&pragmas).map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// Opens the file as [`open_connection`] does, and repeats that while another process has it locked.
pub(crate) fn open_with_retry(path: &Path, access: Access) -> ConnectionResult<SqliteConnection> {
    let mut attempts = 1;
    loop {
        match open_connection(path, access) {
            // No pause between the attempts: SQLite has waited for the lock already. The first process to
            // open a file switches it to write-ahead mode, which locks out the others for that long.
            Err(ConnectionError::CouldntSetupConfiguration(error))
                if attempts < ATTEMPTS_MAX && is_contention(&error) =>
            {
                attempts += 1;
            }
            outcome => return outcome,
        }
    }
}

/// Whether the record may be written to: always, for the file was opened for that.
pub(crate) async fn is_writable(_: &mut Conn) -> QueryResult<bool> {
    Ok(true)
}

/// The time of the server, in milliseconds since the Unix epoch: there is none, for the file is used by one process.
pub(crate) async fn read_server_time(_: &mut Conn) -> QueryResult<Option<i64>> {
    Ok(None)
}

#[cfg(test)]
mod tests {
    use diesel::sql_types::BigInt;
    use diesel::{QueryableByName, RunQueryDsl, sql_query};

    use super::*;

    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }

    fn pragma(connection: &mut SqliteConnection, column: &str, name: &str) -> i64 {
        let query = sql_query(format!("SELECT {column} AS number FROM pragma_{name}"));
        query.get_result::<Number>(connection).unwrap().number
    }

    #[test]
    fn every_connection_is_durable_and_keeps_what_rows_refer_to() {
        let folder = tempfile::tempdir().unwrap();
        for (access, query_only) in [(Access::Write, 0), (Access::Read, 1)] {
            let mut connection = open_connection(&folder.path().join("record.db"), access).unwrap();
            assert_eq!(pragma(&mut connection, "journal_mode = 'wal'", "journal_mode"), 1);
            assert_eq!(pragma(&mut connection, "synchronous", "synchronous"), 2, "FULL");
            assert_eq!(pragma(&mut connection, "foreign_keys", "foreign_keys"), 1);
            assert_eq!(pragma(&mut connection, "timeout", "busy_timeout"), i64::from(BUSY_TIMEOUT_MS));
            assert_eq!(pragma(&mut connection, "temp_store", "temp_store"), 2, "MEMORY");
            assert_eq!(pragma(&mut connection, "query_only", "query_only"), query_only);
        }
    }

    #[test]
    fn a_statement_stays_prepared_whatever_is_bound_to_it() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        let options = "compile_options WHERE compile_options = 'ENABLE_QPSG'";
        assert_eq!(
            pragma(&mut connection, "COUNT(*)", options),
            1,
            "see LIBSQLITE3_FLAGS in .cargo/config.toml"
        );
    }

    #[test]
    fn a_lock_of_another_process_differs_from_other_failures() {
        let folder = tempfile::tempdir().unwrap();
        let [mut one, mut other] =
            [(); 2].map(|()| open_connection(&folder.path().join("record.db"), Access::Write).unwrap());
        other.batch_execute("PRAGMA busy_timeout = 0").unwrap();
        one.batch_execute("BEGIN IMMEDIATE").unwrap();
        assert!(is_contention(&other.batch_execute("BEGIN IMMEDIATE").unwrap_err()));
        assert!(!is_contention(&other.batch_execute("SELECT * FROM nothing").unwrap_err()));
    }
}
