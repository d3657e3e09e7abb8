//! Changing a password.

use domain::Password;
use ports::{CommitError, Credentials, UnitOfWork, Write};

use super::{
    login::{Gate, LoginError},
    revocations,
};
use crate::{App, Caller};

/// What a user needs to change the password.
#[derive(Clone, PartialEq, Eq)]
pub struct ChangePassword {
    /// The present one.
    pub current: String,
    /// The next one.
    pub new: Password,
    /// The address of the peer.
    pub peer: String,
}

/// Why a password was not changed: as with a login.
pub type PasswordError = LoginError;

/// Changes a password and ends all the user's other sessions. A wrong present password counts as a failed login.
///
/// # Errors
/// [`PasswordError`]; `Invalid` means that the present password is wrong.
pub async fn change_password(
    app: &App,
    caller: &Caller,
    change: ChangePassword,
) -> Result<(), PasswordError> {
    let user = &caller.user;
    let hash = app.users.find_hash(user.key).await?.ok_or(LoginError::Invalid)?;
    let known = Credentials { user: user.clone(), hash: hash.clone() };
    let gate = Gate::new(user.username.as_str(), Some(&known), &change.peer);
    gate.check(app).await?;
    let fits = app.hasher.verify(Some(hash.clone()), change.current).await?;
    // As with a login, beyond the limit nothing is told any more.
    gate.check(app).await?;
    if !fits {
        gate.failed(app).await?;
        return Err(LoginError::Invalid);
    }
    let to = app.hasher.hash(change.new).await?;
    let session = app.sessions.find(&caller.session).await?;
    let now = app.clock.now();
    let work = UnitOfWork::new()
        .with(Write::ChangePassword { user: user.key, from: hash, to })
        .with(Write::RevokeSessions { user: user.key, except: session.map(|it| it.key), at: now });
    match app.store.commit(work).await {
        Ok(()) => {}
        Err(CommitError::Unavailable(away)) => return Err(away.into()),
        // Somebody else changed it in the meantime: what was checked is no longer the present one.
        Err(
            CommitError::Stale
            | CommitError::OutOfStock(_)
            | CommitError::Claimed(_)
            | CommitError::DuplicateEvent
            | CommitError::Taken(_),
        ) => return Err(LoginError::Invalid),
    }
    // Committed: if these fail, each instance finds it by itself, a little later.
    let _ = revocations::glance(app).await;
    let _ = app.sessions_ended.publish().await;
    Ok(())
}

#[cfg(test)]
mod tests;
