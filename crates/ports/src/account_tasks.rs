//! What is to be done about accounts after a commit: mails to send, passwords to reset, data to erase.
//!
//! Each of these is a row that the commit wrote which made it necessary. A sweep does the rest, so no request waits
//! for a mail server or for ten thousand orders, and a process that dies loses nothing.

use std::fmt;

use async_trait::async_trait;
use domain::{Email, MailKey, OrderKey, OrderNumber, PasswordHash, Timestamp, User, UserKey};

use crate::{Batch, OrderCursor, PortError};

/// What a queued mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailKind {
    /// Nothing to send yet: a client asked to reset the password of the account with this address, if there is one.
    // Whether there is such an account is looked up by a sweep, not by the request. So the answer to the request and
    // its time cannot depend on it.
    ResetRequest,
    /// The link that sets a new password. Its token is made when the mail is sent, and is in no row.
    PasswordReset,
    /// A notice to the old address that the account has another one now.
    EmailChanged,
    /// The link that verifies an address. Its account is looked up and its token made when the mail is sent.
    EmailVerification,
}

impl MailKind {
    /// Every kind of mail.
    pub const ALL: [Self; 4] =
        [Self::ResetRequest, Self::PasswordReset, Self::EmailChanged, Self::EmailVerification];

    /// The name in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ResetRequest => "RESET_REQUEST",
            Self::PasswordReset => "PASSWORD_RESET",
            Self::EmailChanged => "EMAIL_CHANGED",
            Self::EmailVerification => "EMAIL_VERIFICATION",
        }
    }

    /// Parses the name from the database; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// A mail that waits to be sent. The row is deleted once it is sent or given up.
#[derive(Clone, PartialEq, Eq)]
pub struct QueuedMail {
    /// The key of the row.
    pub key: MailKey,
    /// What the mail is about.
    pub kind: MailKind,
    /// The address to send it to, as its owner wrote it.
    pub recipient: Email,
    /// The row key of the account that it is about; `None` for a request that was not looked up yet.
    pub user: Option<UserKey>,
    /// How often sending began; the guard of the next attempt.
    pub attempts: u32,
    /// The time of the commit that queued it.
    pub created_at: Timestamp,
    /// The time from which it may be sent, again after an attempt that failed or whose process died.
    pub due_at: Timestamp,
    /// The time from which it is worth nothing and is deleted unsent.
    pub expires_at: Timestamp,
}

/// Without the address: it is personal, and a log outlives an erasure.
impl fmt::Debug for QueuedMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, kind, recipient: _, user, attempts, created_at, due_at, expires_at } = self;
        f.debug_struct("QueuedMail")
            .field("key", key)
            .field("kind", kind)
            .field("user", user)
            .field("attempts", attempts)
            .field("created_at", created_at)
            .field("due_at", due_at)
            .field("expires_at", expires_at)
            .finish_non_exhaustive()
    }
}

/// The permission to set a new password without the present one. An account has at most one: a newer request
/// replaces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordReset {
    /// The row key of the account.
    pub user: UserKey,
    /// The time of the request; identifies it among those of the account.
    pub requested_at: Timestamp,
    /// The time from which its token is refused.
    pub expires_at: Timestamp,
    /// The keyed digest of the one token that is accepted; `None` until a token is made.
    pub digest: Option<String>,
}

/// An account that is erased, and whose orders and stored replies may still hold personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// The row key of the account.
    pub user: UserKey,
    /// The time at which the account was erased.
    pub erased_at: Timestamp,
    /// How far the sweep has come.
    pub progress: ErasureProgress,
}

/// What an erasure writes into the row of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserErasure {
    /// The user after the erasure: see [`User::erase`].
    pub user: User,
    /// The `changed_at` that was read; `None` if the user never changed.
    pub read: Option<Timestamp>,
    /// The hash that the password was checked against.
    pub from: PasswordHash,
    /// A hash that no password has.
    pub to: PasswordHash,
    /// The time of the erasure.
    pub at: Timestamp,
}

