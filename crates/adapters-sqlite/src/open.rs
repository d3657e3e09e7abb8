//! Opens the file of the system of record, and migrates it to the current schema.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use diesel::{ConnectionError, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use ports::NoObserver;

use crate::Sqlite;
use crate::connection::{Access, Limits, Pool, open_with_retry};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// One connection, as SQLite has one writer at a time. Further ones would only wait for its lock, in no
/// order.
const WRITER: Limits = Limits { connections: 1, waiting: 1_024, wait: Duration::from_secs(5) };
/// Reads wait neither for each other nor for the writer, as long as one of these connections is free.
const READERS: Limits = Limits { connections: 4, waiting: 4_096, wait: Duration::from_secs(5) };

/// The reasons why the file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file or its folder cannot be created.
    #[error("cannot create {path}")]
    Make {
        /// The file that was asked for.
        path: PathBuf,
        /// The error of the file system.
        source: io::Error,
    },
    /// The file is not a database, or another process has it locked.
    #[error("cannot open {path}")]
    Open {
        /// The file, as an absolute path.
        path: PathBuf,
        /// The error of SQLite, or of the driver.
        source: ConnectionError,
    },
    /// A migration failed, and all of them were rolled back.
    #[error("cannot bring {path} up to date")]
    Migrate {
        /// The file, as an absolute path.
        path: PathBuf,
        /// The error of the migration that failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The thread that opened the file ended, by a panic or with the runtime.
    #[error("opening was interrupted")]
    Interrupted(#[from] tokio::task::JoinError),
}

impl Sqlite {
    /// Opens the file and migrates it. A file or folder that does not exist is created, accessible to this
    /// user of the operating system only. Several processes may do this at the same time.
    ///
    /// # Errors
    /// [`OpenError`], when nothing can be served from that file.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        // Absolute, so that SQLite takes no name for one of its own forms (`:memory:`, `file:…`).
        let path =
            std::path::absolute(path).map_err(|source| OpenError::Make { path: path.to_owned(), source })?;
        tokio::task::spawn_blocking(move || {
            prepare_file(&path)?;
            let lane = |access, limits| {
                let fault = |source| OpenError::Open { path: path.clone(), source };
                Pool::open(path.clone(), access, limits).map(Arc::new).map_err(fault)
            };
            Ok(Self {
                writer: lane(Access::Write, WRITER)?,
                readers: lane(Access::Read, READERS)?,
                observer: Arc::new(NoObserver),
                metrics: Arc::new(()),
            })
        })
        .await?
    }
}

fn prepare_file(path: &Path) -> Result<(), OpenError> {
    create_private(path).map_err(|source| OpenError::Make { path: path.to_owned(), source })?;
    let mut connection = open_with_retry(path, Access::Write)
        .map_err(|source| OpenError::Open { path: path.to_owned(), source })?;
    run_migrations(&mut connection).map_err(|source| OpenError::Migrate { path: path.to_owned(), source })
}

/// Creates folder and file, readable by their owner only, as the file will hold hashes and tokens.
fn create_private(path: &Path) -> io::Result<()> {
    let mut folder = fs::DirBuilder::new();
    let mut file = fs::OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        folder.mode(0o700);
        file.mode(0o600);
    }
    if let Some(parent) = path.parent() {
        folder.recursive(true).create(parent)?;
    }
    // Appending never truncates a file that exists. The mode is set when the file is created, so that there
    // is no time in which others could open it.
    file.append(true).create(true).open(path).map(drop)
}

/// Runs the pending migrations in one transaction. Of two processes the second one waits, and finds nothing
/// pending.
fn run_migrations(connection: &mut SqliteConnection) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    // Exclusive from the start, and pending migrations are looked up inside: two processes could otherwise
    // both find the same one pending.
    connection.exclusive_transaction(|it| it.run_pending_migrations(MIGRATIONS).map(drop))
}
