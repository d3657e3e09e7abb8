//! The reasons why a unit of work is rolled back, and what each of them means to the port.

use diesel::{
    QueryResult,
    result::{DatabaseErrorKind, Error},
};
use domain::{EventId, GatewayName, ProductId, User};
use ports::{
    AccountConflict, ClaimRepository, CommitError, EventRepository, IdempotencyKey, OpenLimit, PortError,
    UserRepository,
};

use crate::connection::Database;

/// The outcome of one write. Any [`Abort`] rolls back the whole unit.
pub(super) type WriteOutcome = Result<(), Abort>;

/// The reason why a unit of work stops.
pub(super) enum Abort {
    /// A guard did not hold. The adapter does not repeat the unit: its use case decides what happens next.
    Violation(Violation),
    /// The database failed. The adapter repeats the unit after a deadlock or a lock wait, and reports the
    /// rest.
    Failed(Error),
}

/// The guard that did not hold. Drivers do not name the violated key, so where a write can violate more
/// than one the conflict is looked up after the rollback.
pub(super) enum Violation {
    /// A row is no longer as the use case read it, or two processes generated the same key. Decide again.
    Stale,
    /// Every product of the unit that has too little stock.
    OutOfStock(Vec<ProductId>),
    Limit(OpenLimit),
    Claim(IdempotencyKey),
    /// The gateway's event is stored already, or its generated key is in use.
    Event(GatewayName, EventId),
    /// The name, the address or a generated id of this account is in use.
    User(Box<User>),
    /// The address that this account was to get is in use.
    Email(Box<User>),
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
    /// Translates the violation for the port, with a lookup of the conflict where that is needed. A lookup
    /// that fails is reported as the failure: then it is not known why the unit was refused.
    pub(super) async fn into_commit_error(self, database: &Database) -> CommitError {
        let error = match self {
            Self::Stale => Ok(CommitError::Stale),
            Self::OutOfStock(products) => Ok(CommitError::OutOfStock(products)),
            Self::Limit(limit) => Ok(CommitError::LimitReached(limit)),
            Self::Claim(key) => find_claim_conflict(database, &key).await,
            Self::Event(gateway, id) => find_event_conflict(database, &gateway, &id).await,
            Self::User(user) => find_user_conflict(database, &user).await,
            Self::Email(user) => find_email_conflict(database, &user).await,
        };
        error.unwrap_or_else(CommitError::Failed)
    }
}

/// Reads the claim that stands in the way. If it has been pruned meanwhile, the next attempt may use the
/// key.
async fn find_claim_conflict(database: &Database, key: &IdempotencyKey) -> Result<CommitError, PortError> {
    let claim = ClaimRepository::find_claim(database, key).await?;
    Ok(claim.map_or(CommitError::Stale, |it| CommitError::Claimed(Box::new(it))))
}

/// Distinguishes a stored event from a generated row key that happens to be in use.
async fn find_event_conflict(
    database: &Database,
    gateway: &GatewayName,
    id: &EventId,
) -> Result<CommitError, PortError> {
    match EventRepository::find_event(database, gateway, id).await {
        Ok(None) => Ok(CommitError::Stale),
        // The event is stored even if its row cannot be read. The gateway gets the response to a duplicate
        // and stops sending it; the row gets a finding.
        Ok(Some(_)) | Err(PortError::Unreadable(_)) => Ok(CommitError::DuplicateEvent),
        Err(fault) => Err(fault),
    }
}

/// Looks up whether name or address belong to another account. If neither does, a generated key or id was
/// in use.
async fn find_user_conflict(database: &Database, account: &User) -> Result<CommitError, PortError> {
    let taken = database.find_account_conflicts(&account.username, &account.email).await?;
    Ok(if taken.is_empty() { CommitError::Stale } else { CommitError::AccountConflict(taken) })
}

/// Looks up whether the new address belongs to another account. The name is the account's own.
async fn find_email_conflict(database: &Database, account: &User) -> Result<CommitError, PortError> {
    let mut taken = database.find_account_conflicts(&account.username, &account.email).await?;
    taken.retain(|it| *it == AccountConflict::Email);
    Ok(if taken.is_empty() { CommitError::Stale } else { CommitError::AccountConflict(taken) })
}

/// Turns a unique violation of an insert into `refusal`; use it only where every unique key has that
/// meaning.
pub(super) fn check_insert<T>(outcome: QueryResult<T>, refusal: impl FnOnce() -> Violation) -> WriteOutcome {
    match outcome {
        Ok(_) => Ok(()),
        // A plain `INSERT` and its error. `INSERT IGNORE` would hide other errors too, such as a value that
        // does not fit, and `REPLACE` would delete the row of the other writer.
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Err(refusal().into()),
        Err(error) => Err(error.into()),
    }
}

/// Checks the number of rows of an update whose predicate is its guard: no row means that the guard did not
/// hold.
pub(super) fn check_guard(rows: usize) -> WriteOutcome {
    // Every adapter counts the rows that match, also those that the update leaves unchanged. If only
    // changed rows counted, a repeated write would look stale.
    if rows == 0 { Err(Violation::Stale.into()) } else { Ok(()) }
}
