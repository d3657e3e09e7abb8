//! Verifying that mails to an account's address reach its user, by a token that is sent there.
//!
//! ```text
//! register, change of the address ─► QueueMail(EmailVerification)    in the same commit
//! request ─► QueueMail(EmailVerification)                            whatever address it names; nothing is looked up
//!   sweep ─► no account, or verified: DeleteMail
//!            account:                 BeginMail ─► mail server ─► DeleteMail
//! confirm ─► VerifyEmail
//! ```
//!
//! The promises:
//!
//! - The reply to a request, and its time, say nothing about the account: the request does the same work for every
//!   address.
//! - A token is in no row and in no log. It names account, address and end, and is encrypted, so no other one can be
//!   made.
//! - A token verifies once, within [`VERIFICATION_TTL`], and only the address that it was sent to. A change of the address
//!   invalidates it for good, also if the user comes back to that address: the token has the number of the change.
//! - Every mail counts for the limits of its address and network. A registration or a change of the address beyond them
//!   succeeds and sends none.
//! - Nothing else depends on it. An address that is not verified logs in like any other.

use std::time::Duration;

use domain::{Email, Network, Timestamp, User, UserId, UserKey};
use ports::{AccountFilter, MailKind, OutgoingMail, PortError, QueuedMail, StoredReply, UnitOfWork, Write};

use super::user_admin::announce_change;
use crate::{
    App, IdempotentReply, IdempotentRequest, KeyError, Throttled,
    idempotent::{Decision, UseCaseError, box_decision, run_once},
    limits::{AttemptKind, count_attempt, count_verification_request},
    mailing::{new_mail, render_verification},
    retry::Attempt,
};

/// How long a token is good, from the commit that queues its mail.
pub const VERIFICATION_TTL: Duration = Duration::from_secs(24 * 60 * 60);
/// The purpose that tokens are encrypted for.
const TOKEN_PURPOSE: &str = "email verification tokens";
/// The purpose of the digests of addresses in the names of counters.
const ADDRESS_PURPOSE: &str = "email verification addresses";
/// The longest token that is opened, in bytes. Those that are issued are shorter.
const TOKEN_BYTES_MAX: usize = 512;
/// The resource of all requests: the claim must not tell the account.
const RESOURCE: &str = "email-verification";

/// Why a request was not taken, or an address not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerificationError {
    /// The key was used for another request, or a request with it is still running.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The token is unknown, used or expired, the address was changed, or the account is disabled. Which one is never
    /// revealed.
    #[error("the token verifies nothing")]
    Invalid,
    /// Too many requests for the address or from the network.
    #[error("too many requests")]
    Throttled(Throttled),
    /// The system of record is unavailable, or the account's row cannot be read.
    #[error(transparent)]
    Failed(#[from] PortError),
}

impl From<Throttled> for VerificationError {
    fn from(it: Throttled) -> Self {
        Self::Throttled(it)
    }
}

impl UseCaseError for VerificationError {
    fn is_refusal(&self) -> bool {
        !matches!(self, Self::Key(_) | Self::Failed(_))
    }
}

/// Takes a request for another mail to that address, and replies with `reply`, whether or not it has an account that waits
/// for one. A sweep does the rest.
///
/// # Errors
/// [`VerificationError`], never `Invalid`.
pub async fn request_email_verification(
    app: &App,
    request: Option<IdempotentRequest>,
    email: Email,
    network: Network,
    reply: StoredReply,
) -> Result<IdempotentReply, VerificationError> {
    count_attempt(app, AttemptKind::VerificationRequest, network).await?;
    count_verification(app, &email, network).await?;
    let decide = || {
        let work =
            UnitOfWork::new().with_writes(verification_write(app, email.clone(), None, app.clock.now()));
        let decided = Decision::with_reply(work, RESOURCE.to_owned(), reply.clone());
        box_decision(std::future::ready(Ok(decided)))
    };
    run_once(app, request.as_ref(), decide, Attempt::<VerificationError>::from_commit_error).await
}

/// Verifies the address that the token was sent to, and replies with `reply`.
///
/// # Errors
/// [`VerificationError`].
pub async fn confirm_email_verification(
    app: &App,
    request: Option<IdempotentRequest>,
    token: &str,
    network: Network,
    reply: StoredReply,
) -> Result<IdempotentReply, VerificationError> {
    count_attempt(app, AttemptKind::Verification, network).await?;
    let decide = || box_decision(decide_verification(app, token, &reply));
    let refuse = Attempt::<VerificationError>::from_commit_error;
    let answered = run_once(app, request.as_ref(), decide, refuse).await?;
    // For a replay too: the process that committed may have died before it announced the change.
    announce_change(app).await;
    Ok(answered)
}

