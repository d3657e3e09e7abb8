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
use ports::{PortError, Witness};

use crate::connection::{Conn, Crew, Kind};
pub use crate::migrate::{Adopted, Migrated, Taken};
pub use crate::open::OpenError;

/// A record in a database of a MySQL or MariaDB server. Clones share its connections.
#[derive(Clone)]
pub struct MySql {
    crew: Arc<Crew>,
    witness: Arc<dyn Witness>,
}

impl std::fmt::Debug for MySql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MySql").finish_non_exhaustive()
    }
}

impl MySql {
    /// Runs one query.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        query: impl AsyncFn(&mut Conn) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, PortError> {
        self.run_read(Kind::Query, query).await
    }

    /// Runs several queries that see one moment of the record.
    pub(crate) async fn read_snapshot<T: Send + 'static>(
        &self,
        queries: impl AsyncFn(&mut Conn) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, PortError> {
        self.run_read(Kind::Snapshot, queries).await
    }

    async fn run_read<T: Send + 'static>(
        &self,
        kind: Kind,
        queries: impl AsyncFn(&mut Conn) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, PortError> {
        let all = async move |conn: &mut Conn| queries(conn).await.map(Ok::<T, Infallible>);
        let outcome = self.crew.run(async move |pool| pool.run(kind, all).await).await;
        self.note_unreadable(outcome.map(|Ok(read)| read))
    }

    /// Makes everything that `work` writes true, or nothing if it fails or refuses.
    ///
    /// Whoever asked may go away, also while it waits for its turn, and it still runs to its end.
    pub(crate) async fn write<T: Send + 'static, R: Send + 'static>(
        &self,
        work: impl AsyncFn(&mut Conn) -> QueryResult<Result<T, R>> + Send + Sync + 'static,
    ) -> Result<Result<T, R>, PortError> {
        self.note_unreadable(self.crew.run(async move |pool| pool.run(Kind::Commit, work).await).await)
    }
}
