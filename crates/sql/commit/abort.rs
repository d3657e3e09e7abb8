//! Why a unit of work is rolled back.

use diesel::{
    QueryResult,
    result::{DatabaseErrorKind, Error},
};
use domain::{EventId, GatewayName, ProductId, User};
use ports::{ClaimRepository, CommitError, EventRepository, IdempotencyKey, OpenLimit, PortError};

use super::users;
use crate::connection::Database;

/// The outcome of one write.
pub(super) type WriteOutcome = Result<(), Abort>;

/// Why a unit of work cannot go on.
pub(super) enum Abort {
    /// A guard refused.
    Violation(Violation),
    /// The database did not do it.
    Failed(Error),
}

/// Which guard refused. A violated key has no name, so whatever may have violated more than one is looked up after the
/// transaction, when what stands in the way can be seen.
pub(super) enum Violation {
    Stale,
    OutOfStock(Vec<ProductId>),
    Limit(OpenLimit),
    Claim(IdempotencyKey),
    Event(GatewayName, EventId),
    User(User),
}

impl From<Error> for Abort {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Violation> for Abort {
    fn from(refusal: Violation) -> Self {
        Self::Violation(refusal)
    }
}

impl Violation {
    /// The refusal as the port knows it.
    pub(super) async fn into_commit_error(self, database: &Database) -> CommitError {
        let error = match self {
            Self::Stale => Ok(CommitError::Stale),
            Self::OutOfStock(products) => Ok(CommitError::OutOfStock(products)),
            Self::Limit(limit) => Ok(CommitError::LimitReached(limit)),
            Self::Claim(key) => find_claim_conflict(database, &key).await,
            Self::Event(gateway, id) => find_event_conflict(database, &gateway, &id).await,
            Self::User(user) => users::find_user_conflict(database, user).await,
        };
        error.unwrap_or_else(CommitError::Failed)
    }
}

/// What a key was used for; if that is forgotten by now, the next attempt may use it.
async fn find_claim_conflict(database: &Database, key: &IdempotencyKey) -> Result<CommitError, PortError> {
    let claim = ClaimRepository::find_claim(database, key).await?;
    Ok(claim.map_or(CommitError::Stale, |it| CommitError::Claimed(Box::new(it))))
}

/// A second event of that id, or only a row's key that was given out twice.
async fn find_event_conflict(
    database: &Database,
    gateway: &GatewayName,
    id: &EventId,
) -> Result<CommitError, PortError> {
    match EventRepository::find_event(database, gateway, id).await {
        Ok(None) => Ok(CommitError::Stale),
        // It is kept, whatever its row holds.
        Ok(Some(_)) | Err(PortError::Unreadable(_)) => Ok(CommitError::DuplicateEvent),
        Err(fault) => Err(fault),
    }
}

/// The outcome of an insert, where a violated key means `refusal`.
pub(super) fn check_insert(outcome: QueryResult<usize>, refusal: impl FnOnce() -> Violation) -> WriteOutcome {
    match outcome {
        Ok(_) => Ok(()),
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Err(refusal().into()),
        Err(error) => Err(error.into()),
    }
}

/// The outcome of an update whose predicate is a guard: no row means that it has moved on.
pub(super) fn check_guard(rows: usize) -> WriteOutcome {
    if rows == 0 { Err(Violation::Stale.into()) } else { Ok(()) }
}
