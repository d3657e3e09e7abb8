//! Counting failed logins: by account and network, by network, and by account. Wrong codes of a second factor are
//! counted in the same way and with the same limits, in counters of their own; only that of the network is shared.
//!
//! | counter | what it locks |
//! | --- | --- |
//! | `pair` | the account for this network, for the window of failed logins |
//! | `address` | the network, for the same window |
//! | `share` | nothing; caps what one network adds to `account` within a day |
//! | `account` | the account as a whole, through `lock`, for 1 min and then twice as long each time |
//! | `lock` | holds while it counts at least one |
//!
//! An account is the folded text that was sent, whether or not there is such an account: so a counter says
//! nothing about existence. Its counters start over when its password changes, because they count guesses at
//! the present one, and when the account itself changes: an operator unlocks it so. Those of codes are named by the
//! key of the account and never start over: a code is as good after a new password as before, so who can read the
//! user's mails must not get new guesses with each reset. A counter that cannot be read refuses no login.

use std::time::Duration;

use domain::{Network, SessionId, Timestamp, User, UserId, UserKey};
use ports::{Credentials, PortError};

use crate::{
    App, Limit, Throttled,
    security::{LockScope, SecurityEvent},
};

/// The longest name or address that is looked up, in bytes; no account has a longer one.
pub(super) const LOGIN_BYTES_MAX: usize = 255;
/// The time window of failures that count against the account as a whole: 24 h.
const ACCOUNT_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);
/// The first lock of the account as a whole. Each further failure doubles it, up to `Policy::login_window`.
const ACCOUNT_LOCK_MIN: Duration = Duration::from_secs(60);
/// A network that logged in to the account within this time is not refused by the lock of the account as a
/// whole: an attacker must not lock the owner out.
const FAMILIAR_NETWORK_PERIOD: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The purpose of the digests of names. With them, no counter stores what was typed, which may be a password
/// in the wrong field.
const DIGEST_PURPOSE: &str = "login names";
/// A user key that no row has. The same query runs for an unknown name as for a known one, so that its time
/// reveals nothing.
const NO_USER: UserKey = UserKey::new(0);

/// One attempt at the password of an account or at a code of its second factor, with the names of the counters that
/// a failure adds to.
pub(super) struct LoginAttempt {
    user: Option<(UserKey, UserId)>,
    network: Network,
    pair: String,
    address: String,
    share: String,
    account: String,
    lock: String,
}

/// A counter that locks when it reaches its limit.
struct LimitedCount<'g> {
    name: &'g str,
    reached: Limit,
    limit: u32,
    lock_scope: LockScope,
}

impl LoginAttempt {
    /// An attempt from that network at the account that `login` names; `known` is that account, if it exists.
    pub(super) fn new(app: &App, login: &str, known: Option<&Credentials>, network: Network) -> Self {
        let user = known.map(|it| (it.user.key, it.user.id.clone()));
        Self::with_counters(user, network, ("login", &digest_login(app, login, known)))
    }

    /// An attempt from that network at a code of the user's second factor, after the right password.
    pub(super) fn of_code(user: &User, network: Network) -> Self {
        let name = user.key.get().to_string();
        Self::with_counters(Some((user.key, user.id.clone())), network, ("code", &name))
    }

    fn with_counters(user: Option<(UserKey, UserId)>, network: Network, (what, name): (&str, &str)) -> Self {
        Self {
            user,
            network,
            pair: format!("{what}:pair:{network}:{name}"),
            // One for passwords and codes: a network that guesses at both is locked as early as any other.
            address: format!("login:network:{network}"),
            share: format!("{what}:share:{network}:{name}"),
            account: format!("{what}:account:{name}"),
            lock: format!("{what}:lock:{name}"),
        }
    }

