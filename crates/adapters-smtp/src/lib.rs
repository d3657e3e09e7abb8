//! Mails through an SMTP server (RFC 5321), with TLS from the first byte or after `STARTTLS`.
//!
//! A mail is handed over on a connection of its own: they are rare, and a connection that is kept would be dead when
//! it is needed. Nothing here retries; the caller does, later.

mod address;

use std::time::Duration;

use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Body, Mailbox,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::extension::ClientId,
};
use ports::{MailError, Mailer, OutgoingMail};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

pub use address::{InvalidFrom, InvalidUrl, check_from, check_url};

/// Time limit of one command to the server.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// Time limit of one mail, with connection and TLS.
const MAIL_TIMEOUT: Duration = Duration::from_secs(20);
/// Longest line of a mail, in bytes (RFC 5322, 2.1.1).
const LINE_BYTES_MAX: usize = 998;
/// Marks a mail that no person wrote, so that no holiday notice answers it (RFC 3834).
const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");

/// Where mails are handed over, and who sends them.
#[derive(Debug, Clone)]
pub struct SmtpConfig {
    /// `smtps://`, or `smtp://` with or without `?tls=required`: see [`check_url`]. It may hold a password.
    pub url: SecretString,
    /// The sender, as `shop@example.com` or `Shop <shop@example.com>`.
    pub from: String,
}

/// A mail server.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// The domain of the sender, for the ids of mails.
    domain: String,
}

/// Why mails cannot be sent with this configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidConfig {
    /// The URL breaks its rule.
    #[error(transparent)]
    Url(#[from] InvalidUrl),
    /// The sender breaks its rule.
    #[error(transparent)]
    From(#[from] InvalidFrom),
}

impl SmtpMailer {
    /// Prepares a mail server; it is not asked yet.
    ///
    /// # Errors
    /// [`InvalidConfig`].
    pub fn new(config: &SmtpConfig) -> Result<Self, InvalidConfig> {
        let url = config.url.expose_secret();
        check_url(url)?;
        let from: Mailbox = config.from.parse().map_err(|_| InvalidFrom)?;
        let domain = from.email.domain().to_owned();
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| InvalidUrl::Form)?;
        let transport = builder
            .timeout(Some(COMMAND_TIMEOUT))
            // The name of this machine stays inside, and many servers refuse a name that is not in the DNS.
            .hello_name(ClientId::Domain(domain.clone()))
            .build();
        Ok(Self { transport, from, domain })
    }

    fn build_message(&self, mail: OutgoingMail) -> Result<Message, MailError> {
        // Without the address: the error gets into a log.
        let refuse = |what: &str| MailError::Refused(format!("{what} cannot be written in a mail"));
        let to = mail.to.as_str().parse().map_err(|_| refuse("the address"))?;
        let auto = HeaderValue::new(AUTO_SUBMITTED, "auto-generated".to_owned());
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject)
            .message_id(Some(format!("<{}@{}>", mail.id, self.domain)))
            .raw_header(auto)
            .header(ContentType::TEXT_PLAIN)
            .body(encode_body(mail.body))
            .map_err(|_| refuse("the text"))
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send_mail(&self, mail: OutgoingMail) -> Result<(), MailError> {
        let is_ascii = mail.to.as_str().is_ascii();
        let message = self.build_message(mail)?;
        match timeout(MAIL_TIMEOUT, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            // The library's own refusals are about the connection, such as a login that the server does not offer, and about
            // an address that needs an extension.
            Ok(Err(error)) if error.is_client() && !is_ascii => {
                Err(MailError::Refused("the server does not take such an address".to_owned()))
            }
            Ok(Err(error)) => Err(map_error(&error)),
            Err(_elapsed) => Err(MailError::Unavailable("no answer in time".to_owned())),
        }
    }
}

/// The text as it is, if the standard allows it. The library would encode lines of more than 76 characters, and so cut
/// a long link for readers of the source.
fn encode_body(text: String) -> Body {
    let is_plain = text.is_ascii() && !text.contains(['\0', '\r']);
    if is_plain && text.lines().all(|it| it.len() <= LINE_BYTES_MAX) {
        let bytes = text.replace('\n', "\r\n").into_bytes();
        return Body::dangerous_pre_encoded(bytes, ContentTransferEncoding::SevenBit);
    }
    Body::new(text)
}

/// Maps a failure of the library. Of the server's answer only the code is kept: its text may repeat the address.
///
/// A mail is given up only for what is about it (RFC 5321, 4.2.2 and 4.2.3). Other permanent refusals are about the service,
/// such as a login with an outdated password, and no mail may be lost by them.
fn map_error(error: &lettre::transport::smtp::Error) -> MailError {
    let Some(code) = error.status() else {
        let why = match error {
            it if it.is_timeout() => "no answer in time",
            it if it.is_tls() => "no TLS",
            it if it.is_client() => "the server does not offer the login or the encryption",
            _ => "no connection",
        };
        return MailError::Unavailable(why.to_owned());
    };
    match u16::from(code) {
        // The mailbox does not exist or may not be used, is full, or has a name that is not allowed.
        550..=553 => MailError::Refused(code.to_string()),
        // "Transaction failed" is said of a content, and in the place of a greeting.
        554..=559 => MailError::Deferred(code.to_string()),
        // With 421 the server ends the connection, whatever was asked (RFC 5321, 3.8).
        421 | 500.. => MailError::Unavailable(code.to_string()),
        _ => MailError::Deferred(code.to_string()),
    }
}
