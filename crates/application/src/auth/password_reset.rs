//! Setting a new password without the present one, by a token that is sent to the account's address.
//!
//! ```text
//! request ─► QueueMail(ResetRequest)                      whatever address it names; nothing is looked up
//!   sweep ─► no account: DeleteMail
//!            account:    DeleteMail, RequestPasswordReset, QueueMail(PasswordReset)
//!   sweep ─► BeginMail, SetResetToken ─► mail server ─► DeleteMail
//! confirm ─► UsePasswordReset, RequirePassword, ChangePassword, RevokeSessions
//! ```
//!
//! The promises:
//!
//! - The reply to a request, and its time, say nothing about the account: the request does the same work for every
//!   address.
//! - A token is in no row and in no log. It is made when the mail is sent, and only its keyed digest is stored. A mail
//!   that is sent again has another token, and the older one is refused.
//! - A token sets one password, within [`RESET_TTL`]. A newer request, a change of the password or of the address, and
//!   an erasure invalidate it at once.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::{Email, Network, Password, Timestamp, User, UserId, UserKey};
use ports::{
    Batch, HashPurpose, HashQueueKey, HasherBusy, MailKind, PasswordReset, PortError, StoredReply,
    UnitOfWork, Write,
};

use super::{
    login_attempts::LoginAttempt,
    user_admin::{UserAdminError, announce_change, end_sessions_write},
};
use crate::{
    App, IdempotentReply, IdempotentRequest, KeyError, Throttled,
    idempotent::{Decision, UseCaseError, box_decision, run_once},
    limits::{AttemptKind, count_attempt, count_reset_request, has_many_reset_requests},
    mailing::new_mail,
    retry::{Attempt, retry_stale},
    security::SecurityEvent,
};

/// How long a token is good, from its request.
pub const RESET_TTL: Duration = Duration::from_secs(60 * 60);
/// The pause between two mails to an account for which very many resets were asked for within a day.
const RESET_PAUSE: Duration = Duration::from_secs(10 * 60);
/// The purpose of the digests of tokens.
const TOKEN_PURPOSE: &str = "password reset tokens";
/// The purpose of the digests of addresses in the names of counters.
const ADDRESS_PURPOSE: &str = "password reset addresses";
/// The shortest time that the system of record can tell apart.
const SHORTEST_STEP: Duration = Duration::from_millis(1);
/// The longest token that is looked up, in bytes. Those that are issued are shorter.
const TOKEN_BYTES_MAX: usize = 128;
/// Most requests that may wait to be looked up while an operator makes a token. A sweep looks them up twice a second.
const WAITING_MAX: u32 = 10_000;
/// The resource of all requests: the claim must not tell the account.
const RESOURCE: &str = "password-reset";

/// Why a request was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// The key was used for another request, or a request with it is still running.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Too many requests for the address or from the network.
    #[error("too many requests")]
    Throttled(Throttled),
    /// The system of record is unavailable.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl From<Throttled> for ResetError {
    fn from(it: Throttled) -> Self {
        Self::Throttled(it)
    }
}

impl UseCaseError for ResetError {
    fn is_refusal(&self) -> bool {
        false
    }
}

/// Takes a request to reset the password of the account with that address, and replies with `reply`, whether or not
/// there is such an account. A sweep does the rest.
///
/// # Errors
/// [`ResetError`].
pub async fn request_password_reset(
    app: &App,
    request: Option<IdempotentRequest>,
    email: Email,
    network: Network,
    reply: StoredReply,
) -> Result<IdempotentReply, ResetError> {
    count_attempt(app, AttemptKind::ResetRequest, network).await?;
    count_reset_request(app, &digest_address(app, &email), network).await?;
    let decide = || {
        let now = app.clock.now();
        let expires_at = now.saturating_add(RESET_TTL);
        let mail = new_mail(app, MailKind::ResetRequest, (email.clone(), None), now, expires_at);
        let work = UnitOfWork::new().with_write(Write::QueueMail(mail));
        let decided = Decision::with_reply(work, RESOURCE.to_owned(), reply.clone());
        box_decision(std::future::ready(Ok(decided)))
    };
    run_once(app, request.as_ref(), decide, Attempt::<ResetError>::from_commit_error).await
}

/// The address in the names of counters: none of them stores it.
fn digest_address(app: &App, email: &Email) -> String {
    app.digests.keyed_digests(ADDRESS_PURPOSE, &email.fold_case()).into_iter().next().unwrap_or_default()
}

