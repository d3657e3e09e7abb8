//! Reading and deciding again when a commit is stale.
//!
//! Nothing is locked while a use case decides. Each write of a unit of work names its guard, and a guard that
//! fails is [`CommitError::Stale`]: nothing was written, and the use case starts over with fresh reads.

use ports::{CommitError, PortError, UnitOfWork};

use crate::App;

/// How many rounds one request gets before it fails with [`PortError::Unavailable`]. Each stale round means
/// that another commit succeeded, so the limit is reached only under extreme contention on one row.
pub(crate) const ATTEMPTS_MAX: u32 = 64;

/// The end of a round that has no result.
#[derive(Debug)]
pub(crate) enum Attempt<E> {
    /// A row that was read has changed before the commit: read and decide again.
    Stale,
    /// The round failed with an error that another round would not change.
    Failed(E),
}

impl<E: From<PortError>> Attempt<E> {
    /// Maps a failed commit for a use case that expects no guard to fail except by being stale.
    pub(crate) fn from_commit_error(error: CommitError) -> Self {
        if let CommitError::Stale = error {
            return Self::Stale;
        }
        Self::Failed(error.into_port_error().into())
    }
}

impl<E> From<E> for Attempt<E> {
    fn from(error: E) -> Self {
        Self::Failed(error)
    }
}

/// Commits a unit once; `false` when it is stale: another instance was faster, or what was read has changed.
///
/// # Errors
/// [`PortError`].
pub(crate) async fn commit_unless_stale(app: &App, work: UnitOfWork) -> Result<bool, PortError> {
    match app.store.commit(work).await {
        Ok(()) => Ok(true),
        Err(CommitError::Stale) => Ok(false),
        Err(other) => Err(other.into_port_error()),
    }
}

/// Evaluates `$round`, a `Result<_, Attempt<_>>`, until it is not stale or the rounds are used up.
// A macro and not a function: the round is awaited in the caller's own future, so it may borrow and change
// the caller's variables between rounds, and the future stays `Send` without a box.
macro_rules! retry_stale {
    ($app:expr, $round:expr) => {{
        let mut round = 1;
        loop {
            match $round {
                Ok(done) => break Ok(done),
                Err($crate::retry::Attempt::Failed(error)) => break Err(error),
                Err($crate::retry::Attempt::Stale) if round >= $crate::retry::ATTEMPTS_MAX => {
                    break Err(ports::PortError::unavailable("other commits came first every time").into());
                }
                Err($crate::retry::Attempt::Stale) => {
                    // No pause between rounds. A stale commit means that another one has just finished, so
                    // the next read sees its result at once; a pause would only lengthen the time in which
                    // more commits can come first.
                    round += 1;
                    $app.metrics.observe(ports::Observation::Retry);
                }
            }
        }
    }};
}
pub(crate) use retry_stale;
