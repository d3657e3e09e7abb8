//! Transactions.

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::{QueryResult, SqliteConnection};

use super::Conn;

/// Sees one moment of the record from its first query on.
pub(super) const SNAPSHOT: &str = "BEGIN DEFERRED";
/// Takes the one lock for writing at once, so that nothing it has read can change before it writes.
pub(super) const COMMIT: &str = "BEGIN IMMEDIATE";

type EndTransaction = fn(&mut SqliteConnection) -> QueryResult<()>;

/// Does `work` in one transaction, which is rolled back when it fails or refuses.
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
        // What could not be rolled back is, when the lane closes a connection that is not idle.
        Ok(()) | Err(_) => outcome,
    }
}

/// Whether no transaction is open, so that somebody else may have the connection.
pub(super) async fn is_idle(conn: &mut Conn) -> bool {
    let depth = |it: &mut SqliteConnection| {
        AnsiTransactionManager::transaction_manager_status_mut(it).transaction_depth()
    };
    matches!(conn.spawn_blocking(depth).await, Ok(None))
}
