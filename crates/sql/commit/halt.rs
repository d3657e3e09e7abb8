//! Why a unit of work is rolled back.

use diesel::{
    QueryResult,
    result::{DatabaseErrorKind, Error},
};
use domain::{EventId, GatewayName, ProductId, User};
use ports::{CommitError, EventRepository, IdempotencyKey, PortError, ReplyRepository, UserRepository};

use crate::connection::Database;

/// The outcome of one write.
pub(super) type Written = Result<(), Halt>;

/// Why a unit of work cannot go on.
pub(super) enum Halt {
    /// A guard refused.
    Refused(Refusal),
    /// The database did not do it.
    Failed(Error),
}

/// Which guard refused. A violated key has no name, so whatever may have violated more than one is looked up after the
/// transaction, when what stands in the way can be seen.
pub(super) enum Refusal {
    Stale,
    OutOfStock(Vec<ProductId>),
    Claim(IdempotencyKey),
    Event(GatewayName, EventId),
    User(User),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Refusal {
    /// The refusal as the port knows it.
    pub(super) async fn explained(self, database: &Database) -> CommitError {
        let error = match self {
            Self::Stale => Ok(CommitError::Stale),
            Self::OutOfStock(products) => Ok(CommitError::OutOfStock(products)),
            Self::Claim(key) => used(database, &key).await,
            Self::Event(gateway, id) => known(database, &gateway, &id).await,
            Self::User(user) => find_user_conflict(database, user).await,
        };
        error.unwrap_or_else(CommitError::Failed)
    }
}

/// What a key was used for; if that is forgotten by now, the next attempt may use it.
async fn used(database: &Database, key: &IdempotencyKey) -> Result<CommitError, PortError> {
    let claim = ReplyRepository::find(database, key).await?;
    Ok(claim.map_or(CommitError::Stale, |it| CommitError::Claimed(Box::new(it))))
}

/// A second event of that id, or only a row's key that was given out twice.
async fn known(database: &Database, gateway: &GatewayName, id: &EventId) -> Result<CommitError, PortError> {
    match EventRepository::find(database, gateway, id).await {
        Ok(None) => Ok(CommitError::Stale),
        // It is kept, whatever its row holds.
        Ok(Some(_)) | Err(PortError::Unreadable(_)) => Ok(CommitError::DuplicateEvent),
        Err(fault) => Err(fault),
    }
}

/// What of an account another one has; nothing when only a row's key or a public id was given out twice.
async fn find_user_conflict(database: &Database, account: User) -> Result<CommitError, PortError> {
    let taken = database.taken(&account.username, &account.email).await?;
    Ok(if taken.is_empty() { CommitError::Stale } else { CommitError::Taken(taken) })
}

/// The outcome of an insert, where a violated key means `refusal`.
pub(super) fn inserted(outcome: QueryResult<usize>, refusal: impl FnOnce() -> Refusal) -> Written {
    match outcome {
        Ok(_) => Ok(()),
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Err(refusal().into()),
        Err(error) => Err(error.into()),
    }
}

/// The outcome of an update whose predicate is a guard: no row means that it has moved on.
pub(super) fn guarded(rows: usize) -> Written {
    if rows == 0 { Err(Refusal::Stale.into()) } else { Ok(()) }
}