    /// Refuses while the account is locked for this network, the network is locked, or the account as a whole
    /// is. Counters that cannot be read refuse no login.
    pub(super) async fn check_limits<E: From<Throttled> + From<PortError>>(
        &self,
        app: &App,
    ) -> Result<(), E> {
        self.check_network_limits(app).await?;
        match app.throttle.read_attempts(&self.lock).await {
            // A familiar network is not locked out by the failures of others.
            Ok(lock) if lock.count > 0 && !self.is_familiar_network(app).await? => {
                Err(account_throttle_error(app, lock.resets_in).into())
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Refuses while the account is locked for this network, or the network is, regardless of failures
    /// elsewhere.
    pub(super) async fn check_network_limits(&self, app: &App) -> Result<(), Throttled> {
        for LimitedCount { name, reached, limit, .. } in self.limited_counts(app) {
            let Ok(attempts) = app.throttle.read_attempts(name).await else { continue };
            if attempts.count >= limit {
                return Err(throttled_here(app, reached, limit, attempts.resets_in));
            }
        }
        Ok(())
    }

    /// Counts a failure. Of many concurrent ones, only as many as the limit allows learn that the password
    /// or code was wrong.
    pub(super) async fn count_failure<E: From<Throttled> + From<PortError>>(
        &self,
        app: &App,
    ) -> Result<(), E> {
        // Both counters are raised before either refuses: a client beyond the network's limit must still
        // count against the account.
        let here = self.count_network_failure(app).await;
        let account = self.count_account_failure(app).await?;
        here?;
        account.map_or(Ok(()), |it| Err(it.into()))
    }

    /// Counts a failure for the account in this network and for the network, but not for the account as a
    /// whole.
    pub(super) async fn count_network_failure(&self, app: &App) -> Result<(), Throttled> {
        let mut refused = None;
        for LimitedCount { name, reached, limit, lock_scope: locks } in self.limited_counts(app) {
            let Ok(attempts) = app.throttle.count_attempt(name, app.policy.login_window).await else {
                continue;
            };
            // Equal, not at least: the failure that reaches the limit logs that the lock began, and those
            // after it do not.
            if attempts.count == limit {
                self.log_lock(locks);
            }
            if attempts.count > limit {
                refused = Some(throttled_here(app, reached, limit, attempts.resets_in));
            }
        }
        refused.map_or(Ok(()), Err)
    }

    /// Clears the failures of the account in this network. Those of the network and of the account as a whole
    /// stay: otherwise one correct password would buy guesses at other accounts.
    pub(super) async fn clear_failures(&self, app: &App) {
        // The login has succeeded; if the counter cannot be cleared it expires with its window.
        let _ = app.throttle.reset_attempts(&self.pair).await;
    }

    /// Counts a failure for the account as a whole. From the limit on, each one locks it for twice as long as
    /// the one before. One network adds at most as many as lock the account for itself, so one network alone
    /// cannot lock out the others.
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
        // A counter with a time window serves as the lock: it expires by itself, so no process has to release
        // it.
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

/// The digest that replaces the account in the names of its counters. The present password hash and `changed_at` are
/// parts of it, so a new password, or an operator who unlocks the account, starts new counters on every instance,
/// without a message to any.
fn digest_login(app: &App, login: &str, known: Option<&Credentials>) -> String {
    let password = known.map_or("", |it| it.hash.expose_secret());
    let changed_at = known.and_then(|it| it.user.changed_at).map_or(0, Timestamp::as_millis);
    let content = format!("{}\n{password}\n{changed_at}", domain::user::fold_case(login));
    app.digests.keyed_digests(DIGEST_PURPOSE, &content).into_iter().next().unwrap_or_default()
}

const fn throttled_here(app: &App, reached: Limit, limit: u32, retry_after: Duration) -> Throttled {
    Throttled { reached, limit, window: app.policy.login_window, retry_after }
}

const fn account_throttle_error(app: &App, retry_after: Duration) -> Throttled {
    let limit = app.policy.login_failures_per_account_total;
    Throttled { reached: Limit::LoginFailures, limit, window: ACCOUNT_WINDOW, retry_after }
}

/// How long the account is locked after that number of failures beyond the limit.
fn account_lock_period(beyond: u32, longest: Duration) -> Duration {
    ACCOUNT_LOCK_MIN.saturating_mul(2_u32.saturating_pow(beyond)).min(longest)
}

/// One attempt at the current password when a password is changed. It counts for the session that it came
/// with, and for nothing else: a stolen session must not be able to lock the login.
pub(super) struct PasswordAttempt<'g> {
    user: &'g UserId,
    session: &'g SessionId,
    network: Network,
    name: String,
    is_code: bool,
}

impl<'g> PasswordAttempt<'g> {
    pub(super) fn new(user: &'g UserId, session: &'g SessionId, network: Network) -> Self {
        Self { user, session, network, name: format!("password:session:{session}"), is_code: false }
    }

    /// One attempt at a code of the second factor. It has a count of its own: the current password, which comes with it,
    /// clears the other one, and must not buy guesses at the code.
    pub(super) fn of_code(user: &'g UserId, session: &'g SessionId, network: Network) -> Self {
        Self { user, session, network, name: format!("code:session:{session}"), is_code: true }
    }

    /// Refuses while the session has reached the limit of failures.
    pub(super) async fn check_limit(&self, app: &App) -> Result<(), Throttled> {
        match app.throttle.read_attempts(&self.name).await {
            Ok(attempts) if attempts.count >= app.policy.login_failures_per_account => {
                Err(session_throttle_error(app, attempts.resets_in))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Logs and counts a wrong current password or code, and refuses beyond the limit.
    pub(super) async fn count_failure(&self, app: &App) -> Result<(), Throttled> {
        let (user, session, network) = (self.user, self.session, self.network);
        if self.is_code {
            SecurityEvent::SecondFactorWrong { user, session, network }.log();
        } else {
            SecurityEvent::PasswordWrong { user, session, network }.log();
        }
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

    /// Clears the session's failures after a correct password.
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
