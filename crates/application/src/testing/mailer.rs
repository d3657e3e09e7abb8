//! A mail server that keeps what it was sent, and fails when a test asks for it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ports::{MailError, Mailer, OutgoingMail};

use super::TestApp;
use crate::mailing::Mailing;

/// Keeps every mail, also one whose answer is a failure.
#[derive(Default)]
pub(crate) struct RecordingMailer {
    mails: Mutex<Vec<OutgoingMail>>,
    failures: Mutex<Vec<MailError>>,
}

impl RecordingMailer {
    /// What it was given, oldest first.
    pub(crate) fn mails(&self) -> Vec<OutgoingMail> {
        self.mails.lock().unwrap().clone()
    }

    /// The next mail fails so.
    pub(crate) fn fail_next(&self, error: MailError) {
        self.failures.lock().unwrap().push(error);
    }

    /// The token in the last mail.
    pub(crate) fn last_token(&self) -> String {
        let mails = self.mails();
        let body = &mails.last().unwrap().body;
        body.split_once("shop#").unwrap().1.split('\n').next().unwrap().to_owned()
    }
}

#[async_trait]
impl Mailer for RecordingMailer {
    async fn send_mail(&self, mail: OutgoingMail) -> Result<(), MailError> {
        self.mails.lock().unwrap().push(mail);
        self.failures.lock().unwrap().pop().map_or(Ok(()), Err)
    }
}

impl TestApp {
    /// Mails are sent through this mail server.
    pub(crate) fn with_mailer(mut self, mailer: &Arc<RecordingMailer>) -> Self {
        let url = Some("https://shop#{token}".to_owned());
        let (reset_url, verification_url) = (url.clone(), url);
        self.app.mailing = Some(Mailing { mailer: mailer.clone(), reset_url, verification_url });
        self
    }
}
