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
    // Both may be as long as a body may be, and wait.
    let password = Password::attempt(password);
    count_attempt(app, Attempt::Login, network).await?;
    let folded = domain::user::fold(&login);
    drop(login);
    let known = match folded.len() {
        1..=LOGIN_BYTES_MAX => app.users.find_by_login(&folded).await?,
        _ => None,
    };
    let guess = Guess::new(app, &folded, known.as_ref(), network);
    drop(folded);
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
        known => {
            SecurityEvent::LoginFailed { user: known.as_ref().map(|it| &it.user.id), network }.log();
            guess.failed::<LoginError>(app).await?;
            Err(LoginError::Invalid)
        }
    }
}

/// Begins a session, if the password that was checked is still the user's. A hash of another cost than new ones have is
/// made again; when another login has just done that, the password is checked against what it made.
async fn begin(
    app: &App,
    credentials: Credentials,
    password: String,
    share: Share,
) -> Result<Pair, LoginError> {
    let renewed = renew(app, &credentials.hash, password.clone(), share).await;
    if let Some(pair) = commit(app, &credentials, renewed, share.network).await? {
        return Ok(pair);
    }
    let now_known = app.users.find_by_login(credentials.user.username.as_str()).await?;
    let changed = now_known
        .filter(|it| it.user.key == credentials.user.key && !it.user.disabled && it.hash != credentials.hash);
    let Some(changed) = changed else { return Err(LoginError::Invalid) };
    if !app.hasher.verify(Some(changed.hash.clone()), password, share).await? {
        return Err(LoginError::Invalid);
    }
    commit(app, &changed, None, share.network).await?.ok_or(LoginError::Invalid)
}

/// Commits a session, and the new hash if there is one. `None` when the password was changed, or the account closed, in the
/// meantime.
async fn commit(
    app: &App,
    Credentials { user, hash }: &Credentials,
    renewed: Option<PasswordHash>,
    network: Network,
) -> Result<Option<Pair>, LoginError> {
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
    let work = UnitOfWork::new().with(Write::RequirePassword(user.key, hash.clone()));
    let work = renewed.into_iter().fold(work, UnitOfWork::with);
    let work = work.with(Write::InsertSession(session.clone(), network));
    match app.store.commit(work).await {
        Ok(()) => Ok(Some(pair(app, &session, user.id.clone()))),
        Err(CommitError::Stale) => Ok(None),
        Err(other) => Err(other.into_port_error().into()),
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
