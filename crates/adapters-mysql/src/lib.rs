//! The system of record on a server: MySQL 8 or MariaDB 10.11.
//!
//! The queries are shared with the other SQL adapter. This crate adds what only a server needs: a bounded
//! pool of connections, the same settings on each of them whatever the server's own are, and rules for
//! repeating work. A server may be unavailable or hang at any time: every call ends within a named limit,
//! and calls succeed again as soon as the server does (ADR 0008).

mod connection;
mod dialect;
mod migrate;
mod multi_row;
mod open;
#[path = "../../sql/mod.rs"]
mod sql;
mod stopwatch;

use std::convert::Infallible;
use std::sync::Arc;

use diesel::QueryResult;
use ports::{Metrics, PortError, UnreadableObserver};

pub use crate::connection::Consistency;
use crate::connection::{Conn, WorkKind, Workers};
pub use crate::migrate::{AdoptedRows, AdoptionReport, MigrationOutcome};
pub use crate::open::OpenError;
use crate::sql::work::erase_types;

/// The system of record in a database of a MySQL or MariaDB server. Clones share its connections.
#[derive(Clone)]
pub struct MySql {
    workers: Arc<Workers>,
    observer: Arc<dyn UnreadableObserver>,
    metrics: Arc<dyn Metrics>,
}

impl std::fmt::Debug for MySql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MySql").finish_non_exhaustive()
    }
}

impl MySql {
    /// The connections that work uses now, and how many there may be, by the name of the pool: there is one.
    #[must_use]
    pub fn pool_use(&self) -> Vec<(&'static str, usize, usize)> {
        let (in_use, connections) = self.workers.connections_in_use();
        vec![("database", in_use, connections)]
    }

    /// Runs one query.
    pub(crate) async fn run_query<T: Send + 'static>(
        &self,
        query: impl AsyncFn(&mut Conn) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, PortError> {
        self.run_read(WorkKind::Query, query).await
    }

    /// Runs several queries that see the same state of the database.
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
        // A read has no guard that could refuse, so it runs like a commit with an impossible refusal.
        let all = async move |conn: &mut Conn| queries(conn).await.map(Ok::<T, Infallible>);
        let outcome = self.run_work(kind, all).await;
        self.record_unreadable(outcome.map(|Ok(read)| read))
    }

    /// Runs `work` in one transaction: everything that it writes is committed, or nothing if it fails or
    /// refuses.
    ///
    /// It runs to its end even if the caller is dropped, also while it waits for a connection. So a client
    /// that hangs up cannot leave a unit of work half done.
    pub(crate) async fn run_commit<T: Send + 'static, R: Send + 'static>(
        &self,
        work: impl AsyncFn(&mut Conn) -> QueryResult<Result<T, R>> + Send + Sync + 'static,
    ) -> Result<Result<T, R>, PortError> {
        self.record_unreadable(self.run_work(WorkKind::Commit, work).await)
    }

    async fn run_work<T: Send + 'static, R: Send + 'static>(
        &self,
        kind: WorkKind,
        work: impl AsyncFn(&mut Conn) -> QueryResult<Result<T, R>> + Send + 'static,
    ) -> Result<Result<T, R>, PortError> {
        let (work, outcome) = erase_types(work);
        self.workers.run_work(kind, work).await?;
        outcome.take()
    }
}
