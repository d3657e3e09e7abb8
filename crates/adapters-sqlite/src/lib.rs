//! The embedded system of record: SQLite, one file, no server.
//!
//! One connection writes and four others read. In write-ahead mode readers never wait for the writer, and
//! each sees everything that was committed before it began. A commit is on the disk before it is answered
//! (`synchronous = FULL`). The queries are shared with the other SQL adapter (ADR 0002).

mod backup;
mod connection;
mod dialect;
mod multi_row;
mod open;
#[path = "../../sql/mod.rs"]
mod sql;
#[cfg(feature = "testing")]
pub mod testing;

use std::sync::Arc;

use diesel::QueryResult;
use ports::{Metrics, PortError, UnreadableObserver};

pub use crate::backup::{BackupError, BackupProgress};
use crate::connection::{Conn, Pool};
pub use crate::open::OpenError;

/// The system of record in one SQLite file. Clones share its connections. Other processes may have the file
/// open too.
#[derive(Clone)]
pub struct Sqlite {
    writer: Arc<Pool>,
    readers: Arc<Pool>,
    observer: Arc<dyn UnreadableObserver>,
    metrics: Arc<dyn Metrics>,
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sqlite").finish_non_exhaustive()
    }
}

impl Sqlite {
    /// The connections that work uses now, and how many there are, by the name of the pool: those that read, and the one
    /// that writes.
    #[must_use]
    pub fn pool_use(&self) -> Vec<(&'static str, usize, usize)> {
        let of = |name, pool: &Pool| {
            let (in_use, connections) = pool.connections_in_use();
            (name, in_use, connections)
        };
        vec![of("readers", &self.readers), of("writer", &self.writer)]
    }

    /// Runs one query.
    pub(crate) async fn run_query<T: Send + 'static>(
        &self,
        query: impl AsyncFn(&mut Conn) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, PortError> {
        self.record_unreadable(self.readers.run_query(query).await)
    }

    /// Runs several queries that see the same state of the database.
    pub(crate) async fn run_snapshot<T: Send + 'static>(
        &self,
        queries: impl AsyncFn(&mut Conn) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, PortError> {
        self.record_unreadable(self.readers.run_snapshot(queries).await)
    }

    /// Runs `work` in one transaction: everything that it writes is committed, or nothing if it fails or
    /// refuses.
    ///
    /// It runs to its end even if the caller is dropped, also while it waits for its turn. No transaction
    /// is left open, because all of it runs in one piece on one thread.
    #[expect(
        clippy::disallowed_methods,
        reason = "a commit runs to its end, and within named limits of time"
    )]
    pub(crate) async fn run_commit<T: Send + 'static, R: Send + 'static>(
        &self,
        work: impl AsyncFn(&mut Conn) -> QueryResult<Result<T, R>> + Send + Sync + 'static,
    ) -> Result<Result<T, R>, PortError> {
        let writer = Arc::clone(&self.writer);
        // A separate task: as a part of the caller's future, a commit that waits for the writer would end
        // with a request that is cancelled.
        let commit = tokio::spawn(async move { writer.run_commit(work).await });
        self.record_unreadable(commit.await.map_err(PortError::bug)?)
    }
}
