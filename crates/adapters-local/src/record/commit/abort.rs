//! Why a unit of work is rolled back.

use domain::{EventId, GatewayName, ProductId, User};
use ports::{AccountConflict, CommitError, IdempotencyKey, OpenLimit, PortError};

use crate::record::{table::Duplicate, tables::Tables};

/// The outcome of one write.
pub(super) type Written = Result<(), Abort>;

/// The guard that failed. The conflicting row is looked up only after the rollback, as in the SQL adapters,
/// because a row that the unit itself wrote is no conflict.
#[derive(Debug)]
pub(crate) enum Abort {
    /// A guarded row has changed, or a key or id exists already.
    Stale,
    /// These products have not enough stock.
    OutOfStock(Vec<ProductId>),
    /// A limit of unpaid orders is reached.
    Limit(OpenLimit),
    /// The idempotency key is claimed already.
    Claim(IdempotencyKey),
    /// An event with this gateway and id, or with the same row key, exists.
    Event(GatewayName, EventId),
    /// An account with the same name, address, id or row key exists.
    User(Box<User>),
    /// Another account has the new address of this one.
    Email(Box<User>),
    /// The unit breaks a rule of the schema, which is a bug of the program.
    Failed(PortError),
}

impl From<Duplicate> for Abort {
    fn from(_: Duplicate) -> Self {
        Self::Stale
    }
}

impl Abort {
    /// Maps it to the error of the port. `tables` must be rolled back before.
    pub(crate) fn into_commit_error(self, tables: &Tables) -> CommitError {
        match self {
            Self::Stale => CommitError::Stale,
            Self::OutOfStock(products) => CommitError::OutOfStock(products),
            Self::Limit(limit) => CommitError::LimitReached(limit),
            Self::Claim(key) => {
                let claim = tables.claims.get(&key).cloned();
                claim.map_or(CommitError::Stale, |it| CommitError::Claimed(Box::new(it)))
            }
            Self::Event(gateway, id) => {
                let stored = tables.events.find(&(gateway, id));
                stored.map_or(CommitError::Stale, |_| CommitError::DuplicateEvent)
            }
            Self::User(user) => {
                let taken = tables.find_account_conflicts(&user.username, &user.email);
                if taken.is_empty() { CommitError::Stale } else { CommitError::AccountConflict(taken) }
            }
            Self::Email(user) => {
                let mut taken = tables.find_account_conflicts(&user.username, &user.email);
                taken.retain(|it| *it == AccountConflict::Email);
                if taken.is_empty() { CommitError::Stale } else { CommitError::AccountConflict(taken) }
            }
            Self::Failed(error) => CommitError::Failed(error),
        }
    }
}
