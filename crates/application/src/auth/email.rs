//! Changing the e-mail address of an account by its user.

use std::sync::atomic::AtomicU32;

use domain::{Email, Network, Password, User};
use ports::{CommitError, HashPurpose, HashQueueKey, PortError, StoredReply, UnitOfWork, Write};

use super::{
    email_verification::{may_send_verification, verification_write},
    login::LoginError,
    login_attempts::PasswordAttempt,
    password::{map_commit_error, verify_current_password},
    user_admin::{announce_change, end_others_write},
};
use crate::{
    App, IdempotentReply, IdempotentRequest, KeyError, UserCaller,
    idempotent::{Decision, UseCaseError, box_decision, run_once},
    limits::{AttemptKind, count_attempt},
    mailing::notice_write,
    retry::Attempt,
    security::SecurityEvent,
};

/// The input of a change of the address.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailChange {
    /// The current password as it was sent, of any length.
    pub current: String,
    /// The new address.
    pub email: Email,
    /// The network of the client, for the hasher's queue and the log.
    pub network: Network,
}

/// Why an address was not changed.
#[derive(Debug, thiserror::Error)]
pub enum EmailError {
    /// The key was used for another request, or a request with it is still running.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// As with a login; `Invalid` means that the current password is wrong.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// Another account has this address.
    #[error("the address is taken")]
    Taken,
}

impl From<PortError> for EmailError {
    fn from(error: PortError) -> Self {
        Self::Login(error.into())
    }
}

impl UseCaseError for EmailError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Login(LoginError::Failed(_)))
    }
}

/// Changes the address and ends all the user's other sessions in one commit, and replies with the user as `render`
/// writes it. The old address gets a notice, if there is a mail server. Whether the new one is taken is answered only to
/// the right password.
///
/// Wrong current passwords, and a key that is used with other content, are counted as for a change of the password.
///
/// # Errors
/// [`EmailError`].
pub async fn change_email<R>(
    app: &App,
    caller: &UserCaller,
    request: Option<IdempotentRequest>,
    change: EmailChange,
    render: R,
) -> Result<IdempotentReply, EmailError>
where
    R: Fn(&User) -> StoredReply + Send + Sync,
{
    let change = EmailChange { current: Password::sanitize_attempt(change.current), ..change };
    count_attempt(app, AttemptKind::Change, change.network).await.map_err(LoginError::from)?;
    let user = &caller.user.id;
    let guess = PasswordAttempt::new(user, &caller.session, change.network);
    guess.check_limit(app).await.map_err(LoginError::from)?;
    let is_mailed = may_send_verification(app, &change.email, change.network).await;
    let decide = || box_decision(decide_change(app, caller, (&change, is_mailed), &guess, &render));
    let rounds = AtomicU32::new(1);
    let refuse = |error| {
        if matches!(error, CommitError::AccountConflict(_)) {
            return EmailError::Taken.into();
        }
        map_commit_error(error, &rounds)
    };
    let outcome = run_once(app, request.as_ref(), decide, refuse).await;
    if matches!(outcome, Err(EmailError::Key(KeyError::Reused))) {
        guess.count_failure(app).await.map_err(LoginError::from)?;
    }
    let answered = outcome?;
    // For a replay too: the process that committed may have died before it announced the change.
    announce_change(app).await;
    if let IdempotentReply::New(_) = answered {
        SecurityEvent::EmailChanged { user, session: &caller.session, network: change.network }.log();
    }
    Ok(answered)
}

async fn decide_change<R>(
    app: &App,
    caller: &UserCaller,
    (change, is_mailed): (&EmailChange, bool),
    guess: &PasswordAttempt<'_>,
    render: &R,
) -> Result<Decision<StoredReply>, Attempt<EmailError>>
where
    R: Fn(&User) -> StoredReply + Send + Sync,
{
    let key = caller.user.key;
    let share = HashQueueKey { purpose: HashPurpose::Change, network: change.network };
    let hash = verify_current_password(app, key, &change.current, share, guess).await;
    let hash = hash.map_err(EmailError::from)?;
    let read = app.users.find_user_by_key(key).await.map_err(EmailError::from)?;
    // Nothing deletes the row of a user.
    let read = read.ok_or(EmailError::Login(LoginError::Invalid))?;
    let id = read.id.to_string();
    if read.email == change.email {
        return Ok(Decision::with_reply(UnitOfWork::new(), id, render(&read)));
    }
    // Only now: the hash may take seconds, and other instances look for changes of the last moments.
    let now = app.clock.now();
    let next = read.with_email(change.email.clone(), now);
    let reply = render(&next);
    let verification =
        is_mailed.then(|| verification_write(app, next.email.clone(), Some(key), now)).flatten();
    let work = UnitOfWork::new()
        .with_write(Write::RequirePassword(key, hash))
        .with_write(Write::ChangeEmail { user: next, read: read.changed_at })
        // Its link was sent to the old address: the new owner of that mailbox must not get the account.
        .with_write(Write::DropPasswordReset(key))
        .with_write(end_others_write(app, caller).await.map_err(EmailError::from)?)
        .with_writes(notice_write(app, read.email, key, now))
        .with_writes(verification);
    Ok(Decision::with_reply(work, id, reply))
}

#[cfg(test)]
mod tests;
