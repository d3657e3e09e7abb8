//! Changing a password.

use domain::Password;
use ports::{CommitError, Credentials, PortError, StoredReply, UnitOfWork, Write};

use super::{
    login::{Gate, LoginError},
    revocations,
};
use crate::{
    Answered, App, Caller, KeyError, Request,
    idempotent::{Decided, OnceError, box_round, once},
    retry::Tried,
};

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

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Something about the idempotency key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// As with a login; `Invalid` means that the present password is wrong.
    #[error(transparent)]
    Login(#[from] LoginError),
}

impl From<PortError> for PasswordError {
    fn from(away: PortError) -> Self {
        Self::Login(away.into())
    }
}

impl OnceError for PasswordError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Login(LoginError::Failed(_)))
    }
}

/// Changes a password and ends all the user's other sessions, and answers with `reply`. A wrong present password counts
/// as a failed login.
///
/// # Errors
/// [`PasswordError`].
pub async fn change_password(
    app: &App,
    caller: &Caller,
    request: Option<Request>,
    change: ChangePassword,
    reply: StoredReply,
) -> Result<Answered, PasswordError> {
    let decide = || {
        let decided = async {
            let work = prepare(app, caller, &change).await.map_err(PasswordError::from)?;
            Ok(Decided::answered(work, caller.user.id.to_string(), reply.clone()))
        };
        box_round(decided)
    };
    let answered = once(app, request.as_ref(), decide, explain_refusal).await?;
    // Committed: if these fail, each instance reads it from the record a little later.
    let _ = revocations::glance(app).await;
    let _ = app.sessions_ended.publish().await;
    Ok(answered)
}

async fn prepare(app: &App, caller: &Caller, change: &ChangePassword) -> Result<UnitOfWork, LoginError> {
    let user = &caller.user;
    let hash = app.users.find_hash(user.key).await?.ok_or(LoginError::Invalid)?;
    let known = Credentials { user: user.clone(), hash: hash.clone() };
    let gate = Gate::new(user.username.as_str(), Some(&known), &change.peer);
    gate.check(app).await?;
    let fits = app.hasher.verify(Some(hash.clone()), change.current.clone()).await?;
    // As with a login, beyond the limit nothing is told any more.
    gate.check(app).await?;
    if !fits {
        gate.failed(app).await?;
        return Err(LoginError::Invalid);
    }
    let to = app.hasher.hash(change.new.clone()).await?;
    let session = app.sessions.find(&caller.session).await?;
    let now = app.clock.now();
    Ok(UnitOfWork::new()
        .with(Write::ChangePassword { user: user.key, from: hash, to })
        .with(Write::RevokeSessions { user: user.key, except: session.map(|it| it.key), at: now }))
}

fn explain_refusal(error: CommitError) -> Tried<PasswordError> {
    match error {
        // Somebody else changed it in the meantime: what was checked is no longer the present one.
        CommitError::Stale => PasswordError::Login(LoginError::Invalid).into(),
        CommitError::OutOfStock(_)
        | CommitError::Claimed(_)
        | CommitError::DuplicateEvent
        | CommitError::Taken(_)
        | CommitError::Failed(_) => Tried::commit(error),
    }
}

#[cfg(test)]
mod tests;
