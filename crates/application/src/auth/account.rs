//! Making accounts.

use domain::{Email, Password, Role, User, UserId, UserKey, Username};
use ports::{CommitError, HasherBusy, Taken, Unavailable, UnitOfWork, Write};

use crate::App;

/// What somebody needs to register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// The name to log in with.
    pub username: Username,
    /// The address, which also logs in.
    pub email: Email,
    /// The password.
    pub password: Password,
}

/// Why an account was not made.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Name or address, or both, are somebody's.
    #[error("taken: {0:?}")]
    Taken(Vec<Taken>),
    /// Too many passwords are being hashed.
    #[error(transparent)]
    Busy(#[from] HasherBusy),
    /// The record is away.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Makes a customer's account.
///
/// # Errors
/// [`RegisterError`].
pub async fn register(app: &App, account: NewAccount) -> Result<User, RegisterError> {
    make(app, account, Role::Customer).await
}

/// Makes an operator's account: from the command line only.
///
/// # Errors
/// [`RegisterError`].
pub async fn create_operator(app: &App, account: NewAccount) -> Result<User, RegisterError> {
    make(app, account, Role::Operator).await
}

async fn make(app: &App, account: NewAccount, role: Role) -> Result<User, RegisterError> {
    let NewAccount { username, email, password } = account;
    let hash = app.hasher.hash(password).await?;
    let user = User {
        key: UserKey::new(app.ids.key()),
        id: UserId::new(app.ids.id()),
        username,
        email,
        role,
        created_at: app.clock.now(),
    };
    let work = UnitOfWork::new().with(Write::InsertUser(user.clone(), hash));
    match app.store.commit(work).await {
        Ok(()) => Ok(user),
        Err(CommitError::Taken(taken)) => Err(RegisterError::Taken(taken)),
        Err(CommitError::Unavailable(away)) => Err(away.into()),
        Err(
            CommitError::Stale
            | CommitError::OutOfStock(_)
            | CommitError::Claimed(_)
            | CommitError::DuplicateEvent,
        ) => Err(Unavailable::new("a row of that key exists").into()),
    }
}

#[cfg(test)]
mod tests;
