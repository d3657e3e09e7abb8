//! The settings of mails. Without `smtp_url` none are sent.

use adapters_smtp::{SmtpConfig, check_from, check_url};
use application::mailing::TOKEN_MARK;
use url::Url;

use super::{ConfigError, keys::Keys, show::NONE};

/// The settings of mails. `Debug` does not show the password of the mail server.
#[derive(Debug, Clone, Default)]
pub struct MailSettings {
    /// The mail server. `smtp_url`, none: `smtps://[user:password@]host[:port]`, or `smtp://` with `?tls=required`
    /// for `STARTTLS`, or `smtp://` without TLS; and `smtp_from`, the sender, which is needed with it.
    pub smtp: Option<SmtpConfig>,
    /// The page of the shop that sets a new password. `password_reset_url`, none: `https://…` with `{token}` in it;
    /// without it the mail has the token itself.
    pub password_reset_url: Option<String>,
    /// The page of the shop that verifies an address. `email_verification_url`, none: `https://…` with `{token}` in it;
    /// without it no mail that verifies an address is sent.
    pub email_verification_url: Option<String>,
    /// Every key with the text that stands for its value.
    shown: Vec<(&'static str, String)>,
}

impl MailSettings {
    pub(super) fn read(keys: &mut Keys) -> Self {
        let has_url = keys.is_set("smtp_url");
        let url = keys.get_filled("smtp_url", parse_server);
        let has_from = keys.is_set("smtp_from");
        let from = keys.get_filled("smtp_from", |it| {
            check_from(it).map(|()| it.to_owned()).map_err(|rule| rule.to_string())
        });
        if has_url && !has_from {
            keys.add_fault(ConfigError::invalid("smtp_from", "must be set with smtp_url: it is the sender"));
        }
        let password_reset_url = keys.get_filled("password_reset_url", parse_token_url);
        let email_verification_url = keys.get_filled("email_verification_url", parse_token_url);
        let shown = |it: &Option<String>| it.clone().unwrap_or_else(|| NONE.to_owned());
        let shown = vec![
            ("smtp_url", if url.is_some() { "(hidden)" } else { NONE }.to_owned()),
            ("smtp_from", shown(&from)),
            ("password_reset_url", shown(&password_reset_url)),
            ("email_verification_url", shown(&email_verification_url)),
        ];
        let smtp = url.zip(from).map(|(url, from)| SmtpConfig { url: url.into(), from });
        Self { smtp, password_reset_url, email_verification_url, shown }
    }

    /// Every key with the text that stands for its value; the password is hidden.
    pub(super) fn shown(&self) -> &[(&'static str, String)] {
        &self.shown
    }
}

/// The URL of a mail server, as it is written.
fn parse_server(text: &str) -> Result<String, String> {
    check_url(text).map(|()| text.to_owned()).map_err(|rule| rule.to_string())
}

/// A web page with the mark of the token in it.
fn parse_token_url(text: &str) -> Result<String, String> {
    let filled = text.replace(TOKEN_MARK, "t");
    let sound =
        |it: &Url| matches!(it.scheme(), "http" | "https") && it.has_host() && it.password().is_none();
    let is_one_line = text.bytes().all(|it| it.is_ascii_graphic());
    let url = Url::parse(&filled).ok().filter(sound).filter(|_| is_one_line && filled != text);
    url.map(|_| text.to_owned()).ok_or_else(|| {
        "must be http:// or https:// with {token} in it, such as https://shop.example/reset#{token}".into()
    })
}