/// How far the erasure of an account's data has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErasureProgress {
    /// The account's archived orders after this one, by row, are still to be looked at, and then all others; `None` begins.
    // The archive first: an order that is brought back meanwhile is then among the others. The other way about it could
    // be missed by both.
    Archive(Option<OrderKey>),
    /// No archived order holds personal data. The account's other orders after this one, oldest first, are still to be
    /// looked at; `None` begins.
    Orders(Option<OrderCursor>),
    /// All orders were looked at; late commits may still come, so they are looked at again after a pause.
    Waiting,
    /// No order holds personal data; the sessions and stored replies of the account may.
    Rows,
    /// Nothing is left to do.
    Finished,
}

const ARCHIVE: &str = "archive:";
const ORDERS: &str = "orders";
const WAITING: &str = "waiting";
const ROWS: &str = "rows";
const FINISHED: &str = "finished";

impl ErasureProgress {
    /// Whether a sweep has nothing left to do.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        matches!(self, Self::Finished)
    }

    /// Parses the text from the database; `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "" => Some(Self::Archive(None)),
            ORDERS => Some(Self::Orders(None)),
            WAITING => Some(Self::Waiting),
            ROWS => Some(Self::Rows),
            FINISHED => Some(Self::Finished),
            cursor => match cursor.strip_prefix(ARCHIVE) {
                Some(key) => key.parse().ok().map(|it| Self::Archive(Some(OrderKey::new(it)))),
                None => OrderCursor::parse(cursor).map(|it| Self::Orders(Some(it))),
            },
        }
    }
}

/// The text in the database: empty at the beginning, then the position among archived and other orders, then a word.
impl fmt::Display for ErasureProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Archive(None) => Ok(()),
            Self::Archive(Some(key)) => write!(f, "{ARCHIVE}{}", key.get()),
            Self::Orders(None) => f.write_str(ORDERS),
            Self::Orders(Some(cursor)) => cursor.fmt(f),
            Self::Waiting => f.write_str(WAITING),
            Self::Rows => f.write_str(ROWS),
            Self::Finished => f.write_str(FINISHED),
        }
    }
}

/// Reads what is to be done about accounts: mails to send, passwords to reset, data to erase.
///
/// Every method fails with [`PortError`]: `Unavailable` if the system of record does not answer in time, `Unreadable` if a
/// row that the call needs cannot be read, `Bug` if a statement is refused.
#[async_trait]
pub trait AccountTaskRepository: Send + Sync {
    /// Mails of that kind whose `due_at` is at or before `now`, longest due first, then by row.
    async fn list_due_mails(
        &self,
        kind: MailKind,
        now: Timestamp,
        batch: Batch,
    ) -> Result<Vec<QueuedMail>, PortError>;
    /// The reset whose token has this digest, expired or not.
    async fn find_password_reset(&self, digest: &str) -> Result<Option<PasswordReset>, PortError>;
    /// The present reset of an account, expired or not.
    async fn find_reset_of_user(&self, user: UserKey) -> Result<Option<PasswordReset>, PortError>;
    /// Erasures that are not finished, oldest first, then by row.
    async fn list_open_erasures(&self, batch: Batch) -> Result<Vec<Erasure>, PortError>;
    /// Whether a claim of one of these orders is left, whatever caller sent the request.
    async fn has_order_replies(&self, orders: &[OrderNumber]) -> Result<bool, PortError>;
    /// Whether a session of that account still has its network, or a stored reply of that account, a mail to it or an
    /// event with its data is left.
    async fn has_personal_rows(&self, user: UserKey) -> Result<bool, PortError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let cursor =
            OrderCursor { at: Timestamp::from_millis(-5), number: OrderNumber::new("o-1".to_owned()) };
        let all = [
            ErasureProgress::Archive(None),
            ErasureProgress::Archive(Some(OrderKey::new(7))),
            ErasureProgress::Orders(None),
            ErasureProgress::Orders(Some(cursor)),
            ErasureProgress::Waiting,
            ErasureProgress::Rows,
            ErasureProgress::Finished,
        ];
        for it in all {
            assert_eq!(ErasureProgress::parse(&it.to_string()), Some(it));
        }
        assert_eq!(ErasureProgress::parse("half"), None);
        for kind in MailKind::ALL {
            assert_eq!(MailKind::parse(kind.as_str()), Some(kind));
        }
    }
}
