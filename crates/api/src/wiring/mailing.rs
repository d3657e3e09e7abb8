//! The choice of a mail server.

use std::sync::Arc;

use adapters_smtp::SmtpMailer;
use application::mailing::Mailing;

use crate::config::{Config, ConfigError};

/// How mails are sent; `None` without a mail server, which is not asked here: the service starts without it.
pub(super) fn build_mailing(config: &Config) -> Result<Option<Mailing>, ConfigError> {
    let Some(smtp) = &config.mail.smtp else { return Ok(None) };
    let mailer = SmtpMailer::new(smtp).map_err(|rule| ConfigError::invalid("smtp_url", rule))?;
    let settings = &config.mail;
    let (reset_url, verification_url) =
        (settings.password_reset_url.clone(), settings.email_verification_url.clone());
    Ok(Some(Mailing { mailer: Arc::new(mailer), reset_url, verification_url }))
}
