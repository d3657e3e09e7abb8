//! Why a unit of work is rolled back.

use domain::{EventId, GatewayName, ProductId, User};
use ports::{CommitError, IdempotencyKey, OpenLimit, PortError};

use crate::record::{table::Duplicate, tables::Tables};

/// The outcome of one write.
pub(super) type Written = Result<(), Abort>;

/// Which guard refused. The row that is in the way is looked up after the unit is rolled back, as the SQL adapters do:
/// a row of the unit itself is in no one's way.
#[derive(Debug)]
pub(crate) enum Abort {
    /// A guarded row has moved on, or a key or id is given out twice.
    Stale,
    /// There is not enough of these products.
    OutOfStock(Vec<ProductId>),
    /// A limit of unpaid orders is reached.
    Limit(OpenLimit),
    /// An idempotency key is used.
    Claim(IdempotencyKey),
    /// An event of that gateway and id, or of its row, is there.
    Event(GatewayName, EventId),
    /// A name, address, id or row of an account is there.
    User(Box<User>),
    /// The program does what it must not do.
    Failed(PortError),
}

impl From<Duplicate> for Abort {
    fn from(_: Duplicate) -> Self {
        Self::Stale
    }
}

impl Abort {
    /// The refusal as the port knows it, once `tables` are rolled back.
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
                let kept = tables.events.find(&(gateway, id));
                kept.map_or(CommitError::Stale, |_| CommitError::DuplicateEvent)
            }
            Self::User(user) => {
                let taken = tables.find_account_conflicts(&user.username, &user.email);
                if taken.is_empty() { CommitError::Stale } else { CommitError::AccountConflict(taken) }
            }
            Self::Failed(error) => CommitError::Failed(error),
        }
    }
}
