use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{OrderNumber, Timestamp, UserKey};
use ports::{AccountTaskRepository, Batch, Erasure, MailKind, PasswordReset, PortError, QueuedMail};

use super::read_readable_rows;
use crate::connection::{Conn, Database};
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::row::{ErasureRow, MailRow, ResetRow};
use crate::sql::schema::{
    erasures, feed_events, idempotency_claims as claims, mails, password_resets as resets, sessions,
};
use crate::sql::value::SqlTimestamp;

#[async_trait]
impl AccountTaskRepository for Database {
    async fn list_due_mails(
        &self,
        kind: MailKind,
        now: Timestamp,
        batch: Batch,
    ) -> Result<Vec<QueuedMail>, PortError> {
        let observer = self.observer();
        self.run_query(async move |conn: &mut Conn| {
            let due = mails::table
                .filter(mails::kind.eq(kind.as_str()))
                .filter(mails::due_at.le(SqlTimestamp::from(now)))
                .order((mails::due_at.asc(), mails::id.asc()))
                .limit(i64::from(batch.limit))
                .offset(i64::from(batch.skip))
                .select(MailRow::as_select());
            let rows = IndexHint(Index::MAILS_DUE, due).load(conn).await?;
            read_readable_rows(&*observer, rows, MailRow::into_mail)
        })
        .await
    }

    async fn find_password_reset(&self, digest: &str) -> Result<Option<PasswordReset>, PortError> {
        let digest = digest.to_owned();
        self.run_query(async move |conn: &mut Conn| {
            let query = resets::table.filter(resets::token_digest.eq(&digest)).select(ResetRow::as_select());
            query.first(conn).await.optional()?.map(ResetRow::into_reset).transpose()
        })
        .await
    }

    async fn find_reset_of_user(&self, user: UserKey) -> Result<Option<PasswordReset>, PortError> {
        self.run_query(async move |conn: &mut Conn| {
            let query = resets::table.find(user.get()).select(ResetRow::as_select());
            query.first(conn).await.optional()?.map(ResetRow::into_reset).transpose()
        })
        .await
    }

    async fn list_open_erasures(&self, batch: Batch) -> Result<Vec<Erasure>, PortError> {
        let observer = self.observer();
        self.run_query(async move |conn: &mut Conn| {
            let open = erasures::table
                .filter(erasures::finished.eq(false))
                .order((erasures::erased_at.asc(), erasures::user_key.asc()))
                .limit(i64::from(batch.limit))
                .offset(i64::from(batch.skip))
                .select(ErasureRow::as_select());
            let rows = IndexHint(Index::ERASURES_OPEN, open).load(conn).await?;
            read_readable_rows(&*observer, rows, ErasureRow::into_erasure)
        })
        .await
    }

    async fn has_order_replies(&self, orders: &[OrderNumber]) -> Result<bool, PortError> {
        let orders = orders.to_vec();
        self.run_query(async move |conn: &mut Conn| {
            let numbers = orders.iter().map(OrderNumber::as_str);
            let replies = claims::table.filter(claims::resource.eq_any(numbers)).select(claims::id).limit(1);
            Ok(replies.first::<i64>(conn).await.optional()?.is_some())
        })
        .await
    }

    async fn has_personal_rows(&self, user: UserKey) -> Result<bool, PortError> {
        self.run_query(async move |conn: &mut Conn| {
            let replies = claims::table.filter(claims::user_id.eq(user.get())).select(claims::id).limit(1);
            if replies.first::<i64>(conn).await.optional()?.is_some() {
                return Ok(true);
            }
            let waiting = mails::table.filter(mails::user_key.eq(user.get())).select(mails::id).limit(1);
            if waiting.first::<i64>(conn).await.optional()?.is_some() {
                return Ok(true);
            }
            let events =
                feed_events::table.filter(feed_events::owner.eq(user.get())).select(feed_events::id).limit(1);
            if events.first::<i64>(conn).await.optional()?.is_some() {
                return Ok(true);
            }
            let placed = sessions::table
                .filter(sessions::user_id.eq(user.get()))
                .filter(sessions::network.gt(""))
                .select(sessions::id)
                .limit(1);
            let placed = IndexHint(Index::SESSIONS_IN_NETWORK, placed);
            let rows: Vec<i64> = placed.load(conn).await?;
            Ok(!rows.is_empty())
        })
        .await
    }
}
