//! The one way to write to the system of record.

use async_trait::async_trait;
use domain::ProductId;

use crate::{Claim, PortError, UnitOfWork};

/// The system of record, for writing.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Store: Send + Sync {
    /// Makes every write of `work` true at once and durably, or none of them. One call is one database transaction.
    ///
    /// Once it is called it runs to its end: dropping the future does not leave a transaction open.
    ///
    /// # Errors
    /// Nothing was written if it is a [`CommitError`], except that for `PortError` nobody knows.
    async fn commit(&self, work: UnitOfWork) -> Result<(), CommitError>;
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A guarded row is no longer as it was read, or a row's key or a public id was given out twice: read again and
    /// decide again, with fresh ones.
    #[error("a guarded row has moved on")]
    Stale,
    /// There is not enough stock for these products.
    #[error("out of stock")]
    OutOfStock(Vec<ProductId>),
    /// The idempotency key has been used: this is what for, with the answer if there is one.
    #[error("the idempotency key has been used")]
    Claimed(Box<Claim>),
    /// The gateway's event is kept already.
    #[error("the event is kept already")]
    DuplicateEvent,
    /// The account's name or address is somebody's.
    #[error("taken: {0:?}")]
    Taken(Vec<Taken>),
    /// It is not known whether the commit happened: only a retry with the same key can tell.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl CommitError {
    /// Whether a guard refused, so that nothing was committed. Otherwise that is not known.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        match self {
            Self::Stale | Self::OutOfStock(_) | Self::Claimed(_) | Self::DuplicateEvent | Self::Taken(_) => {
                true
            }
            Self::Failed(_) => false,
        }
    }

    /// The failure to a caller whose unit of work has no guard that could refuse, or who has dealt with each that it has.
    /// Any other refusal is a fault of the program.
    #[must_use]
    pub fn into_port_error(self) -> PortError {
        match self {
            Self::Failed(fault) => fault,
            refusal @ (Self::Stale
            | Self::OutOfStock(_)
            | Self::Claimed(_)
            | Self::DuplicateEvent
            | Self::Taken(_)) => PortError::bug(refusal),
        }
    }
}

/// What of an account is somebody else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The name.
    Username,
    /// The address.
    Email,
}

/// Something that the service depends on.
#[async_trait]
pub trait Health: Send + Sync {
    /// Asks it for a sign of life.
    ///
    /// # Errors
    /// [`PortError`] when there is none.
    async fn check(&self) -> Result<(), PortError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_that_no_guard_can_give_is_a_fault_of_the_program() {
        let refused = CommitError::DuplicateEvent;
        assert!(refused.is_refusal());
        assert!(matches!(refused.into_port_error(), PortError::Bug(_)));
        let failed = CommitError::Failed(PortError::away("gone"));
        assert!(!failed.is_refusal());
        assert!(matches!(failed.into_port_error(), PortError::Away(_)));
    }
}
