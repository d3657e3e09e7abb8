//! Opening a record.

use std::sync::Arc;
use std::time::Duration;

use mysql_async::Opts;
use ports::NoObserver;

use crate::MySql;
use crate::connection::{Limits, Workers, connect_options};

/// Most connections of one process, over all threads.
const CONNECTIONS_MAX: usize = 16;
/// Most pieces of work that wait for one.
const WAITING_MAX: usize = 1_024;
/// The longest that one waits.
const WAIT: Duration = Duration::from_secs(1);
/// Most threads that talk to the server. One keeps a server busy that has a few cores.
const THREADS_MAX: usize = 4;

/// Why a record cannot be opened. No message shows the URL: it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is not one of a MySQL database.
    #[error("the URL of the database is not of the form mysql://user:password@host:port/database")]
    Url,
    /// The server does not answer, or does not let us in.
    #[error("cannot connect to the database")]
    Connect(#[source] ports::PortError),
    /// The database is the Express app's, and was not adopted yet.
    #[error(
        "the database is the Express app's and was not adopted yet: stop the app, make a backup and run `api migrate`"
    )]
    Unadopted,
    /// A migration did not go through.
    #[error("cannot bring the database up to date")]
    Migrate(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl MySql {
    /// Whether the URL is one of a MySQL database, with a port and options that are some. Nothing is connected.
    #[must_use]
    pub fn is_valid_url(url: &str) -> bool {
        Opts::from_url(url)
            .is_ok_and(|it| it.tcp_port() != 0 && it.db_name().is_some_and(|name| !name.is_empty()))
    }

    /// Opens the record at that URL, which is expected to be [migrated](Self::migrate). It connects once, so that a
    /// wrong URL is told now and not with the first order; later the server may come and go.
    ///
    /// # Errors
    /// [`OpenError`], when nothing can be served from there.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let url = Opts::from_url(url).map_err(|_| OpenError::Url)?;
        if url.db_name().is_none_or(str::is_empty) {
            return Err(OpenError::Url);
        }
        let threads = thread_count();
        let (connections, waiting) = (CONNECTIONS_MAX / threads, WAITING_MAX / threads);
        let crew = Workers::new(&connect_options(url), threads, Limits { connections, waiting, wait: WAIT });
        crew.run(async |pool| pool.check_connection().await).await.map_err(OpenError::Connect)?;
        Ok(Self { workers: Arc::new(crew), observer: Arc::new(NoObserver) })
    }
}

/// Half of the cores, within limits.
fn thread_count() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (cores / 2).clamp(1, THREADS_MAX)
}
