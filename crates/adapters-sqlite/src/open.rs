//! Opening a record, and bringing it up to date.

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

/// SQLite has one writer at a time, whatever is asked for.
const WRITER: Limits = Limits { connections: 1, waiting: 1_024, wait: Duration::from_secs(5) };
const READERS: Limits = Limits { connections: 4, waiting: 4_096, wait: Duration::from_secs(5) };

/// Why a record cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file or its folder cannot be made.
    #[error("cannot make {path}")]
    Make {
        /// What cannot be made.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not a database, or it is locked.
    #[error("cannot open {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ConnectionError,
    },
    /// A migration did not go through; none of them has.
    #[error("cannot bring {path} up to date")]
    Migrate {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The thread that opened it is gone.
    #[error("opening was interrupted")]
    Interrupted(#[from] tokio::task::JoinError),
}

impl Sqlite {
    /// Opens the record in that file and brings it up to date. What is missing of file and folder is made, for this
    /// user of the system only. Several processes may do so at the same moment.
    ///
    /// # Errors
    /// [`OpenError`], when nothing can be served from that file.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        // Absolute, so that no name means something else to SQLite (`:memory:`, `file:…`).
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

/// Makes folder and file, readable for nobody else: the record holds hashes and tokens.
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
    file.append(true).create(true).open(path).map(drop)
}

/// Runs what has not been run, in one transaction: of two processes the second finds all of it done.
fn run_migrations(connection: &mut SqliteConnection) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    connection.exclusive_transaction(|it| it.run_pending_migrations(MIGRATIONS).map(drop))
}
