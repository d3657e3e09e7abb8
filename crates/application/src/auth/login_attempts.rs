//! Counting wrong guesses at passwords: by account and network, by network, and by account.
//!
//! An account is the text that was sent, folded, whether there is such an account or not: a count says nothing about that.
//! Its counts begin anew when its password changes: they are of guesses at the one that it has.

use std::time::Duration;

use domain::{Network, SessionId, UserId, UserKey};
use ports::{Credentials, PortError};

use crate::{
    App, Limit, Throttled,
    security::{LockScope, SecurityEvent},
};

/// Longest name or address that is looked up, in bytes; no account has a longer one.
pub(super) const LOGIN_BYTES_MAX: usize = 255;
/// How long failures count for the account as a whole.
const ACCOUNT_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);
/// The first lock of the account as a whole; each further failure doubles it, up to the window of failed logins.
const ACCOUNT_LOCK_MIN: Duration = Duration::from_secs(60);
/// A network that logged in to the account within this time is never refused by the lock of the account as a whole.
const FAMILIAR_NETWORK_PERIOD: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// What names are digested for: no place that counts learns what was typed.
const DIGEST_PURPOSE: &str = "login names";
/// No user has this row: a name that is not known is looked up like one that is.
const NO_USER: UserKey = UserKey::new(0);

/// What one guess at the password of an account counts for.
pub(super) struct LoginAttempt {
    user: Option<(UserKey, UserId)>,
    network: Network,
    pair: String,
    address: String,
    share: String,
    account: String,
    lock: String,
}

/// A count with its limit.
struct LimitedCount<'g> {
    name: &'g str,
    reached: Limit,
    limit: u32,
    lock_scope: LockScope,
}

impl LoginAttempt {
    /// A guess at the password of the account that `login` names, if there is one, from that network.
    pub(super) fn new(app: &App, login: &str, known: Option<&Credentials>, network: Network) -> Self {
        let name = digest_login(app, login, known);
        Self {
            user: known.map(|it| (it.user.key, it.user.id.clone())),
            network,
            pair: format!("login:pair:{network}:{name}"),
            address: format!("login:network:{network}"),
            share: format!("login:share:{network}:{name}"),
            account: format!("login:account:{name}"),
            lock: format!("login:lock:{name}"),
        }
    }

