//! Runs work in one transaction of a connection.

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::{QueryResult, SqliteConnection};

use super::Conn;

/// Begins a transaction that sees one state of the database from its first query on, and takes no lock for
/// writing.
pub(super) const SNAPSHOT: &str = "BEGIN DEFERRED";
/// Begins a transaction that takes the only lock for writing at once. A deferred one would take it at its
/// first write, and fail there without waiting if another process had committed since its first read.
pub(super) const COMMIT: &str = "BEGIN IMMEDIATE";

type EndTransaction = fn(&mut SqliteConnection) -> QueryResult<()>;

/// Does `work` in one transaction, which is rolled back if the work fails or refuses.
pub(super) async fn run_transaction<T, R>(
    conn: &mut Conn,
    begin: &'static str,
    work: &impl AsyncFn(&mut Conn) -> QueryResult<Result<T, R>>,
) -> QueryResult<Result<T, R>> {
    conn.spawn_blocking(move |it| AnsiTransactionManager::begin_transaction_sql(it, begin)).await?;
    let outcome = work(conn).await;
    let done = matches!(outcome, Ok(Ok(_)));
    let ending: EndTransaction = if done {
        AnsiTransactionManager::commit_transaction
    } else {
        AnsiTransactionManager::rollback_transaction
    };
    match conn.spawn_blocking(ending).await {
        Err(error) if done => Err(error),
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
