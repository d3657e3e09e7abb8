//! Opens the system of record on a server.

use std::sync::Arc;
use std::time::Duration;

use ports::NoObserver;

use crate::MySql;
use crate::connection::{Consistency, Limits, Servers, Workers};

/// Most connections of one process, over all threads. More would make the server slower, not faster.
const CONNECTIONS_MAX: usize = 16;
/// Most pieces of work of one process that wait for a connection.
const WAITING_MAX: usize = 1_024;
/// The longest that a piece of work waits for a connection. With the server's limit for a statement it
/// stays below the time that the work has in all.
const WAIT: Duration = Duration::from_secs(1);
/// Most threads that talk to the server. A single one already keeps a server with a few cores busy.
const THREADS_MAX: usize = 4;

/// The reasons why the system of record cannot be opened. No message shows the URL, as it may hold a
/// password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The text is not the URL of a MySQL database. Correct the setting.
    #[error(
        "the URL of the database is not of the form mysql://user:password@host:port/database, with commas between several hosts"
    )]
    Url,
    /// The server does not answer in time, or refuses the login.
    #[error("cannot connect to the database")]
    Connect(#[source] ports::PortError),
    /// The database is the Express app's and was not adopted yet. An operator decides when that happens.
    #[error(
        "the database is the Express app's and was not adopted yet: stop the app, make a backup and run `api migrate`"
    )]
    Unadopted,
    /// A migration failed. It may be run again: each of its statements can be repeated.
    #[error("cannot bring the database up to date")]
    Migrate(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl MySql {
    /// Whether the text is the URL of a MySQL database, with ports and known options. No connection is made.
    #[must_use]
    pub fn is_valid_url(url: &str) -> bool {
        Servers::parse(url, Consistency::Strict).is_some()
    }

    /// Opens the database at that URL as [`open_with`](Self::open_with) does, with strict consistency.
    ///
    /// # Errors
    /// [`OpenError`], when nothing can be served from there.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        Self::open_with(url, Consistency::Strict).await
    }

    /// Opens the database at that URL, which must have been [migrated](Self::migrate). It connects once, so
    /// that a wrong URL is reported now and not with the first order. Later the servers may be stopped and
    /// started at will.
    ///
    /// # Errors
    /// [`OpenError`], when nothing can be served from there.
    pub async fn open_with(url: &str, consistency: Consistency) -> Result<Self, OpenError> {
        let servers = Servers::parse(url, consistency).ok_or(OpenError::Url)?;
        let threads = thread_count();
        // The limits are for the process; each thread has an equal share, because connections cannot change
        // threads.
        let (connections, waiting) = (CONNECTIONS_MAX / threads, WAITING_MAX / threads);
        let crew = Workers::new(&servers, threads, Limits { connections, waiting, wait: WAIT });
        crew.run(async |pool| pool.check_connection().await).await.map_err(OpenError::Connect)?;
        Ok(Self { workers: Arc::new(crew), observer: Arc::new(NoObserver), metrics: Arc::new(()) })
    }
}

/// Half of the processors, from 1 to [`THREADS_MAX`].
fn thread_count() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (cores / 2).clamp(1, THREADS_MAX)
}
