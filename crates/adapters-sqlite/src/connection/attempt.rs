//! Does a piece of work once on a connection, in the transaction that it needs.

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::{QueryResult, SqliteConnection};

use super::Conn;
use crate::sql::work::{Ending, Work, WorkKind};

impl WorkKind {
    /// The statement that begins the transaction; none for a single query.
    const fn begin_sql(self) -> Option<&'static str> {
        match self {
            Self::Query => None,
            // It sees one state of the database from its first query on, and takes no lock for writing.
            Self::Snapshot => Some("BEGIN DEFERRED"),
            // It takes the only lock for writing at once. A deferred one would take it at its first write, and fail there
            // without waiting if another process had committed since its first read.
            Self::Commit => Some("BEGIN IMMEDIATE"),
        }
    }
}

type EndTransaction = fn(&mut SqliteConnection) -> QueryResult<()>;

/// Does `work` once. Its transaction is rolled back if the work fails or refuses.
pub(super) async fn run_attempt(conn: &mut Conn, kind: WorkKind, work: &dyn Work) -> QueryResult<Ending> {
    let Some(begin) = kind.begin_sql() else {
        return work.attempt(conn).await;
    };
    conn.spawn_blocking(move |it| AnsiTransactionManager::begin_transaction_sql(it, begin)).await?;
    let outcome = work.attempt(conn).await;
    let has_succeeded = matches!(outcome, Ok(Ending::Commit));
    let end: EndTransaction = if has_succeeded {
        AnsiTransactionManager::commit_transaction
    } else {
        AnsiTransactionManager::rollback_transaction
    };
    match conn.spawn_blocking(end).await {
        Err(error) if has_succeeded => Err(error),
        // A rollback that fails is no other outcome for the caller. The pool sees that the connection is
        // not idle and closes it, which rolls back.
        Ok(()) | Err(_) => outcome,
    }
}

/// Whether no transaction is open, so that other work may have the connection.
pub(super) async fn is_idle(conn: &mut Conn) -> bool {
    let depth = |it: &mut SqliteConnection| {
        AnsiTransactionManager::transaction_manager_status_mut(it).transaction_depth()
    };
    matches!(conn.spawn_blocking(depth).await, Ok(None))
}
