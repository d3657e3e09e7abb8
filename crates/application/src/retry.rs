//! Deciding anew when a commit came too late.

use ports::{CommitError, PortError};

/// How often one request is decided before it gives up with `PortError`. Every failed round means that somebody else
/// made progress.
pub(crate) const ROUNDS_MAX: u32 = 64;

/// How one round ended without a result.
#[derive(Debug)]
pub(crate) enum Tried<E> {
    /// What was read had moved on when it was to be committed.
    Stale,
    /// For good.
    Failed(E),
}

impl<E: From<PortError>> Tried<E> {
    /// Takes a commit's failure that has no meaning of its own for the use case.
    pub(crate) fn commit(error: CommitError) -> Self {
        if let CommitError::Stale = error {
            return Self::Stale;
        }
        Self::Failed(error.into_port_error().into())
    }
}

impl<E> From<E> for Tried<E> {
    fn from(error: E) -> Self {
        Self::Failed(error)
    }
}

/// Evaluates the expression, a `Result<_, Tried<_>>`, until it is not stale.
macro_rules! until_settled {
    ($app:expr, $round:expr) => {{
        let mut round = 1;
        loop {
            match $round {
                Ok(done) => break Ok(done),
                Err($crate::retry::Tried::Failed(error)) => break Err(error),
                Err($crate::retry::Tried::Stale) if round >= $crate::retry::ROUNDS_MAX => {
                    break Err(ports::PortError::away("others were faster every time").into());
                }
                Err($crate::retry::Tried::Stale) => {
                    round += 1;
                    $app.meter.record(ports::Happening::Retry);
                }
            }
        }
    }};
}
pub(crate) use until_settled;
