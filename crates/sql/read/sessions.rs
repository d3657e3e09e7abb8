use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Session, SessionId, SessionKey, Timestamp, UserKey};
use ports::{PortError, SessionRepository};

use crate::connection::{Conn, Database};
use crate::sql::along::{Along, Index};
use crate::sql::{row::SessionRow, schema::sessions, value::Stamp};

#[async_trait]
impl SessionRepository for Database {
    async fn find(&self, id: &SessionId) -> Result<Option<Session>, PortError> {
        let id = id.clone();
        self.read(async move |conn: &mut Conn| {
            let query =
                sessions::table.filter(sessions::session_id.eq(id.as_str())).select(SessionRow::as_select());
            query.first(conn).await.optional()?.map(SessionRow::read).transpose()
        })
        .await
    }

    async fn list_live(&self, user: UserKey, now: Timestamp, limit: u32) -> Result<Vec<Session>, PortError> {
        self.read(async move |conn: &mut Conn| {
            let query = sessions::table
                .filter(sessions::user_id.eq(user.get()))
                .filter(sessions::revoked_at.is_null())
                .filter(sessions::expires_at.gt(Stamp::from(now)))
                .order((sessions::created_at.desc(), sessions::id.desc()))
                .limit(i64::from(limit))
                .select(SessionRow::as_select());
            let rows = Along(Index::SESSIONS_OF_USER, query).load(conn).await?;
            rows.into_iter().map(SessionRow::read).collect()
        })
        .await
    }

    async fn revoked_since(
        &self,
        since: Timestamp,
        after: Option<SessionKey>,
        limit: u32,
    ) -> Result<Vec<Session>, PortError> {
        // No row comes before the first key.
        let after = after.map_or(i64::MIN, SessionKey::get);
        self.read(async move |conn: &mut Conn| {
            let later = sessions::revoked_at.gt(Stamp::from(since));
            let beside = sessions::revoked_at.eq(Stamp::from(since)).and(sessions::id.gt(after));
            let query = sessions::table
                .filter(sessions::revoked_at.ge(Stamp::from(since)))
                .filter(later.or(beside))
                .order((sessions::revoked_at.asc(), sessions::id.asc()))
                .limit(i64::from(limit))
                .select(SessionRow::as_select());
            let rows = Along(Index::SESSIONS_REVOKED, query).load(conn).await?;
            rows.into_iter().map(SessionRow::read).collect()
        })
        .await
    }
}
