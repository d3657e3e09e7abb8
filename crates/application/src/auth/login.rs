//! Logging in: a password is exchanged for a session.
//!
//! ```text
//! count the attempt ─► find the account ─► locked? ─► verify ─► locked? ─► check the code ─► commit
//!   (network)           (or none)                       │        (and codes?)     │           RequirePassword
//!                                                       │                         │           the code is used
//!                                                       └─ wrong: count           └─ wrong:   InsertSession
//!                                                          the failure               count it (+ a new hash)
//!                                                                                               (+ too old sessions end)
//! ```
//!
//! The promises:
//!
//! - The reply and its time are the same for a wrong password, an unknown name and a disabled account: a name
//!   without an account is verified against a dummy hash, and counted like any other.
//! - Guessing is slow: failures lock the account for the network, the network, and at last the account (see
//!   `login_attempts`). A successful login clears only the failures of its own account and network. Wrong codes have
//!   counts of their own, which a new password does not start over.
//! - A user has at most [`LIVE_SESSIONS_MAX`] live sessions: a login beyond it ends the oldest ones in its own commit.
//!   Logins at the same moment do not see each other, so each of them may add one more, until the next login.
//! - A session begins only if the verified hash is still the user's at the commit, so a concurrent change of
//!   the password or a disabled account wins.

use domain::{
    Network, Password, PasswordHash, Session, SessionId, SessionKey, Timestamp, User, UserId, UserKey,
    session::SessionOrigin,
};
use ports::{
    CommitError, Credentials, HashPurpose, HashQueueKey, HasherBusy, PortError, SecondFactorWrite,
    UnitOfWork, Write,
};

use super::{
    TokenPair,
    login_attempts::{LOGIN_BYTES_MAX, LoginAttempt},
    session::{LIVE_SESSIONS_MAX, issue_token_pair},
    totp_codes::{CodeError, check_login_code},
    user_admin::announce_change,
};
use crate::{
    App, Throttled,
    limits::{AttemptKind, count_attempt},
    security::SecurityEvent,
};

/// The input of a login, not checked yet.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginRequest {
    /// The name or the e-mail address, of any length and case.
    pub login: String,
    /// The password as it was sent, of any length.
    pub password: String,
    /// A code of the second factor as it was sent, of any length; `None` if there was none.
    pub code: Option<String>,
    /// Where the client is, for the counters, and what it says about itself; both are stored with the session.
    pub origin: SessionOrigin,
}

/// How often one request verifies its password and commits. Each further time means that the hash was replaced since it was
/// read, and costs a hash.
pub(super) const VERIFICATIONS_MAX: u32 = 8;

/// The most sessions that one login ends: more than there are logins of a user at one moment, so that the number of live
/// sessions returns to its limit.
const ENDED_MAX: u32 = 1_000;

/// Why no session was made.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The password is wrong, there is no such user, or the account is disabled. Which one is never revealed.
    #[error("name and password do not fit")]
    Invalid,
    /// The password is right, and the account needs a code, too.
    #[error("a code of the second factor is needed")]
    CodeRequired,
    /// The password is right, and the code is wrong or was used before.
    #[error("the code of the second factor is wrong or used")]
    CodeInvalid,
    /// Too many logins failed or were attempted; retry after the time given.
    #[error("too many logins")]
    Throttled(Throttled),
    /// The hasher's queue is full or the wait was too long; the client may retry.
    #[error(transparent)]
    Busy(#[from] HasherBusy),
    /// The system of record is unavailable, or the account's row cannot be read.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl From<Throttled> for LoginError {
    fn from(it: Throttled) -> Self {
        Self::Throttled(it)
    }
}

impl From<CodeError> for LoginError {
    fn from(it: CodeError) -> Self {
        match it {
            CodeError::Required => Self::CodeRequired,
            CodeError::Invalid => Self::CodeInvalid,
            CodeError::Failed(error) => Self::Failed(error),
        }
    }
}

/// Verifies a password and begins a session.
///
/// # Errors
/// [`LoginError`].
pub async fn login(app: &App, login: LoginRequest) -> Result<TokenPair, LoginError> {
    let LoginRequest { login, password, code, origin } = login;
    let network = origin.network;
    // A request may wait for the hasher for seconds, and both texts may be as long as a body. They are cut or
    // dropped here, so that waiting requests hold little memory.
    let password = Password::sanitize_attempt(password);
    count_attempt(app, AttemptKind::Login, network).await?;
    let folded = domain::user::fold_case(&login);
    drop(login);
    // A text longer than any name is not looked up: it cannot exist, and the database need not compare it.
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
    // Other attempts may have failed while this one was hashed. Checking again keeps a burst of concurrent
    // attempts from learning more results than the limit allows.
    guess.check_limits::<LoginError>(app).await?;
    match known {
        // A disabled account is refused only here, after the verification, so that the reply takes as long as
        // any other.
        Some(credentials) if fits && !credentials.user.disabled => {
            let (user, needs_code) =
                (credentials.user.id.clone(), credentials.user.second_factor_at.is_some());
            let code_guess = LoginAttempt::of_code(&credentials.user, network);
            let begun = begin_session(app, credentials, (password, code), (share, origin)).await;
            match &begun {
                Ok(_) => {
                    guess.clear_failures(app).await;
                    if needs_code {
                        code_guess.clear_failures(app).await;
                    }
                }
                // The right password alone clears nothing: the login has not succeeded.
                Err(LoginError::CodeInvalid) => {
                    count_failed_login(app, &code_guess, Some(&user), network).await?;
                }
                Err(_) => {}
            }
            begun
        }
        known => {
            let user = known.as_ref().map(|it| &it.user.id);
            count_failed_login(app, &guess, user, network).await?;
            Err(LoginError::Invalid)
        }
    }
}

