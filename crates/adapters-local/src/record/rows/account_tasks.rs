use std::convert::Infallible;

use domain::{MailKey, SecondFactor, UserKey};
use ports::{Erasure, PasswordReset, QueuedMail};

use crate::record::table::Row;

impl Row for QueuedMail {
    const TABLE: &'static str = "mails";
    type Key = MailKey;
    type Unique = Infallible;

    fn key(&self) -> MailKey {
        self.key
    }

    fn row_name(&self) -> String {
        self.key.get().to_string()
    }
}

impl Row for PasswordReset {
    const TABLE: &'static str = "password_resets";
    type Key = UserKey;
    /// The digest of the token.
    type Unique = String;

    fn key(&self) -> UserKey {
        self.user
    }

    fn unique_keys(&self) -> Vec<String> {
        self.digest.iter().cloned().collect()
    }

    fn row_name(&self) -> String {
        self.user.get().to_string()
    }
}

impl Row for SecondFactor {
    const TABLE: &'static str = "second_factors";
    type Key = UserKey;
    type Unique = Infallible;

    fn key(&self) -> UserKey {
        self.user
    }

    fn row_name(&self) -> String {
        self.user.get().to_string()
    }
}

impl Row for Erasure {
    const TABLE: &'static str = "erasures";
    type Key = UserKey;
    type Unique = Infallible;

    fn key(&self) -> UserKey {
        self.user
    }

    fn row_name(&self) -> String {
        self.user.get().to_string()
    }
}
