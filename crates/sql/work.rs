//! Work of every type as one type: what runs it is compiled once, and not for each query.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use diesel::QueryResult;
use ports::PortError;

use crate::connection::Conn;

/// The kinds of work, which differ in their transaction and in what may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WorkKind {
    /// One query, without a transaction around it.
    Query,
    /// Several queries that see the same state of the database.
    Snapshot,
    /// Writes that are all committed, or none of them.
    Commit,
}

/// How an attempt ends its transaction, if it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Commit,
    /// A guard refused. That is an outcome and no error, so the attempt is not repeated.
    RollBack,
}

pub(crate) type AttemptFuture<'a> = Pin<Box<dyn Future<Output = QueryResult<Ending>> + 'a>>;

/// Work on a connection, without the types of its outcome.
pub(crate) trait Work: Send {
    /// Does the work once. After a rollback it may be done again.
    ///
    /// # Errors
    /// Those of the database.
    fn attempt<'a>(&'a self, conn: &'a mut Conn) -> AttemptFuture<'a>;
}

/// The outcome of the last attempt that ended without an error.
pub(crate) struct Outcome<T, R>(Arc<Mutex<Option<Result<T, R>>>>);

struct TypedWork<W, T, R> {
    work: W,
    outcome: Outcome<T, R>,
}

/// Separates `work` from its outcome, which is there once the work has been run.
pub(crate) fn erase_types<T: Send + 'static, R: Send + 'static>(
    work: impl AsyncFn(&mut Conn) -> QueryResult<Result<T, R>> + Send + 'static,
) -> (Box<dyn Work>, Outcome<T, R>) {
    let outcome = Arc::new(Mutex::new(None));
    (Box::new(TypedWork { work, outcome: Outcome(Arc::clone(&outcome)) }), Outcome(outcome))
}

impl<W, T: Send, R: Send> Work for TypedWork<W, T, R>
where
    W: AsyncFn(&mut Conn) -> QueryResult<Result<T, R>> + Send,
{
    fn attempt<'a>(&'a self, conn: &'a mut Conn) -> AttemptFuture<'a> {
        Box::pin(async move {
            let outcome = (self.work)(conn).await?;
            let ending = if outcome.is_ok() { Ending::Commit } else { Ending::RollBack };
            self.outcome.store_outcome(outcome);
            Ok(ending)
        })
    }
}

impl<T, R> Outcome<T, R> {
    fn store_outcome(&self, outcome: Result<T, R>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    }

    /// Takes the outcome of work that was run.
    ///
    /// # Errors
    /// When the work was never run to its end, which is a defect.
    pub(crate) fn take(self) -> Result<Result<T, R>, PortError> {
        let outcome = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        outcome.ok_or_else(|| PortError::bug("work ended without an outcome"))
    }
}
