//! Logging in, slowly for those who guess.

use domain::{Network, Password, PasswordHash, Session, SessionId, SessionKey};
use ports::{CommitError, Credentials, HasherBusy, PortError, Purpose, Share, UnitOfWork, Write};

use super::{
    Pair,
    guesses::{Guess, LOGIN_BYTES_MAX},
    session::pair,
};
use crate::{
    App, Throttled,
    limits::{Attempt, count_attempt},
    security::SecurityEvent,
};

/// What a user logs in with.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The name or the e-mail address.
    pub login: String,
    /// The password.
    pub password: String,
    /// Where the client is.
    pub network: Network,
}

/// Why no session began.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Wrong password, no such user, or a closed account: the difference is not told.
    #[error("name and password do not fit")]
    Invalid,
    /// Too many failed, or were tried.
    #[error("too many logins")]
    Throttled(Throttled),
    /// Too many passwords are being hashed.
    #[error(transparent)]
    Busy(#[from] HasherBusy),
    /// The record is away.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl From<Throttled> for LoginError {
    fn from(it: Throttled) -> Self {
        Self::Throttled(it)
    }
}

/// Checks a password and begins a session.
///
/// # Errors
/// [`LoginError`].
pub async fn login(app: &App, login: Login) -> Result<Pair, LoginError> {
    let Login { login, password, network } = login;
    count_attempt(app, Attempt::Login, network).await?;
    let known = match login.len() {
        1..=LOGIN_BYTES_MAX => app.users.find_by_login(&login).await?,
        _ => None,
    };
    let user = known.as_ref().map(|it| &it.user);
    let guess = Guess::new(&login, user, network);
    guess.check::<LoginError>(app).await?;
    let hash = known.as_ref().map(|it| it.hash.clone());
    let share = Share { purpose: Purpose::Login, network };
    let fits = app.hasher.verify(hash, password.clone(), share).await?;
    // Others may have failed while this one was being hashed: beyond the limit nothing is told any more.
    guess.check::<LoginError>(app).await?;
    match known {
        // Said only after the password was checked, so that it takes as long.
        Some(credentials) if fits && !credentials.user.disabled => {
            guess.passed(app).await;
            begin(app, credentials, password, share).await
        }
        Some(_) | None => {
            SecurityEvent::LoginFailed { user: user.map(|it| &it.id), network }.log();
            guess.failed::<LoginError>(app).await?;
            Err(LoginError::Invalid)
        }
    }
}

/// Begins a session, if the password that was checked is still the user's. A hash of another cost than new ones have is
/// made again.
async fn begin(
    app: &App,
    credentials: Credentials,
    password: String,
    share: Share,
) -> Result<Pair, LoginError> {
    let Credentials { user, hash } = credentials;
    let renewed = renew(app, &hash, password, share).await;
    let now = app.clock.now();
    let session = Session {
        key: SessionKey::new(app.ids.key()),
        id: SessionId::new(app.ids.id()),
        user: user.key,
        generation: 1,
        rotated_at: now,
        created_at: now,
        expires_at: app.policy.session_lifetime().end(now, now),
        revoked_at: None,
        spent: Vec::new(),
    };
    let renewed = renewed.map(|to| Write::ChangePassword { user: user.key, from: hash.clone(), to });
    let work = UnitOfWork::new().with(Write::RequirePassword(user.key, hash));
    let work = renewed.into_iter().fold(work, UnitOfWork::with);
    let work = work.with(Write::InsertSession(session.clone(), share.network));
    match app.store.commit(work).await {
        Ok(()) => Ok(pair(app, &session, user.id)),
        Err(CommitError::Failed(away)) => Err(away.into()),
        // The password was changed, or the account closed, in the meantime.
        Err(
            CommitError::Stale
            | CommitError::OutOfStock(_)
            | CommitError::Claimed(_)
            | CommitError::DuplicateEvent
            | CommitError::Taken(_),
        ) => Err(LoginError::Invalid),
    }
}

/// The password that was right, hashed at the cost of new ones; `None` when it is already, or the hasher is busy: then the
/// next login does it.
async fn renew(app: &App, hash: &PasswordHash, password: String, share: Share) -> Option<PasswordHash> {
    if hash.cost() == app.hasher.cost() {
        return None;
    }
    app.hasher.hash(Password::new(password), share).await.ok()
}

#[cfg(test)]
mod tests;