/// Whether a request of that time gets a mail. When very many were made within a day, a mail is sent only some minutes after
/// the one before: they must neither fill the mailbox nor make each token outdated before it is used.
pub(crate) async fn may_mail_reset(app: &App, user: &User, now: Timestamp) -> Result<bool, PortError> {
    if !has_many_reset_requests(app, &digest_address(app, &user.email)).await {
        return Ok(true);
    }
    let present = app.account_tasks.find_reset_of_user(user.key).await?;
    Ok(present.is_none_or(|it| now >= it.requested_at.saturating_add(RESET_PAUSE)))
}

/// The input of a new password.
#[derive(Clone, PartialEq, Eq)]
pub struct ResetConfirmation {
    /// The token as it was sent, of any length.
    pub token: String,
    /// The new password, already checked against the rules.
    pub new: Password,
    /// The network of the client, for the counters, the hasher's queue and the log.
    pub network: Network,
}

/// Why no password was set with a token.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// The key was used for another request, or a request with it is still running.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The token is unknown, used, replaced or expired, or the account is disabled. Which one is never revealed.
    #[error("the token is good for nothing")]
    Invalid,
    /// Too many attempts from the network.
    #[error("too many attempts")]
    Throttled(Throttled),
    /// The hasher's queue is full or the wait was too long; the client may retry.
    #[error(transparent)]
    Busy(#[from] HasherBusy),
    /// The system of record is unavailable, or the account's row cannot be read.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl From<Throttled> for ConfirmError {
    fn from(it: Throttled) -> Self {
        Self::Throttled(it)
    }
}

impl UseCaseError for ConfirmError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// Sets a new password with a token and ends all sessions of the account in one commit, and replies with `reply`. The
/// locks of the account end too, because they count guesses at the old password. Those of wrong codes stay.
///
/// A token that is good for nothing, and a key that is used with other content, count as a failed login from the
/// network: a client that knows the key of a reset could try passwords with it.
///
/// # Errors
/// [`ConfirmError`].
pub async fn confirm_password_reset(
    app: &App,
    request: Option<IdempotentRequest>,
    confirmation: ResetConfirmation,
    reply: StoredReply,
) -> Result<IdempotentReply, ConfirmError> {
    let ResetConfirmation { token, new, network } = confirmation;
    count_attempt(app, AttemptKind::Reset, network).await?;
    let guess = LoginAttempt::new(app, &token, None, network);
    guess.check_network_limits(app).await?;
    let digests = digest_token(app, &token);
    let share = HashQueueKey { purpose: HashPurpose::Change, network };
    let confirmed = Mutex::new(None);
    let decide = || box_decision(decide_confirmation(app, &digests, (&new, share), &reply, &confirmed));
    let refuse = Attempt::<ConfirmError>::from_commit_error;
    let outcome = run_once(app, request.as_ref(), decide, refuse).await;
    if matches!(outcome, Err(ConfirmError::Key(KeyError::Reused) | ConfirmError::Invalid)) {
        guess.count_network_failure(app).await?;
    }
    let answered = outcome?;
    // For a replay too: the process that committed may have died before it announced the end of the sessions.
    announce_change(app).await;
    let user = confirmed.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let (IdempotentReply::New(_), Some(user)) = (&answered, user) {
        SecurityEvent::PasswordReset { user: &user, network }.log();
    }
    Ok(answered)
}

async fn decide_confirmation(
    app: &App,
    digests: &[String],
    (new, share): (&Password, HashQueueKey),
    reply: &StoredReply,
    confirmed: &Mutex<Option<UserId>>,
) -> Result<Decision<StoredReply>, Attempt<ConfirmError>> {
    let now = app.clock.now();
    let (reset, digest) =
        find_reset(app, digests).await.map_err(ConfirmError::from)?.ok_or(ConfirmError::Invalid)?;
    let user = app.users.find_user_by_key(reset.user).await.map_err(ConfirmError::from)?;
    let hash = app.users.find_password_hash(reset.user).await.map_err(ConfirmError::from)?;
    let (Some(user), Some(from)) = (user.filter(|it| !it.disabled && now < reset.expires_at), hash) else {
        return Err(ConfirmError::Invalid.into());
    };
    // Only for a token that is good: a flood of others must not keep the hasher busy.
    let to = app.hasher.hash_password(new.clone(), share).await.map_err(ConfirmError::from)?;
    let work = UnitOfWork::new()
        .with_write(Write::UsePasswordReset { user: user.key, digest, now })
        // Guards that the account is open.
        .with_write(Write::RequirePassword(user.key, from.clone()))
        .with_write(Write::ChangePassword { user: user.key, from, to })
        .with_write(end_sessions_write(app, user.key));
    *confirmed.lock().unwrap_or_else(PoisonError::into_inner) = Some(user.id.clone());
    Ok(Decision::with_reply(work, user.id.to_string(), reply.clone()))
}

