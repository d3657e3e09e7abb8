use async_trait::async_trait;
use domain::{AuthorKey, OrderNumber, Timestamp, UserKey};
use ports::{AccountTaskRepository, Batch, Erasure, MailKind, PasswordReset, QueuedMail};

use super::{Read, sort_behind, take_batch};
use crate::{MemoryRecord, record::rows::is_about_one};

#[async_trait]
impl AccountTaskRepository for MemoryRecord {
    async fn list_due_mails(&self, kind: MailKind, now: Timestamp, batch: Batch) -> Read<Vec<QueuedMail>> {
        let tables = self.tables();
        let due = tables.mails.rows().filter(|it| it.kind == kind && it.due_at <= now);
        let due = sort_behind(due, |it: &QueuedMail| (it.due_at, it.key), None);
        Ok(self.read_readable(take_batch(due, batch), QueuedMail::clone))
    }

    async fn find_password_reset(&self, digest: &str) -> Read<Option<PasswordReset>> {
        let tables = self.tables();
        self.read_found(tables.password_resets.find(&digest.to_owned()), PasswordReset::clone)
    }

    async fn find_reset_of_user(&self, user: UserKey) -> Read<Option<PasswordReset>> {
        let tables = self.tables();
        self.read_found(tables.password_resets.get(&user), PasswordReset::clone)
    }

    async fn list_open_erasures(&self, batch: Batch) -> Read<Vec<Erasure>> {
        let tables = self.tables();
        let open = tables.erasures.rows().filter(|it| !it.progress.is_finished());
        let open = sort_behind(open, |it: &Erasure| (it.erased_at, it.user), None);
        Ok(self.read_readable(take_batch(open, batch), Erasure::clone))
    }

    async fn has_order_replies(&self, orders: &[OrderNumber]) -> Read<bool> {
        Ok(self.tables().claims.rows().any(|it| is_about_one(it, orders)))
    }

    async fn has_personal_rows(&self, user: UserKey) -> Read<bool> {
        let tables = self.tables();
        let placed = tables.sessions.rows().any(|it| it.session.user == user && it.origin.is_some());
        let events = tables.feed_events.rows().any(|it| it.event.owner == Some(user));
        let waiting = tables.mails.rows().any(|it| it.user == Some(user));
        Ok(placed
            || events
            || waiting
            || tables.claims.rows().any(|it| it.key.owner == Some(AuthorKey::User(user))))
    }
}
