//! A copy of the file while servers use it.
//!
//! ```text
//! VACUUM INTO a temporary file ──► integrity and keys ──► on disk ──► its name
//! ```
//!
//! The copy is what the database was at one moment. Readers and the writer go on meanwhile: in write-ahead mode the copy is
//! one more reader. The name comes last, so a process that dies before leaves no file that looks like a backup.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{Connection, QueryResult, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use tempfile::NamedTempFile;

use crate::Sqlite;
use crate::connection::{Access, open_with_retry};

/// How often the progress is reported.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(200);
/// Most faults of a copy that are named.
const FAULTS_MAX: usize = 10;

/// How far a backup is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupProgress {
    /// Bytes of the copy that are written.
    pub written: u64,
    /// Bytes of the file that is copied. The copy can be smaller, because it leaves out what is deleted.
    pub expected: u64,
}

/// Why there is no backup. Nothing is left behind; only a process that is killed or ended by a signal leaves the hidden
/// temporary file.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is no database to copy: the file is missing or empty.
    #[error("there is no database at {}", .0.display())]
    Missing(PathBuf),
    /// A file has the name already; it is never replaced.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// The copy cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file that was asked for.
        path: PathBuf,
        /// The failure of the file system.
        source: io::Error,
    },
    /// The file to copy cannot be opened.
    #[error("the database cannot be opened")]
    Open(#[from] diesel::ConnectionError),
    /// SQLite could not copy: the disk is full, or a page cannot be read.
    #[error("the database cannot be copied")]
    Copy(#[from] diesel::result::Error),
    /// The copy has faults, and so has most likely the database.
    #[error("the copy is damaged: {0}")]
    Damaged(String),
    /// The thread that copied ended, by a panic or with the runtime.
    #[error("the backup was interrupted")]
    Interrupted(#[from] tokio::task::JoinError),
}

impl Sqlite {
    /// Copies the database in the file `from` into the new file `to`, which only this user of the operating system can
    /// read, and checks the copy. Returns its size in bytes. The database is neither migrated nor changed.
    ///
    /// # Errors
    /// [`BackupError`]; then there is no file `to` that was not there before.
    pub async fn back_up(
        from: &Path,
        to: &Path,
        mut report: impl FnMut(BackupProgress),
    ) -> Result<u64, BackupError> {
        let (from, to) = (absolute_path(from)?, absolute_path(to)?);
        let expected = std::fs::metadata(&from).map_or(0, |it| it.len());
        if expected == 0 {
            return Err(BackupError::Missing(from));
        }
        // A link that leads nowhere is a name that is taken, too.
        if to.symlink_metadata().is_ok() {
            return Err(BackupError::Exists(to));
        }
        let unwritable = |source| BackupError::Write { path: to.clone(), source };
        let folder = to.parent().unwrap_or(Path::new("/")).to_owned();
        let copy = NamedTempFile::with_prefix_in(".idem-backup-", &folder).map_err(unwritable)?;
        let watched = copy.path().to_owned();
        let mut work = tokio::task::spawn_blocking(move || finish_copy(&from, copy, &to));
        loop {
            tokio::select! {
                outcome = &mut work => return outcome?,
                () = tokio::time::sleep(PROGRESS_INTERVAL) => {}
            }
            let written = std::fs::metadata(&watched).map_or(0, |it| it.len());
            report(BackupProgress { written, expected });
        }
    }
}

fn absolute_path(path: &Path) -> Result<PathBuf, BackupError> {
    std::path::absolute(path).map_err(|source| BackupError::Write { path: path.to_owned(), source })
}

fn finish_copy(from: &Path, copy: NamedTempFile, to: &Path) -> Result<u64, BackupError> {
    let unwritable = |source| BackupError::Write { path: to.to_owned(), source };
    copy_database(from, copy.path())?;
    check_copy(copy.path())?;
    copy.as_file().sync_all().map_err(unwritable)?;
    let size = copy.as_file().metadata().map_err(unwritable)?.len();
    match copy.persist_noclobber(to) {
        Ok(_) => {}
        Err(fault) if fault.error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(BackupError::Exists(to.to_owned()));
        }
        Err(fault) => return Err(unwritable(fault.error)),
    }
    // The name is an entry of the folder, which is written to disk on its own.
    let folder = File::open(to.parent().unwrap_or(Path::new("/"))).and_then(|it| it.sync_all());
    folder.map_err(unwritable)?;
    Ok(size)
}

fn path_text(path: &Path) -> Result<&str, BackupError> {
    let fault = io::Error::new(io::ErrorKind::InvalidInput, "the path is not UTF-8");
    path.to_str().ok_or_else(|| BackupError::Write { path: path.to_owned(), source: fault })
}

/// Writes all that is committed into the empty file `to`.
fn copy_database(from: &Path, to: &Path) -> Result<(), BackupError> {
    // With the right to write, which the copy needs and the database does not see: SQLite refuses the statement to a
    // connection that only reads.
    let mut connection = open_with_retry(from, Access::Write)?;
    // One statement and so one snapshot. The online backup API copies page by page and begins again whenever another
    // process commits, so beside busy servers it might never end.
    sql_query("VACUUM INTO ?").bind::<Text, _>(path_text(to)?).execute(&mut connection)?;
    Ok(())
}

/// What `PRAGMA integrity_check` says: `ok`, or a fault in each row.
#[derive(QueryableByName)]
struct IntegrityRow {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

/// A row whose key leads nowhere.
#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    rowid: Option<i64>,
}

/// Reads the whole copy.
fn check_copy(copy: &Path) -> Result<(), BackupError> {
    let mut connection = SqliteConnection::establish(path_text(copy)?)?;
    let faults = list_faults(&mut connection)?;
    if faults.is_empty() { Ok(()) } else { Err(BackupError::Damaged(faults.join("; "))) }
}

fn list_faults(connection: &mut SqliteConnection) -> QueryResult<Vec<String>> {
    let pages = sql_query("PRAGMA integrity_check").load::<IntegrityRow>(connection)?;
    let keys =
        sql_query("SELECT \"table\", rowid FROM pragma_foreign_key_check").load::<KeyRow>(connection)?;
    let pages = pages.into_iter().map(|it| it.integrity_check).filter(|it| it != "ok");
    let keys = keys.into_iter().map(|it| {
        let row = it.rowid.map(|it| format!(" {it}")).unwrap_or_default();
        format!("the row{row} of {} refers to nothing", it.table)
    });
    Ok(pages.chain(keys).take(FAULTS_MAX).collect())
}
