//! Logging in, slowly for those who guess.

use domain::{Network, Password, PasswordHash, Session, SessionId, SessionKey};
use ports::{CommitError, Credentials, HashPurpose, HashQueueKey, HasherBusy, PortError, UnitOfWork, Write};

use super::{
    TokenPair,
    login_attempts::{LOGIN_BYTES_MAX, LoginAttempt},
    session::issue_token_pair,
};
use crate::{
    App, Throttled,
    limits::{AttemptKind, count_attempt},
    security::SecurityEvent,
};

/// What a user logs in with.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginRequest {
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
pub async fn login(app: &App, login: LoginRequest) -> Result<TokenPair, LoginError> {
    let LoginRequest { login, password, network } = login;
    // Both may be as long as a body may be, and wait.
    let password = Password::sanitize_attempt(password);
    count_attempt(app, AttemptKind::Login, network).await?;
    let folded = domain::user::fold_case(&login);
    drop(login);
    let known = match folded.len() {
        1..=LOGIN_BYTES_MAX => app.users.find_credentials(&folded).await?,
        _ => None,
    };
    let guess = LoginAttempt::new(app, &folded, known.as_ref(), network);
    drop(folded);
    guess.check_limits::<LoginError>(app).await?;
    let hash = known.as_ref().map(|it| it.hash.clone());
    // A flood from networks that never logged in to the account must not take the places of one that did.
    let purpose =
        if guess.is_familiar_network(app).await? { HashPurpose::KnownLogin } else { HashPurpose::Login };
    let share = HashQueueKey { purpose, network };
    let fits = app.hasher.verify_password(hash, password.clone(), share).await?;
    // Others may have failed while this one was being hashed: beyond the limit nothing is told any more.
    guess.check_limits::<LoginError>(app).await?;
    match known {
        // Said only after the password was checked, so that it takes as long.
        Some(credentials) if fits && !credentials.user.disabled => {
            guess.clear_failures(app).await;
            begin_session(app, credentials, password, share).await
        }
        known => {
            SecurityEvent::LoginFailed { user: known.as_ref().map(|it| &it.user.id), network }.log();
            guess.count_failure::<LoginError>(app).await?;
            Err(LoginError::Invalid)
        }
    }
}

/// Begins a session, if the password that was checked is still the user's. A hash of another cost than new ones have is
/// made again; when another login has just done that, the password is checked against what it made.
async fn begin_session(
    app: &App,
    credentials: Credentials,
    password: String,
    share: HashQueueKey,
) -> Result<TokenPair, LoginError> {
    let renewed = rehash_password(app, &credentials.hash, password.clone(), share).await;
    if let Some(pair) = commit_session(app, &credentials, renewed, share.network).await? {
        return Ok(pair);
    }
    let now_known = app.users.find_credentials(credentials.user.username.as_str()).await?;
    let changed = now_known
        .filter(|it| it.user.key == credentials.user.key && !it.user.disabled && it.hash != credentials.hash);
    let Some(changed) = changed else { return Err(LoginError::Invalid) };
    if !app.hasher.verify_password(Some(changed.hash.clone()), password, share).await? {
        return Err(LoginError::Invalid);
    }
    commit_session(app, &changed, None, share.network).await?.ok_or(LoginError::Invalid)
}

/// Commits a session, and the new hash if there is one. `None` when the password was changed, or the account closed, in the
/// meantime.
async fn commit_session(
    app: &App,
    Credentials { user, hash }: &Credentials,
    renewed: Option<PasswordHash>,
    network: Network,
) -> Result<Option<TokenPair>, LoginError> {
    let now = app.clock.now();
    let session = Session {
        key: SessionKey::new(app.ids.next_key()),
        id: SessionId::new(app.ids.next_id()),
        user: user.key,
        generation: 1,
        rotated_at: now,
        created_at: now,
        expires_at: app.policy.session_lifetime().end_time(now, now),
        revoked_at: None,
        spent: Vec::new(),
    };
    let renewed = renewed.map(|to| Write::ChangePassword { user: user.key, from: hash.clone(), to });
    let work = UnitOfWork::new().with_write(Write::RequirePassword(user.key, hash.clone()));
    let work = renewed.into_iter().fold(work, UnitOfWork::with_write);
    let work = work.with_write(Write::InsertSession(session.clone(), network));
    match app.store.commit(work).await {
        Ok(()) => Ok(Some(issue_token_pair(app, &session, user.id.clone()))),
        Err(CommitError::Failed(away)) => Err(away.into()),
        Err(
            CommitError::Stale
            | CommitError::OutOfStock(_)
            | CommitError::LimitReached(_)
            | CommitError::Claimed(_)
            | CommitError::DuplicateEvent
            | CommitError::AccountConflict(_),
        ) => Ok(None),
    }
}

/// The password that was right, hashed at the cost of new ones; `None` when it is already, or the hasher is busy: then the
/// next login does it.
async fn rehash_password(
    app: &App,
    hash: &PasswordHash,
    password: String,
    share: HashQueueKey,
) -> Option<PasswordHash> {
    if hash.cost() == app.hasher.hash_cost() {
        return None;
    }
    app.hasher.hash_password(Password::new(password), share).await.ok()
}

#[cfg(test)]
mod tests;
