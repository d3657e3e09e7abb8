use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Network, Session, SessionId, SessionKey, Timestamp, UserKey, session::ListedSession};
use ports::{PortError, RevokedSession, SessionRepository};

use super::read_readable_rows;
use crate::connection::{Conn, Database};
use crate::sql::index_hint::{Index, IndexHint};
use crate::sql::{
    row::{ListedSessionRow, SessionRow},
    schema::sessions,
    value::SqlTimestamp,
};

/// Key, public id and end of a session.
type RevokedRow = (i64, String, Option<SqlTimestamp>);

/// Timestamps are whole milliseconds.
const NEXT_TIMESTAMP: Duration = Duration::from_millis(1);

#[async_trait]
impl SessionRepository for Database {
    async fn find_session(&self, id: &SessionId) -> Result<Option<Session>, PortError> {
        let id = id.clone();
        self.run_query(async move |conn: &mut Conn| {
            let query =
                sessions::table.filter(sessions::session_id.eq(id.as_str())).select(SessionRow::as_select());
            query.first(conn).await.optional()?.map(SessionRow::into_session).transpose()
        })
        .await
    }

    async fn list_live_sessions(
        &self,
        user: UserKey,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<ListedSession>, PortError> {
        let observer = self.observer();
        self.run_query(async move |conn: &mut Conn| {
            let query = sessions::table
                .filter(sessions::user_id.eq(user.get()))
                .filter(sessions::revoked_at.is_null())
                .filter(sessions::expires_at.gt(SqlTimestamp::from(now)))
                .order((sessions::created_at.desc(), sessions::id.desc()))
                .limit(i64::from(limit))
                .select(ListedSessionRow::as_select());
            let rows = IndexHint(Index::SESSIONS_OF_USER, query).load(conn).await?;
            read_readable_rows(&*observer, rows, ListedSessionRow::into_listed)
        })
        .await
    }

    async fn list_older_sessions(
        &self,
        user: UserKey,
        now: Timestamp,
        kept: u32,
        limit: u32,
    ) -> Result<Vec<SessionKey>, PortError> {
        self.run_query(async move |conn: &mut Conn| {
            let query = sessions::table
                .filter(sessions::user_id.eq(user.get()))
                .filter(sessions::revoked_at.is_null())
                .filter(sessions::expires_at.gt(SqlTimestamp::from(now)))
                .order((sessions::created_at.desc(), sessions::id.desc()))
                .limit(i64::from(limit))
                .offset(i64::from(kept))
                .select(sessions::id);
            let keys: Vec<i64> = IndexHint(Index::SESSIONS_OF_USER, query).load(conn).await?;
            Ok(keys.into_iter().map(SessionKey::new).collect())
        })
        .await
    }

    async fn has_logged_in(
        &self,
        user: UserKey,
        network: Network,
        since: Timestamp,
    ) -> Result<bool, PortError> {
        self.run_query(async move |conn: &mut Conn| {
            let query = sessions::table
                .filter(sessions::user_id.eq(user.get()))
                .filter(sessions::network.eq(network.to_string()))
                .filter(sessions::created_at.ge(SqlTimestamp::from(since)))
                .select(sessions::id)
                .limit(1);
            Ok(query.first::<i64>(conn).await.optional()?.is_some())
        })
        .await
    }

    async fn list_revoked_sessions(
        &self,
        since: Timestamp,
        after: Option<SessionKey>,
        limit: u32,
    ) -> Result<Vec<RevokedSession>, PortError> {
        self.run_query(async move |conn: &mut Conn| {
            let columns = (sessions::id, sessions::session_id, sessions::revoked_at);
            let (mut from, mut left, mut rows) = (since, i64::from(limit), Vec::<RevokedRow>::new());
            // Two queries, not one with `OR`, which reads all earlier rows of the timestamp again: sessions that ended
            // together share one.
            if let Some(after) = after {
                let beside = sessions::table
                    .filter(sessions::revoked_at.eq(SqlTimestamp::from(since)))
                    .filter(sessions::id.gt(after.get()))
                    .order(sessions::id.asc())
                    .limit(left)
                    .select(columns);
                rows = IndexHint(Index::SESSIONS_REVOKED, beside).load(conn).await?;
                left = left.saturating_sub(i64::try_from(rows.len()).unwrap_or(left));
                from = since.saturating_add(NEXT_TIMESTAMP);
            }
            if left > 0 {
                let later = sessions::table
                    .filter(sessions::revoked_at.ge(SqlTimestamp::from(from)))
                    .order((sessions::revoked_at.asc(), sessions::id.asc()))
                    .limit(left)
                    .select(columns);
                rows.extend(IndexHint(Index::SESSIONS_REVOKED, later).load::<RevokedRow>(conn).await?);
            }
            // The columns are enough to end a cached session. A row whose other columns cannot be read
            // still ends here.
            let ended = |(key, id, at): RevokedRow| {
                let at = at.and_then(SqlTimestamp::get)?;
                Some(RevokedSession { key: SessionKey::new(key), id: SessionId::new(id), at })
            };
            Ok(rows.into_iter().filter_map(ended).collect())
        })
        .await
    }
}
