//! Requests to reset a password, and mails that wait.

use std::time::Duration;

use async_trait::async_trait;
use domain::UserKey;
use ports::{
    AccountFilter, Batch, MailError, MailKind, OutgoingMail, PasswordReset, PortError, QueuedMail,
    UnitOfWork, Write,
};

use super::batch_loop::{Sweep, for_each_due, sweep_watched};
use super::names;
use crate::{
    App,
    auth::{RESET_TTL, may_mail_reset, new_token, newest_digest, next_reset_time, prepare_verification},
    mailing::{Mailing, new_mail, render_email_changed, render_reset},
    outage_watch::OutageWatch,
    retry::commit_unless_stale,
};

/// How often one mail is tried.
const ATTEMPTS_MAX: u32 = 16;
/// The pause after the first attempt; each further one doubles it. It is also for how long a mail belongs to the instance
/// that sends it: the mail server may take 20 s, the clocks of instances differ by up to 10 s, and the commit takes time.
const PAUSE_MIN: Duration = Duration::from_secs(60);
/// The longest pause between two attempts.
const PAUSE_MAX: Duration = Duration::from_secs(10 * 60);

/// Looks up the accounts of those who asked to reset a password; `true` when there may be more.
///
/// # Errors
/// [`PortError`].
pub async fn resolve_reset_requests(app: &App) -> Result<bool, PortError> {
    for_each_due(app, names::RESOLVE_RESETS, &RequestSweep).await
}

/// Sends the mails that are due; `true` when there may be more. Without a mail server it only deletes those that have
/// expired. A mail that the server defers is due again after its pause.
///
/// # Errors
/// [`PortError`]; also when the mail server is unavailable: the mail is due again later.
pub async fn send_mails(app: &App) -> Result<bool, PortError> {
    // One watch for all kinds: they have one mail server.
    let (mut more, mut watch) = (false, OutageWatch::default());
    for kind in [MailKind::PasswordReset, MailKind::EmailChanged, MailKind::EmailVerification] {
        more |= sweep_watched(app, names::SEND_MAILS, &MailSweep { kind }, &mut watch).await?;
    }
    if more { Ok(true) } else { watch.into_result().map(|()| false) }
}

fn delete_mail(mail: &QueuedMail) -> Write {
    Write::DeleteMail { key: mail.key, attempts: mail.attempts }
}

/// The requests that were not looked up yet.
struct RequestSweep;

#[async_trait]
impl Sweep for RequestSweep {
    type Item = QueuedMail;

    async fn list_due(&self, app: &App, batch: Batch) -> Result<Vec<QueuedMail>, PortError> {
        app.account_tasks.list_due_mails(MailKind::ResetRequest, app.clock.now(), batch).await
    }

    async fn process_item(&self, app: &App, request: &QueuedMail) -> Result<bool, PortError> {
        let now = app.clock.now();
        let email = Some(request.recipient.fold_case());
        let filter = AccountFilter { email, limit: 1, ..AccountFilter::default() };
        let found = app.users.list_accounts(filter).await?.data.into_iter().next();
        let user = found.map(|it| it.user).filter(|it| !it.disabled && now < request.expires_at);
        let mut work = UnitOfWork::new().with_write(delete_mail(request));
        let user = match user {
            Some(user) if may_mail_reset(app, &user, now).await? => Some(user),
            Some(_) | None => None,
        };
        if let Some(user) = user {
            let requested_at = next_reset_time(app, user.key, request.created_at).await?;
            let expires_at = now.saturating_add(RESET_TTL);
            let reset = PasswordReset { user: user.key, requested_at, expires_at, digest: None };
            let to = (user.email.clone(), Some(user.key));
            let mail = new_mail(app, MailKind::PasswordReset, to, now, expires_at);
            // By this time the mail is matched with its reset.
            let mail = QueuedMail { created_at: requested_at, ..mail };
            work = work
                .with_write(Write::RequestPasswordReset(reset, user))
                .with_writes(app.mailing.as_ref().map(|_| Write::QueueMail(mail)));
        }
        commit_unless_stale(app, work).await
    }
}

