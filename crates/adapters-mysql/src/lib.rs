//! The record on a server: MySQL 8 or MariaDB 10.11.
//!
//! The queries are those of every SQL record. Here is what only this one needs: a bounded pool of connections, one way
//! to set them whatever the server is set to, and when to try again. A server may be away or hang at any moment: every
//! call ends within a named limit, and the next one after it is back succeeds.

mod connection;
mod dialect;
mod migrate;
mod open;
#[path = "../../sql/mod.rs"]
mod sql;

use std::convert::Infallible;
use std::sync::Arc;

use diesel::QueryResult;
use ports::{PortError, UnreadableObserver};

use crate::connection::{Conn, WorkKind, Workers};
pub use crate::migrate::{AdoptedRows, AdoptionReport, MigrationOutcome};
pub use crate::open::OpenError;

/// A record in a database of a MySQL or MariaDB server. Clones share its connections.
#[derive(Clone)]
pub struct MySql {
    workers: Arc<Workers>,
    observer: Arc<dyn UnreadableObserver>,
}

impl std::fmt::Debug for MySql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MySql").finish_non_exhaustive()
    }
}

impl MySql {
    /// Runs one query.
    pub(crate) async fn run_query<T: Send + 'static>(
        &self,
        query: impl AsyncFn(&mut Conn) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, PortError> {
        self.run_read(WorkKind::Query, query).await
    }

    /// Runs several queries that see one moment of the record.
    pub(crate) async fn run_snapshot<T: Send + 'static>(
        &self,
        queries: impl AsyncFn(&mut Conn) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, PortError> {
        self.run_read(WorkKind::Snapshot, queries).await
    }

    async fn run_read<T: Send + 'static>(
        &self,
        kind: WorkKind,
        queries: impl AsyncFn(&mut Conn) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, PortError> {
        let all = async move |conn: &mut Conn| queries(conn).await.map(Ok::<T, Infallible>);
        let outcome = self.workers.run(async move |pool| pool.run(kind, all).await).await;
        self.record_unreadable(outcome.map(|Ok(read)| read))
    }

    /// Makes everything that `work` writes true, or nothing if it fails or refuses.
    ///
    /// Whoever asked may go away, also while it waits for its turn, and it still runs to its end.
    pub(crate) async fn run_commit<T: Send + 'static, R: Send + 'static>(
        &self,
        work: impl AsyncFn(&mut Conn) -> QueryResult<Result<T, R>> + Send + Sync + 'static,
    ) -> Result<Result<T, R>, PortError> {
        self.record_unreadable(
            self.workers.run(async move |pool| pool.run(WorkKind::Commit, work).await).await,
        )
    }
}