async fn decide_verification(
    app: &App,
    token: &str,
    reply: &StoredReply,
) -> Result<Decision<StoredReply>, Attempt<VerificationError>> {
    let now = app.clock.now();
    let token = open_token(app, token).filter(|it| now < it.expires_at);
    let token = token.ok_or(VerificationError::Invalid)?;
    let user = app.users.find_user(&token.user).await.map_err(VerificationError::from)?;
    // Of two confirmations at once the later one is stale, and finds the address verified here.
    let waits = |it: &User| {
        !it.disabled && it.email_revision == token.email_revision && it.email_verified_at.is_none()
    };
    let user = user.filter(waits).ok_or(VerificationError::Invalid)?;
    let verify = Write::VerifyEmail { user: user.with_verified_email(now), read: user.changed_at };
    Ok(Decision::with_reply(UnitOfWork::new().with_write(verify), user.id.to_string(), reply.clone()))
}

/// Counts a mail to that address for the limits of requests, and refuses it beyond them.
async fn count_verification(app: &App, email: &Email, network: Network) -> Result<(), Throttled> {
    // Digested, so that no counter stores an address.
    let address = app.digests.keyed_digests(ADDRESS_PURPOSE, &email.fold_case());
    let address = address.into_iter().next().unwrap_or_default();
    count_verification_request(app, &address, network).await
}

/// Whether a registration or a change of the address may send its mail, which is counted as a request for one. Beyond the
/// limit it must succeed without the mail: the user can request another one later. It is called once for a request and
/// not in a round of its decision, which may be repeated.
pub(super) async fn may_send_verification(app: &App, email: &Email, network: Network) -> bool {
    let is_sent = app.mailing.as_ref().is_some_and(|it| it.verification_url.is_some());
    is_sent && count_verification(app, email, network).await.is_ok()
}

/// Queues the mail to an address that is new for its account; `None` where no such mails are sent. `user` is `None` for a
/// request, whose account is not looked up yet.
pub(super) fn verification_write(
    app: &App,
    email: Email,
    user: Option<UserKey>,
    now: Timestamp,
) -> Option<Write> {
    app.mailing.as_ref()?.verification_url.as_ref()?;
    let expires_at = now.saturating_add(VERIFICATION_TTL);
    Some(Write::QueueMail(new_mail(app, MailKind::EmailVerification, (email, user), now, expires_at)))
}

/// The mail with a token, which is made here; `None` if no account waits for it. `id` is a new id for the mail.
pub(crate) async fn prepare_verification(
    app: &App,
    url: Option<&str>,
    (id, mail): (String, &QueuedMail),
) -> Result<Option<OutgoingMail>, PortError> {
    // By the address and not by the key of the account: one that has another address now waits for another mail.
    let filter =
        AccountFilter { email: Some(mail.recipient.fold_case()), limit: 1, ..AccountFilter::default() };
    let found = app.users.list_accounts(filter).await?.data.into_iter().next();
    let waits = |it: &User| !it.disabled && it.email_verified_at.is_none();
    let Some((user, url)) = found.map(|it| it.user).filter(waits).zip(url) else { return Ok(None) };
    let token = seal_token(app, &user, mail.expires_at);
    Ok(Some(render_verification((id, user.email), url, &token)))
}

/// What a token says.
struct VerificationToken {
    user: UserId,
    email_revision: i64,
    expires_at: Timestamp,
}

fn seal_token(app: &App, user: &User, expires_at: Timestamp) -> String {
    let text = format!("{} {} {}", user.id, user.email_revision, expires_at.as_millis());
    app.secret_cipher.encrypt_text(TOKEN_PURPOSE, &text)
}

fn open_token(app: &App, token: &str) -> Option<VerificationToken> {
    if token.len() > TOKEN_BYTES_MAX {
        return None;
    }
    let text = app.secret_cipher.decrypt_text(TOKEN_PURPOSE, token)?;
    let (user, rest) = text.split_once(' ')?;
    let (revision, expires_at) = rest.split_once(' ')?;
    Some(VerificationToken {
        user: UserId::new(user.to_owned()),
        email_revision: revision.parse().ok()?,
        expires_at: Timestamp::from_millis(expires_at.parse().ok()?),
    })
}

#[cfg(test)]
mod tests;
