//! Changing a password.

use std::sync::atomic::{AtomicBool, Ordering};

use domain::{Network, Password};
use ports::{CommitError, PortError, Purpose, Share, StoredReply, UnitOfWork, Write};

use super::{guesses::SessionGuess, login::LoginError, revocations};
use crate::{
    Answered, App, Caller, KeyError, Request,
    idempotent::{Decided, OnceError, box_round, once},
    limits::{Attempt, count_attempt},
    retry::Tried,
    security::SecurityEvent,
};

/// What a user needs to change the password.
#[derive(Clone, PartialEq, Eq)]
pub struct ChangePassword {
    /// The present one.
    pub current: String,
    /// The next one.
    pub new: Password,
    /// Where the client is.
    pub network: Network,
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

/// Changes a password and ends all the user's other sessions, and answers with `reply`.
///
/// Wrong present passwords are counted by the session: they do not lock the login, and a lock of the login does not stand in
/// the way here. A key that is used with something else counts as one: a client that knows the key of a change could try
/// passwords with it.
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
    let change = ChangePassword { current: Password::attempt(change.current), ..change };
    count_attempt(app, Attempt::Change, change.network).await.map_err(LoginError::from)?;
    let user = &caller.user.id;
    let guess = SessionGuess::new(user, &caller.session, change.network);
    guess.check(app).await.map_err(LoginError::from)?;
    let decide = || {
        let decided = async {
            let work = prepare(app, caller, &change, &guess).await.map_err(PasswordError::from)?;
            Ok(Decided::answered(work, caller.user.id.to_string(), reply.clone()))
        };
        box_round(decided)
    };
    let is_retried = AtomicBool::new(false);
    let explain = |error| explain_refusal(error, &is_retried);
    let outcome = once(app, request.as_ref(), decide, explain).await;
    if matches!(outcome, Err(PasswordError::Key(KeyError::Reused))) {
        guess.failed(app).await.map_err(LoginError::from)?;
    }
    let answered = outcome?;
    if let Answered::First(_) = answered {
        SecurityEvent::PasswordChanged { user, session: &caller.session, network: change.network }.log();
    }
    // Committed: if these fail, each instance reads it from the record a little later.
    let _ = revocations::glance(app).await;
    let _ = app.sessions_ended.publish().await;
    Ok(answered)
}

async fn prepare(
    app: &App,
    caller: &Caller,
    change: &ChangePassword,
    guess: &SessionGuess<'_>,
) -> Result<UnitOfWork, LoginError> {
    let user = &caller.user;
    let hash = app.users.find_hash(user.key).await?.ok_or(LoginError::Invalid)?;
    let share = Share { purpose: Purpose::Change, network: change.network };
    let fits = app.hasher.verify(Some(hash.clone()), change.current.clone(), share).await?;
    // As with a login, beyond the limit nothing is told any more.
    guess.check(app).await?;
    if !fits {
        guess.failed(app).await?;
        return Err(LoginError::Invalid);
    }
    guess.passed(app).await;
    let to = app.hasher.hash(change.new.clone(), share).await?;
    let session = app.sessions.find(&caller.session).await?;
    let now = app.clock.now();
    Ok(UnitOfWork::new()
        .with(Write::ChangePassword { user: user.key, from: hash, to })
        .with(Write::RevokeSessions { user: user.key, except: session.map(|it| it.key), at: now }))
}

/// What was checked is no longer the present hash: once, it is checked against the one that is. A login may only have made
/// it again of the same password.
fn explain_refusal(error: CommitError, is_retried: &AtomicBool) -> Tried<PasswordError> {
    if matches!(error, CommitError::Stale) && is_retried.swap(true, Ordering::Relaxed) {
        return PasswordError::Login(LoginError::Invalid).into();
    }
    Tried::commit(error)
}

#[cfg(test)]
mod tests;
