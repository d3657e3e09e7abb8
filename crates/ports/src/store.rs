//! The only way to write to the system of record.

use async_trait::async_trait;
use domain::{ProductId, Timestamp};

use crate::{Claim, PortError, UnitOfWork};

/// Commits units of work to the system of record.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Store: Send + Sync {
    /// Makes every write of `work` durable at once, or none of them. One call is one database transaction.
    ///
    /// Once called, a commit runs to its end: dropping the future does not leave a transaction open.
    ///
    /// # Errors
    /// Any [`CommitError`] but `Failed` means that nothing was written. After `Failed` that is unknown. A row that belongs
    /// to one that does not exist (an order of a user without an account) is a [`PortError::Bug`].
    // A client that disconnects drops the handler's future. If that stopped a commit halfway, the connection
    // would go back to its pool with an open transaction and locked rows.
    async fn commit(&self, work: UnitOfWork) -> Result<(), CommitError>;

    /// Commits units of work that do not depend on each other, and returns their outcomes in the same order. Each
    /// unit is committed or refused as by [`commit`](Self::commit), whatever the outcome of the others.
    ///
    /// An adapter may commit several units in one database transaction. If the answer to its COMMIT is lost, the
    /// outcome of each of them is `Failed`. A unit that is refused for two reasons may get either. Units that change
    /// the same order are applied in the given order, unless another process holds a lock that they need. Dropping
    /// the future leaves the units that are not begun uncommitted.
    async fn commit_all(&self, units: Vec<UnitOfWork>) -> Vec<Result<(), CommitError>> {
        let mut outcomes = Vec::with_capacity(units.len());
        for unit in units {
            outcomes.push(self.commit(unit).await);
        }
        outcomes
    }
}

/// The reason why a unit of work was not committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A guarded row has changed since it was read, or a key or public id was generated twice. Read again and
    /// decide again, with new ids.
    #[error("a guarded row has changed since it was read")]
    Stale,
    /// There is not enough stock of these products: all lines that lack stock, not only the first.
    #[error("out of stock")]
    OutOfStock(Vec<ProductId>),
    /// The owner of a new order has as many unpaid ones, or pieces in them, as are allowed.
    #[error("a limit of unpaid orders is reached")]
    LimitReached(OpenLimit),
    /// The idempotency key has been used: this is what for, with the answer if there is one.
    #[error("the idempotency key has been used")]
    Claimed(Box<Claim>),
    /// The gateway's event is stored already, so the callback is answered as a success.
    #[error("the event is stored already")]
    DuplicateEvent,
    /// Another account has the username, the e-mail address, or both.
    #[error("already in use by another account: {0:?}")]
    AccountConflict(Vec<AccountConflict>),
    /// It is unknown whether the commit happened. A retry with the same idempotency key finds out.
    #[error(transparent)]
    // A connection that breaks after COMMIT was sent gives no answer. To treat that as "not written" would
    // apply a request twice.
    Failed(#[from] PortError),
}

impl CommitError {
    /// Whether a guard refused, so that nothing was committed. Otherwise that is not known.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        match self {
            Self::Stale
            | Self::OutOfStock(_)
            | Self::LimitReached(_)
            | Self::Claimed(_)
            | Self::DuplicateEvent
            | Self::AccountConflict(_) => true,
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
            | Self::LimitReached(_)
            | Self::Claimed(_)
            | Self::DuplicateEvent
            | Self::AccountConflict(_)) => PortError::bug(refusal),
        }
    }
}

/// The [limit](crate::OpenLimits) of unpaid orders that a new order would exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenLimit {
    /// The number of unpaid orders of a user.
    Orders,
    /// The pieces of one product in all unpaid orders of a user.
    Pieces,
}

/// What a new account would share with another account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountConflict {
    /// The username, compared regardless of case.
    Username,
    /// The e-mail address, compared regardless of case.
    Email,
}

/// A dependency that can report whether it is available.
#[async_trait]
pub trait HealthCheck: Send + Sync {
    /// Sends a cheap request to the dependency.
    ///
    /// # Errors
    /// [`PortError`] when it does not answer in time; `/readyz` then reports it as unavailable.
    async fn check_health(&self) -> Result<(), PortError>;
}

/// The clock of the system of record.
#[async_trait]
pub trait RecordClock: Send + Sync {
    /// Reads the time; `None` if the record has no clock of its own that instances share.
    ///
    /// # Errors
    /// [`PortError`] when it does not answer in time.
    async fn read_time(&self) -> Result<Option<Timestamp>, PortError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_that_no_guard_can_give_is_a_fault_of_the_program() {
        let refused = CommitError::DuplicateEvent;
        assert!(refused.is_refusal());
        assert!(matches!(refused.into_port_error(), PortError::Bug(_)));
        let failed = CommitError::Failed(PortError::unavailable("gone"));
        assert!(!failed.is_refusal());
        assert!(matches!(failed.into_port_error(), PortError::Unavailable(_)));
    }
}
