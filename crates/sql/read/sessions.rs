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
        // No row comes before this key, so that the first page needs no other query.
        let after = after.map_or(i64::MIN, SessionKey::get);
        self.run_query(async move |conn: &mut Conn| {
            let later = sessions::revoked_at.gt(SqlTimestamp::from(since));
            let beside = sessions::revoked_at.eq(SqlTimestamp::from(since)).and(sessions::id.gt(after));
            let query = sessions::table
                // The redundant bound makes one range of the index out of the `OR` that follows.
                .filter(sessions::revoked_at.ge(SqlTimestamp::from(since)))
                .filter(later.or(beside))
                .order((sessions::revoked_at.asc(), sessions::id.asc()))
                .limit(i64::from(limit))
                .select((sessions::id, sessions::session_id, sessions::revoked_at));
            let rows: Vec<(i64, String, Option<SqlTimestamp>)> =
                IndexHint(Index::SESSIONS_REVOKED, query).load(conn).await?;
            // The columns are enough to end a cached session. A row whose other columns cannot be read
            // still ends here.
            let ended = |(key, id, at): (i64, String, Option<SqlTimestamp>)| {
                let at = at.and_then(SqlTimestamp::get)?;
                Some(RevokedSession { key: SessionKey::new(key), id: SessionId::new(id), at })
            };
            Ok(rows.into_iter().filter_map(ended).collect())
        })
        .await
    }
}