/// The mails of one kind.
struct MailSweep {
    kind: MailKind,
}

#[async_trait]
impl Sweep for MailSweep {
    type Item = QueuedMail;

    async fn list_due(&self, app: &App, batch: Batch) -> Result<Vec<QueuedMail>, PortError> {
        app.account_tasks.list_due_mails(self.kind, app.clock.now(), batch).await
    }

    async fn process_item(&self, app: &App, mail: &QueuedMail) -> Result<bool, PortError> {
        let now = app.clock.now();
        if now >= mail.expires_at || mail.attempts >= ATTEMPTS_MAX {
            tracing::warn!(
                kind = mail.kind.as_str(),
                attempts = mail.attempts,
                "mail was not sent, giving up"
            );
            return commit_unless_stale(app, UnitOfWork::new().with_write(delete_mail(mail))).await;
        }
        let Some(mailing) = &app.mailing else { return Ok(false) };
        let Some((content, token)) = prepare_mail(app, mailing, mail).await? else {
            return commit_unless_stale(app, UnitOfWork::new().with_write(delete_mail(mail))).await;
        };
        let pause = PAUSE_MIN.saturating_mul(2_u32.saturating_pow(mail.attempts)).min(PAUSE_MAX);
        let begin =
            Write::BeginMail { key: mail.key, attempts: mail.attempts, due_at: now.saturating_add(pause) };
        // Committed before the mail server is asked. If the process dies after this line, the mail is due again after
        // the pause; another instance does not send it meanwhile.
        let work = UnitOfWork::new().with_write(begin).with_writes(token);
        if !commit_unless_stale(app, work).await? {
            return Ok(false);
        }
        match mailing.mailer.send_mail(content).await {
            Ok(()) => {}
            // Its pause has begun, so it is due no more.
            Err(error @ MailError::Deferred(_)) => {
                tracing::info!(kind = mail.kind.as_str(), %error, "mail was deferred, will retry later");
                return Ok(true);
            }
            Err(MailError::Unavailable(why)) => return Err(PortError::unavailable(why)),
            Err(error @ MailError::Refused(_)) => {
                tracing::warn!(kind = mail.kind.as_str(), %error, "mail was not sent, giving up");
            }
        }
        let sent = QueuedMail { attempts: mail.attempts.saturating_add(1), ..mail.clone() };
        commit_unless_stale(app, UnitOfWork::new().with_write(delete_mail(&sent))).await
    }
}

/// The mail to send, and the write that makes its token the one that is accepted; `None` if it is worth nothing any more.
async fn prepare_mail(
    app: &App,
    mailing: &Mailing,
    mail: &QueuedMail,
) -> Result<Option<(OutgoingMail, Option<Write>)>, PortError> {
    let to = (app.ids.next_id(), mail.recipient.clone());
    match (mail.kind, mail.user) {
        (MailKind::EmailChanged, _) => Ok(Some((render_email_changed(to), None))),
        (MailKind::EmailVerification, _) => {
            let found = prepare_verification(app, mailing.verification_url.as_deref(), (to.0, mail)).await?;
            Ok(found.map(|it| (it, None)))
        }
        (MailKind::PasswordReset, Some(user)) if has_reset(app, user, mail).await? => {
            let token = new_token(app);
            let content = render_reset(to, mailing.reset_url.as_deref(), &token);
            let digest = newest_digest(app, &token);
            let write = Write::SetResetToken { user, requested_at: mail.created_at, digest };
            Ok(Some((content, Some(write))))
        }
        (MailKind::PasswordReset | MailKind::ResetRequest, _) => Ok(None),
    }
}

/// Whether the account's reset is still the one that the mail is about.
async fn has_reset(app: &App, user: UserKey, mail: &QueuedMail) -> Result<bool, PortError> {
    let reset = app.account_tasks.find_reset_of_user(user).await?;
    Ok(reset.is_some_and(|it| it.requested_at == mail.created_at))
}

#[cfg(test)]
mod tests;
