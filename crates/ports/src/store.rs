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
    /// Nothing was written if it is a [`CommitError`], except that for `PortError` it is not known. A row that belongs to
    /// one that is not there is a [`PortError::Bug`]: an order of a user without an account, a payment of no order.
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