    /// Refuses while the account is locked for this network, the network is, or the account as a whole. Counts that
    /// cannot be had refuse no login.
    pub(super) async fn check_limits<E: From<Throttled> + From<PortError>>(
        &self,
        app: &App,
    ) -> Result<(), E> {
        self.check_network_limits(app).await?;
        match app.throttle.read_attempts(&self.lock).await {
            Ok(lock) if lock.count > 0 && !self.is_familiar_network(app).await? => {
                Err(account_throttle_error(app, lock.resets_in).into())
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Refuses while the account is locked for this network, or the network is, whatever others do to the account.
    pub(super) async fn check_network_limits(&self, app: &App) -> Result<(), Throttled> {
        for LimitedCount { name, reached, limit, .. } in self.limited_counts(app) {
            let Ok(attempts) = app.throttle.read_attempts(name).await else { continue };
            if attempts.count >= limit {
                return Err(throttled_here(app, reached, limit, attempts.resets_in));
            }
        }
        Ok(())
    }

    /// Counts a failure. Of many at the same moment only as many as are allowed learn that they failed.
    pub(super) async fn count_failure<E: From<Throttled> + From<PortError>>(
        &self,
        app: &App,
    ) -> Result<(), E> {
        let here = self.count_network_failure(app).await;
        let account = self.count_account_failure(app).await?;
        here?;
        account.map_or(Ok(()), |it| Err(it.into()))
    }

    /// Counts a failure for the account in this network, and for the network, but not for the account as a whole.
    pub(super) async fn count_network_failure(&self, app: &App) -> Result<(), Throttled> {
        let mut refused = None;
        for LimitedCount { name, reached, limit, lock_scope: locks } in self.limited_counts(app) {
            let Ok(attempts) = app.throttle.count_attempt(name, app.policy.login_window).await else {
                continue;
            };
            if attempts.count == limit {
                self.log_lock(locks);
            }
            if attempts.count > limit {
                refused = Some(throttled_here(app, reached, limit, attempts.resets_in));
            }
        }
        refused.map_or(Ok(()), Err)
    }

    /// Forgets the failures of the account in this network. Those of the network, and of the account as a whole, stay:
    /// otherwise one right password would buy guesses at others.
    pub(super) async fn clear_failures(&self, app: &App) {
        let _ = app.throttle.reset_attempts(&self.pair).await;
    }

    /// Counts a failure for the account as a whole. From the limit on each one locks it, for twice as long as the one
    /// before. Of one network only as many count as lock the account for it: alone it keeps no other one out.
    async fn count_account_failure(&self, app: &App) -> Result<Option<Throttled>, PortError> {
        let Ok(share) = app.throttle.count_attempt(&self.share, ACCOUNT_WINDOW).await else {
            return Ok(None);
        };
        if share.count > app.policy.login_failures_per_account {
            return Ok(None);
        }
        let limit = app.policy.login_failures_per_account_total;
        let Ok(attempts) = app.throttle.count_attempt(&self.account, ACCOUNT_WINDOW).await else {
            return Ok(None);
        };
        let Some(beyond) = attempts.count.checked_sub(limit) else { return Ok(None) };
        let delay = account_lock_period(beyond, app.policy.login_window);
        let Ok(lock) = app.throttle.count_attempt(&self.lock, delay).await else { return Ok(None) };
        if lock.count == 1 {
            self.log_lock(LockScope::Account);
            return Ok(None);
        }
        let known = self.is_familiar_network(app).await?;
        Ok((!known).then(|| account_throttle_error(app, lock.resets_in)))
    }

    /// Whether the user has logged in from this network not long ago; never for a name without an account.
    pub(super) async fn is_familiar_network(&self, app: &App) -> Result<bool, PortError> {
        let user = self.user.as_ref().map_or(NO_USER, |it| it.0);
        app.sessions
            .has_logged_in(user, self.network, app.clock.now().saturating_sub(FAMILIAR_NETWORK_PERIOD))
            .await
    }

    fn limited_counts(&self, app: &App) -> [LimitedCount<'_>; 2] {
        let policy = &app.policy;
        [
            LimitedCount {
                name: &self.pair,
                reached: Limit::LoginFailures,
                limit: policy.login_failures_per_account,
                lock_scope: LockScope::AccountAndNetwork,
            },
            LimitedCount {
                name: &self.address,
                reached: Limit::NetworkFailures,
                limit: policy.login_failures_per_address,
                lock_scope: LockScope::Network,
            },
        ]
    }

    fn log_lock(&self, locked: LockScope) {
        let user = self.user.as_ref().map(|it| &it.1);
        SecurityEvent::LockBegan { locked, user, session: None, network: self.network }.log();
    }
}

/// What stands for the account in the names of its counts.
fn digest_login(app: &App, login: &str, known: Option<&Credentials>) -> String {
    let password = known.map_or("", |it| it.hash.expose_secret());
    let content = format!("{}\n{password}", domain::user::fold_case(login));
    app.digests.keyed_digests(DIGEST_PURPOSE, &content).into_iter().next().unwrap_or_default()
}

const fn throttled_here(app: &App, reached: Limit, limit: u32, retry_after: Duration) -> Throttled {
    Throttled { reached, limit, window: app.policy.login_window, retry_after }
}

const fn account_throttle_error(app: &App, retry_after: Duration) -> Throttled {
    let limit = app.policy.login_failures_per_account_total;
    Throttled { reached: Limit::LoginFailures, limit, window: ACCOUNT_WINDOW, retry_after }
}

/// How long the account is locked after so many failures beyond the limit.
fn account_lock_period(beyond: u32, longest: Duration) -> Duration {
    ACCOUNT_LOCK_MIN.saturating_mul(2_u32.saturating_pow(beyond)).min(longest)
}

/// What a wrong present password counts for when a password is to be changed: the session that it is shown with, and
/// nothing else.
pub(super) struct PasswordAttempt<'g> {
    user: &'g UserId,
    session: &'g SessionId,
    network: Network,
    name: String,
}

impl<'g> PasswordAttempt<'g> {
    pub(super) fn new(user: &'g UserId, session: &'g SessionId, network: Network) -> Self {
        Self { user, session, network, name: format!("password:session:{session}") }
    }

    /// Refuses while the count is at its limit.
    pub(super) async fn check_limit(&self, app: &App) -> Result<(), Throttled> {
        match app.throttle.read_attempts(&self.name).await {
            Ok(attempts) if attempts.count >= app.policy.login_failures_per_account => {
                Err(session_throttle_error(app, attempts.resets_in))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Counts a failure.
    pub(super) async fn count_failure(&self, app: &App) -> Result<(), Throttled> {
        let (user, session, network) = (self.user, self.session, self.network);
        SecurityEvent::PasswordWrong { user, session, network }.log();
        let Ok(attempts) = app.throttle.count_attempt(&self.name, app.policy.login_window).await else {
            return Ok(());
        };
        let limit = app.policy.login_failures_per_account;
        if attempts.count == limit {
            let (user, session) = (Some(user), Some(session));
            SecurityEvent::LockBegan { locked: LockScope::Session, user, session, network }.log();
        }
        if attempts.count > limit { Err(session_throttle_error(app, attempts.resets_in)) } else { Ok(()) }
    }

    /// Forgets the session's failures.
    pub(super) async fn clear_failures(&self, app: &App) {
        let _ = app.throttle.reset_attempts(&self.name).await;
    }
}

const fn session_throttle_error(app: &App, retry_after: Duration) -> Throttled {
    let limit = app.policy.login_failures_per_account;
    Throttled { reached: Limit::SessionFailures, limit, window: app.policy.login_window, retry_after }
}

#[cfg(test)]
mod tests;
