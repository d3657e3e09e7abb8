use diesel::prelude::*;
use domain::{Email, MailKey, UserKey};
use ports::{Erasure, ErasureProgress, MailKind, PasswordReset, QueuedMail};

use super::{NO_AUTHOR_KEY, reader::RowReader};
use crate::sql::schema::{erasures, mails, password_resets};
use crate::sql::value::SqlTimestamp;

/// A mail with its address. It has no `Debug`, so that the address cannot get into a log by accident.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = mails, treat_none_as_default_value = false)]
pub(in crate::sql) struct MailRow {
    id: i64,
    kind: String,
    recipient: String,
    user_key: i64,
    attempts: i64,
    created_at: SqlTimestamp,
    due_at: SqlTimestamp,
    expires_at: SqlTimestamp,
}

impl From<&QueuedMail> for MailRow {
    fn from(mail: &QueuedMail) -> Self {
        Self {
            id: mail.key.get(),
            kind: mail.kind.as_str().to_owned(),
            recipient: mail.recipient.as_str().to_owned(),
            user_key: mail.user.map_or(NO_AUTHOR_KEY, UserKey::get),
            attempts: mail.attempts.into(),
            created_at: mail.created_at.into(),
            due_at: mail.due_at.into(),
            expires_at: mail.expires_at.into(),
        }
    }
}

impl MailRow {
    pub(in crate::sql) fn into_mail(self) -> QueryResult<QueuedMail> {
        let row = RowReader::new("mails", self.id).of_user_row(self.user_key);
        Ok(QueuedMail {
            key: MailKey::new(self.id),
            kind: row.require_value(MailKind::parse(&self.kind), "kind")?,
            recipient: Email::new(self.recipient),
            user: (self.user_key != NO_AUTHOR_KEY).then_some(UserKey::new(self.user_key)),
            attempts: row.require_value(u32::try_from(self.attempts).ok(), "attempts")?,
            created_at: row.read_timestamp(self.created_at, "created_at")?,
            due_at: row.read_timestamp(self.due_at, "due_at")?,
            expires_at: row.read_timestamp(self.expires_at, "expires_at")?,
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = password_resets, treat_none_as_default_value = false)]
pub(in crate::sql) struct ResetRow {
    user_key: i64,
    requested_at: SqlTimestamp,
    expires_at: SqlTimestamp,
    token_digest: Option<String>,
}

impl From<&PasswordReset> for ResetRow {
    fn from(reset: &PasswordReset) -> Self {
        Self {
            user_key: reset.user.get(),
            requested_at: reset.requested_at.into(),
            expires_at: reset.expires_at.into(),
            token_digest: reset.digest.clone(),
        }
    }
}

impl ResetRow {
    pub(in crate::sql) fn into_reset(self) -> QueryResult<PasswordReset> {
        let row = RowReader::new("password_resets", self.user_key).of_user_row(self.user_key);
        Ok(PasswordReset {
            user: UserKey::new(self.user_key),
            requested_at: row.read_timestamp(self.requested_at, "requested_at")?,
            expires_at: row.read_timestamp(self.expires_at, "expires_at")?,
            digest: self.token_digest,
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = erasures)]
pub(in crate::sql) struct ErasureRow {
    user_key: i64,
    erased_at: SqlTimestamp,
    progress: String,
}

impl ErasureRow {
    pub(in crate::sql) fn into_erasure(self) -> QueryResult<Erasure> {
        let row = RowReader::new("erasures", self.user_key).of_user_row(self.user_key);
        Ok(Erasure {
            user: UserKey::new(self.user_key),
            erased_at: row.read_timestamp(self.erased_at, "erased_at")?,
            progress: row.require_value(ErasureProgress::parse(&self.progress), "progress")?,
        })
    }
}
