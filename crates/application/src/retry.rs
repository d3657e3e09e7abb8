//! Deciding anew when a commit came too late.

use ports::{CommitError, PortError};

/// How often one request is decided before it gives up with `PortError`. Every failed round means that somebody else
/// made progress.
pub(crate) const ATTEMPTS_MAX: u32 = 64;

/// How one round ended without a result.
#[derive(Debug)]
pub(crate) enum Attempt<E> {
    /// What was read had moved on when it was to be committed.
    Stale,
    /// For good.
    Failed(E),
}

impl<E: From<PortError>> Attempt<E> {
    /// Takes a commit's failure that has no meaning of its own for the use case.
    pub(crate) fn from_commit_error(error: CommitError) -> Self {
        match error {
            CommitError::Stale => Self::Stale,
            CommitError::Failed(away) => Self::Failed(away.into()),
            CommitError::OutOfStock(_)
            | CommitError::LimitReached(_)
            | CommitError::Claimed(_)
            | CommitError::DuplicateEvent
            | CommitError::AccountConflict(_) => {
                Self::Failed(PortError::bug("a guard failed that was not set").into())
            }
        }
    }
}

impl<E> From<E> for Attempt<E> {
    fn from(error: E) -> Self {
        Self::Failed(error)
    }
}

/// Evaluates the expression, a `Result<_, AttemptKind<_>>`, until it is not stale.
macro_rules! retry_stale {
    ($app:expr, $round:expr) => {{
        let mut round = 1;
        loop {
            match $round {
                Ok(done) => break Ok(done),
                Err($crate::retry::Attempt::Failed(error)) => break Err(error),
                Err($crate::retry::Attempt::Stale) if round >= $crate::retry::ATTEMPTS_MAX => {
                    break Err(ports::PortError::unavailable("others were faster every time").into());
                }
                Err($crate::retry::Attempt::Stale) => {
                    round += 1;
                    $app.metrics.observe(ports::Observation::Retry);
                }
            }
        }
    }};
}
pub(crate) use retry_stale;