/// The reset with one of these digests, and the digest that it has.
async fn find_reset(app: &App, digests: &[String]) -> Result<Option<(PasswordReset, String)>, PortError> {
    for digest in digests {
        if let Some(reset) = app.account_tasks.find_password_reset(digest).await? {
            return Ok(Some((reset, digest.clone())));
        }
    }
    Ok(None)
}

/// The digests of a token under each active secret, newest first; none of a text that cannot be a token.
fn digest_token(app: &App, token: &str) -> Vec<String> {
    if token.len() > TOKEN_BYTES_MAX {
        return Vec::new();
    }
    app.digests.keyed_digests(TOKEN_PURPOSE, token)
}

/// A new token: 256 random bits as two ids.
pub(crate) fn new_token(app: &App) -> String {
    format!("{}{}", app.ids.next_id(), app.ids.next_id())
}

/// The digest of a token that is stored.
pub(crate) fn newest_digest(app: &App, token: &str) -> String {
    digest_token(app, token).into_iter().next().unwrap_or_default()
}

/// Makes a token for the account with that name or address, in place of an older one, and returns it with the time at
/// which it expires. For an operator at the command line, who hands it over where there is no mail server.
///
/// # Errors
/// [`UserAdminError`].
pub async fn issue_password_reset(
    app: &App,
    login: &str,
) -> Result<(User, String, Timestamp), UserAdminError> {
    let token = new_token(app);
    let issue = async || -> Result<(User, Timestamp), Attempt<UserAdminError>> {
        let known = app.users.find_credentials(login).await.map_err(UserAdminError::from)?;
        let user = known.ok_or(UserAdminError::NotFound)?.user;
        let now = app.clock.now();
        let expires_at = now.saturating_add(RESET_TTL);
        let digest = Some(newest_digest(app, &token));
        // Before the reset: a request that was looked up in between has left a reset, and the time is later than its.
        let answered = answer_requests(app, &user.email).await.map_err(UserAdminError::from)?;
        let requested_at = next_reset_time(app, user.key, now).await.map_err(UserAdminError::from)?;
        let reset = PasswordReset { user: user.key, requested_at, expires_at, digest };
        let work = UnitOfWork::new()
            .with_writes(answered)
            .with_write(Write::RequestPasswordReset(reset, user.clone()));
        app.store.commit(work).await.map_err(Attempt::<UserAdminError>::from_commit_error)?;
        Ok((user, expires_at))
    };
    let (user, expires_at) = retry_stale!(app, issue().await)?;
    Ok((user, token, expires_at))
}

/// The time of the account's next reset. It identifies the reset, so it is later than that of the present one, whatever the
/// clocks of two instances say. A mail that waits for the present one is then about no reset, and is not sent.
pub(crate) async fn next_reset_time(
    app: &App,
    user: UserKey,
    now: Timestamp,
) -> Result<Timestamp, PortError> {
    let present = app.account_tasks.find_reset_of_user(user).await?;
    Ok(present.map_or(now, |it| it.requested_at.saturating_add(SHORTEST_STEP).max(now)))
}

/// The deletions of the requests for that address that wait to be looked up. In one commit with a token they decide which
/// of the two comes first: a request that is looked up meanwhile makes the commit stale, and one that is queued later
/// replaces the token. Times would not: the instance that took a request may have a clock that is ahead.
async fn answer_requests(app: &App, email: &Email) -> Result<Vec<Write>, PortError> {
    let batch = Batch { skip: 0, limit: WAITING_MAX };
    let waiting = app.account_tasks.list_due_mails(MailKind::ResetRequest, Timestamp::MAX, batch).await?;
    if waiting.len() >= usize::try_from(WAITING_MAX).unwrap_or(usize::MAX) {
        return Err(PortError::unavailable("too many requests to reset a password wait to be looked up"));
    }
    let address = email.fold_case();
    let about = waiting.into_iter().filter(|it| it.recipient.fold_case() == address);
    Ok(about.map(|it| Write::DeleteMail { key: it.key, attempts: it.attempts }).collect())
}

#[cfg(test)]
mod tests;
