//! Logging in, slowly for those who guess.

use std::time::Duration;

use domain::{Session, SessionId, SessionKey};
use ports::{CommitError, Credentials, HasherBusy, PortError, UnitOfWork, Write};

use super::{Pair, session::pair};
use crate::App;

/// Longest name or address that is looked up, in bytes; no account has a longer one.
const LOGIN_BYTES_MAX: usize = 255;

/// What somebody logs in with.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The name or the e-mail address.
    pub login: String,
    /// The password.
    pub password: String,
    /// The address of the peer.
    pub peer: String,
}

/// So many logins failed that no more are looked at for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// How many are allowed.
    pub limit: u32,
    /// Within this time.
    pub window: Duration,
    /// When to try again.
    pub retry_after: Duration,
}

/// Why nobody was logged in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Wrong password, no such user, or a closed account: the difference is not told.
    #[error("name and password do not fit")]
    Invalid,
    /// Too many failed.
    #[error("too many failed logins")]
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
    let Login { login, password, peer } = login;
    let known = match login.len() {
        1..=LOGIN_BYTES_MAX => app.users.find_by_login(&login).await?,
        _ => None,
    };
    let gate = Gate::new(&login, known.as_ref(), &peer);
    gate.check(app).await?;
    let hash = known.as_ref().map(|it| it.hash.clone());
    let fits = app.hasher.verify(hash, password).await?;
    // Others may have failed while this one was being hashed: beyond the limit nothing is told any more.
    gate.check(app).await?;
    match known {
        // Said only after the password was checked, so that it takes as long.
        Some(credentials) if fits && !credentials.user.disabled => {
            gate.passed(app).await;
            begin(app, credentials).await
        }
        _ => {
            gate.failed(app).await?;
            Err(LoginError::Invalid)
        }
    }
}

/// Begins a session, if the password that was checked is still the user's.
async fn begin(app: &App, credentials: Credentials) -> Result<Pair, LoginError> {
    let now = app.clock.now();
    let Credentials { user, hash } = credentials;
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
    let work = UnitOfWork::new()
        .with(Write::RequirePassword(user.key, hash))
        .with(Write::InsertSession(session.clone()));
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

/// The two counts of failed logins that one attempt falls under.
pub(super) struct Gate {
    account: String,
    peer: String,
}

impl Gate {
    /// For an account that exists it does not matter whether name or address was used.
    pub(super) fn new(login: &str, known: Option<&Credentials>, peer: &str) -> Self {
        let account = match known {
            Some(it) => format!("login:user:{}", it.user.id),
            None => format!(
                "login:name:{}",
                domain::user::fold(login).chars().take(LOGIN_BYTES_MAX).collect::<String>()
            ),
        };
        Self { account, peer: format!("login:peer:{peer}") }
    }

    /// Refuses when either count is at its limit. Counts that cannot be had refuse nobody.
    pub(super) async fn check(&self, app: &App) -> Result<(), Throttled> {
        for (name, limit) in self.limits(app) {
            let Ok(attempts) = app.throttle.count(name).await else { continue };
            if attempts.count >= limit {
                return Err(Throttled {
                    limit,
                    window: app.policy.login_window,
                    retry_after: attempts.resets_in,
                });
            }
        }
        Ok(())
    }

    /// Counts a failure. Of many at the same moment only as many as are allowed learn that they failed.
    pub(super) async fn failed(&self, app: &App) -> Result<(), Throttled> {
        let mut refused = Ok(());
        for (name, limit) in self.limits(app) {
            let Ok(attempts) = app.throttle.hit(name, app.policy.login_window).await else { continue };
            if attempts.count > limit {
                refused = Err(Throttled {
                    limit,
                    window: app.policy.login_window,
                    retry_after: attempts.resets_in,
                });
            }
        }
        refused
    }

    /// Forgets the account's failures.
    pub(super) async fn passed(&self, app: &App) {
        let _ = app.throttle.clear(&self.account).await;
    }

    fn limits(&self, app: &App) -> [(&str, u32); 2] {
        let policy = &app.policy;
        [(&self.account, policy.login_failures_per_account), (&self.peer, policy.login_failures_per_address)]
    }
}

#[cfg(test)]
mod tests;
