//! The mails of accounts: when they are queued, and what they say.
//!
//! A mail is a row of the commit that makes it necessary ([`Write::QueueMail`]), and a sweep
//! sends it. So a mail server that is unavailable delays no request, and a commit that fails sends nothing.

use std::{fmt, sync::Arc, time::Duration};

use domain::{Email, MailKey, Timestamp, UserKey};
use ports::{MailKind, Mailer, OutgoingMail, QueuedMail, Write};

use crate::App;

/// How long a mail about a new address is worth sending.
const NOTICE_TTL: Duration = Duration::from_secs(24 * 60 * 60);
/// What a template of links has where the token belongs.
pub const TOKEN_MARK: &str = "{token}";

/// How mails are sent.
#[derive(Clone)]
pub struct Mailing {
    /// Hands mails to the mail server.
    pub mailer: Arc<dyn Mailer>,
    /// The page of the shop that sets a new password, with [`TOKEN_MARK`] where the token belongs; `None`: the mail
    /// has the token itself, to be copied.
    pub reset_url: Option<String>,
    /// The page of the shop that verifies an address, with [`TOKEN_MARK`] where the token belongs; `None`: no mail that
    /// verifies an address is sent.
    pub verification_url: Option<String>,
}

impl fmt::Debug for Mailing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mailer: _, reset_url, verification_url } = self;
        f.debug_struct("Mailing")
            .field("reset_url", reset_url)
            .field("verification_url", verification_url)
            .finish_non_exhaustive()
    }
}

/// A mail that is due at once and is given up at `expires_at`.
pub(crate) fn new_mail(
    app: &App,
    kind: MailKind,
    (recipient, user): (Email, Option<UserKey>),
    now: Timestamp,
    expires_at: Timestamp,
) -> QueuedMail {
    let key = MailKey::new(app.ids.next_key());
    QueuedMail { key, kind, recipient, user, attempts: 0, created_at: now, due_at: now, expires_at }
}

/// Queues the notice to an old address; `None` without a mail server.
pub(crate) fn notice_write(app: &App, old: Email, user: UserKey, now: Timestamp) -> Option<Write> {
    let to = (old, Some(user));
    let mail = new_mail(app, MailKind::EmailChanged, to, now, now.saturating_add(NOTICE_TTL));
    app.mailing.as_ref().map(|_| Write::QueueMail(mail))
}

/// The mail with the token of a reset.
pub(crate) fn render_reset((id, to): (String, Email), reset_url: Option<&str>, token: &str) -> OutgoingMail {
    let how = match reset_url {
        Some(url) => format!("Open this page to choose a new one:\n\n{}", url.replace(TOKEN_MARK, token)),
        None => format!("Use this code to choose a new one:\n\n{token}"),
    };
    let body = format!(
        "There was a request to reset the password of the account with this e-mail address.\n{how}\n\n\
         It works once, within an hour. A newer mail replaces an older one.\n\
         If it was not you, do nothing: your password stays as it is.\n"
    );
    OutgoingMail { id, to, subject: "Reset your password".to_owned(), body }
}

/// The mail with the token that verifies the address that it is sent to.
pub(crate) fn render_verification((id, to): (String, Email), url: &str, token: &str) -> OutgoingMail {
    let body = format!(
        "An account has this e-mail address. Open this page to confirm that it is yours:\n\n{}\n\n\
         It works once, within a day.\n\
         If the account is not yours, do nothing.\n",
        url.replace(TOKEN_MARK, token)
    );
    OutgoingMail { id, to, subject: "Confirm your e-mail address".to_owned(), body }
}

/// The notice to the old address of an account.
pub(crate) fn render_email_changed((id, to): (String, Email)) -> OutgoingMail {
    let body = "Your account has another e-mail address now, and this one does not log in any more.\n\
                If it was not you, contact the shop at once.\n";
    OutgoingMail { id, to, subject: "Your e-mail address was changed".to_owned(), body: body.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_of_a_reset_is_in_the_link_or_in_the_text_and_never_in_a_debug() {
        let to = || ("m-1".to_owned(), Email::new("ada@example.com".to_owned()));
        let linked = render_reset(to(), Some("https://shop.example/reset#t={token}&x=1"), "t-0-k");
        assert!(linked.body.contains("\nhttps://shop.example/reset#t=t-0-k&x=1\n"), "{}", linked.body);
        let verifying = render_verification(to(), "https://shop.example/verify#{token}", "t-0-k");
        assert!(verifying.body.contains("\nhttps://shop.example/verify#t-0-k\n"), "{}", verifying.body);
        let plain = render_reset(to(), None, "t-0-k");
        assert!(plain.body.contains("\nt-0-k\n"), "{}", plain.body);
        for shown in [format!("{linked:?}"), format!("{plain:?}"), format!("{verifying:?}")] {
            assert!(!shown.contains("t-0-k") && !shown.contains("ada"), "{shown}");
        }
    }
}
