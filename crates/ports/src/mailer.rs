//! Sending mails.

use std::fmt;

use async_trait::async_trait;
use domain::Email;

/// A mail of plain text to one address.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    /// A new public id, which becomes a part of the mail's own.
    pub id: String,
    /// The address to send it to.
    pub to: Email,
    /// One line without line breaks.
    pub subject: String,
    /// The text; lines end with `\n`.
    pub body: String,
}

/// Without address and text: the text of a reset holds its token.
impl fmt::Debug for OutgoingMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingMail").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Why a mail was not sent. It never names the address or the text.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The server refuses this mail, now and later.
    #[error("the mail server refused the mail: {0}")]
    Refused(String),
    /// The server puts this mail off, for its recipient or its content. Others may be taken.
    #[error("the mail server deferred the mail: {0}")]
    Deferred(String),
    /// The server cannot be reached, did not answer, or takes no mail for the time being. It may have taken this one.
    #[error("the mail server is unavailable: {0}")]
    Unavailable(String),
}

/// Hands mails to a server that delivers them.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends one mail. It ends within a limit of the adapter, however slow the server is.
    ///
    /// # Errors
    /// [`MailError`]. After `Deferred` and `Unavailable` the mail may be sent again, so after `Unavailable` it may arrive twice.
    async fn send_mail(&self, mail: OutgoingMail) -> Result<(), MailError>;
}