/// Logs and counts a wrong password or code. Counted after the verification, because what is right is no failure;
/// concurrent failures beyond the limit get `Throttled` here.
async fn count_failed_login(
    app: &App,
    guess: &LoginAttempt,
    user: Option<&UserId>,
    network: Network,
) -> Result<(), LoginError> {
    SecurityEvent::LoginFailed { user, network }.log();
    guess.count_failure(app).await
}

/// Begins a session if the verified password is still the user's and the code is good, where one is needed. A hash of
/// another cost than new ones is replaced. When a concurrent login has just replaced it, the password is verified again
/// against the new hash: instances with different costs may replace it several times, and that refuses no right password.
async fn begin_session(
    app: &App,
    credentials: Credentials,
    (password, code): (String, Option<String>),
    (share, origin): (HashQueueKey, SessionOrigin),
) -> Result<TokenPair, LoginError> {
    let mut known = credentials;
    let mut factor = check_code(app, &known.user, code.as_deref(), share.network).await?;
    let mut renewed = rehash_password(app, &known.hash, password.clone(), share).await;
    for _ in 0..VERIFICATIONS_MAX {
        if let Some(pair) = commit_session(app, &known, (renewed.take(), factor), origin.clone()).await? {
            return Ok(pair);
        }
        let now_known = app.users.find_credentials(known.user.username.as_str()).await?;
        // Read again, because the commit found another hash, a disabled account, or another second factor. The password is
        // verified again if the hash of the same user differs, and the code in any case: another login may have used it.
        let changed = now_known.filter(|it| it.user.key == known.user.key && !it.user.disabled);
        let Some(changed) = changed else { return Err(LoginError::Invalid) };
        let is_other = changed.hash != known.hash;
        if is_other
            && !app.hasher.verify_password(Some(changed.hash.clone()), password.clone(), share).await?
        {
            return Err(LoginError::Invalid);
        }
        factor = check_code(app, &changed.user, code.as_deref(), share.network).await?;
        known = changed;
    }
    Err(replaced_each_time().into())
}

/// The error of a request whose password was right each time it was verified, and whose commits were all stale.
pub(super) fn replaced_each_time() -> PortError {
    PortError::unavailable("other logins replaced the hash every time")
}

/// The write of [`check_login_code`], unless too many codes of the user were wrong: then the code is not looked at.
async fn check_code(
    app: &App,
    user: &User,
    code: Option<&str>,
    network: Network,
) -> Result<SecondFactorWrite, LoginError> {
    if user.second_factor_at.is_some() {
        LoginAttempt::of_code(user, network).check_limits::<LoginError>(app).await?;
    }
    Ok(check_login_code(app, user, code).await?)
}

/// Commits a session, the new hash if there is one, and the use of the code. `None` when the password or the second factor
/// was changed, the account disabled, or the code used in the meantime.
async fn commit_session(
    app: &App,
    Credentials { user, hash }: &Credentials,
    (renewed, factor): (Option<PasswordHash>, SecondFactorWrite),
    origin: SessionOrigin,
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
    // All in one commit: `RequirePassword` guards that the verified hash is still the user's and the account
    // open. It is applied before the new hash replaces it, because writes to one row have a fixed order.
    let renewed = renewed.map(|to| Write::ChangePassword { user: user.key, from: hash.clone(), to });
    let work = UnitOfWork::new().with_write(Write::RequirePassword(user.key, hash.clone()));
    let work = renewed.into_iter().fold(work, UnitOfWork::with_write);
    let work = work.with_write(Write::SecondFactor(Box::new(factor)));
    let ended = end_oldest_write(app, user.key, now).await?;
    let ends_others = ended.is_some();
    let work = work.with_write(Write::InsertSession(session.clone(), origin)).with_writes(ended);
    match app.store.commit(work).await {
        Ok(()) => {
            if ends_others {
                announce_change(app).await;
            }
            Ok(Some(issue_token_pair(app, &session, user.id.clone())))
        }
        // Not `retry_stale!`: another round would have to verify the password again, which the caller does.
        Err(CommitError::Stale) => Ok(None),
        Err(other) => Err(other.into_port_error().into()),
    }
}

/// The write that makes room for one more session of the user; `None` while there is room.
// Only after password and code were right, so that the time of a refusal does not depend on the sessions of the account.
async fn end_oldest_write(app: &App, user: UserKey, now: Timestamp) -> Result<Option<Write>, PortError> {
    let kept = LIVE_SESSIONS_MAX.saturating_sub(1);
    let sessions = app.sessions.list_older_sessions(user, now, kept, ENDED_MAX).await?;
    Ok((!sessions.is_empty()).then_some(Write::RevokeListedSessions { user, sessions, at: now }))
}

/// The verified password hashed at the present cost; `None` when the hash has that cost already, or the
/// hasher is busy, in which case the next login replaces it.
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
