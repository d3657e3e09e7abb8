//! Changing a password by its user.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::{Network, Password, PasswordHash, UserKey};
use ports::{CommitError, HashPurpose, HashQueueKey, PortError, StoredReply, UnitOfWork, Write};

use super::{
    login::{LoginError, VERIFICATIONS_MAX, replaced_each_time},
    login_attempts::PasswordAttempt,
    revocations,
    user_admin::end_others_write,
};
use crate::{
    App, IdempotentReply, IdempotentRequest, KeyError, UserCaller,
    idempotent::{Decision, UseCaseError, box_decision, run_once},
    limits::{AttemptKind, count_attempt},
    retry::Attempt,
    security::SecurityEvent,
};

/// The input of a password change.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordChange {
    /// The current password as it was sent, of any length.
    pub current: String,
    /// The new password, already checked against the rules.
    pub new: Password,
    /// The network of the client, for the hasher's queue and the log.
    pub network: Network,
}

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The key was used for another request, or a request with it is still running.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// As with a login; `Invalid` means that the current password is wrong, or the account is disabled.
    #[error(transparent)]
    Login(#[from] LoginError),
}

impl From<PortError> for PasswordError {
    fn from(error: PortError) -> Self {
        Self::Login(error.into())
    }
}

impl UseCaseError for PasswordError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Login(LoginError::Failed(_)))
    }
}

/// Changes a password and ends all the user's other sessions in one commit, and replies with `reply`.
///
/// Wrong current passwords are counted by session: they do not lock the login, and a lock of the login does
/// not prevent the change. A key that is used with other content counts as a wrong password: a client that
/// knows the key of a change could try passwords with it.
///
/// # Errors
/// [`PasswordError`].
pub async fn change_password(
    app: &App,
    caller: &UserCaller,
    request: Option<IdempotentRequest>,
    change: PasswordChange,
    reply: StoredReply,
) -> Result<IdempotentReply, PasswordError> {
    let change = PasswordChange { current: Password::sanitize_attempt(change.current), ..change };
    count_attempt(app, AttemptKind::Change, change.network).await.map_err(LoginError::from)?;
    let user = &caller.user.id;
    let guess = PasswordAttempt::new(user, &caller.session, change.network);
    guess.check_limit(app).await.map_err(LoginError::from)?;
    let decide = || {
        let decided = async {
            let work = prepare_change(app, caller, &change, &guess).await.map_err(PasswordError::from)?;
            Ok(Decision::with_reply(work, caller.user.id.to_string(), reply.clone()))
        };
        box_decision(decided)
    };
    // An atomic because the closures are `Fn` and the future must be `Send`. The rounds of one request run
    // one after another, so no ordering is needed.
    let rounds = AtomicU32::new(1);
    let explain = |error| map_commit_error(error, &rounds);
    let outcome = run_once(app, request.as_ref(), decide, explain).await;
    if matches!(outcome, Err(PasswordError::Key(KeyError::Reused))) {
        guess.count_failure(app).await.map_err(LoginError::from)?;
    }
    let answered = outcome?;
    if let IdempotentReply::New(_) = answered {
        SecurityEvent::PasswordChanged { user, session: &caller.session, network: change.network }.log();
    }
    // The change is committed. If one of these fails, each instance reads the ended sessions at its next
    // synchronisation, within a second. Both run for a replay too: the process that committed may have died
    // before it notified the others.
    let _ = revocations::sync_recent(app).await;
    let _ = app.revocation_broadcast.publish().await;
    Ok(answered)
}

async fn prepare_change(
    app: &App,
    caller: &UserCaller,
    change: &PasswordChange,
    guess: &PasswordAttempt<'_>,
) -> Result<UnitOfWork, LoginError> {
    let user = &caller.user;
    let share = HashQueueKey { purpose: HashPurpose::Change, network: change.network };
    let hash = verify_current_password(app, user.key, &change.current, share, guess).await?;
    let to = app.hasher.hash_password(change.new.clone(), share).await?;
    Ok(UnitOfWork::new()
        .with_write(Write::ChangePassword { user: user.key, from: hash, to })
        // A link that was sent before must not undo the change.
        .with_write(Write::DropPasswordReset(user.key))
        .with_write(end_others_write(app, caller).await?))
}

/// The present hash of the user, if `current` is the password and the account open; a wrong one counts for the session.
pub(super) async fn verify_current_password(
    app: &App,
    user: UserKey,
    current: &str,
    share: HashQueueKey,
    guess: &PasswordAttempt<'_>,
) -> Result<PasswordHash, LoginError> {
    // Read from the system of record: the caller may come from a cache.
    let hash = app.users.find_password_hash(user).await?.ok_or(LoginError::Invalid)?;
    // A commit for a disabled account is stale each time.
    if app.users.find_user_by_key(user).await?.is_none_or(|it| it.disabled) {
        return Err(LoginError::Invalid);
    }
    let fits = app.hasher.verify_password(Some(hash.clone()), current.to_owned(), share).await?;
    // As with a login, a result beyond the limit is not revealed.
    guess.check_limit(app).await?;
    if !fits {
        guess.count_failure(app).await?;
        return Err(LoginError::Invalid);
    }
    // Cleared before the commit: the current password was correct, whatever happens to the change.
    guess.clear_failures(app).await;
    Ok(hash)
}

/// Maps a failed commit of a request that verified the current password. A stale one means that the verified hash is no
/// longer the user's, perhaps because a login has rehashed the same password; so the password is verified again. Each round
/// costs a hash or two, so there are fewer of them than elsewhere. `rounds` begins with 1.
pub(super) fn map_commit_error<E: UseCaseError + From<LoginError>>(
    error: CommitError,
    rounds: &AtomicU32,
) -> Attempt<E> {
    let is_stale = matches!(error, CommitError::Stale);
    if is_stale && rounds.fetch_add(1, Ordering::Relaxed) >= VERIFICATIONS_MAX {
        return E::from(replaced_each_time()).into();
    }
    Attempt::from_commit_error(error)
}

#[cfg(test)]
mod tests;
