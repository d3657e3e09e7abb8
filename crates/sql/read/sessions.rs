use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Network, Session, SessionId, SessionKey, Timestamp, UserKey};
use ports::{EndedSession, PortError, SessionRepository};

use super::each_readable;
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
        let witness = self.witness();
        self.read(async move |conn: &mut Conn| {
            let query = sessions::table
                .filter(sessions::user_id.eq(user.get()))
                .filter(sessions::revoked_at.is_null())
                .filter(sessions::expires_at.gt(Stamp::from(now)))
                .order((sessions::created_at.desc(), sessions::id.desc()))
                .limit(i64::from(limit))
                .select(SessionRow::as_select());
            let rows = Along(Index::SESSIONS_OF_USER, query).load(conn).await?;
            each_readable(&*witness, rows, SessionRow::read)
        })
        .await
    }

    async fn has_logged_in(
        &self,
        user: UserKey,
        network: Network,
        since: Timestamp,
    ) -> Result<bool, PortError> {
        self.read(async move |conn: &mut Conn| {
            let query = sessions::table
                .filter(sessions::user_id.eq(user.get()))
                .filter(sessions::network.eq(network.to_string()))
                .filter(sessions::created_at.ge(Stamp::from(since)))
                .select(sessions::id)
                .limit(1);
            Ok(query.first::<i64>(conn).await.optional()?.is_some())
        })
        .await
    }

    async fn revoked_since(
        &self,
        since: Timestamp,
        after: Option<SessionKey>,
        limit: u32,
    ) -> Result<Vec<EndedSession>, PortError> {
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
                .select((sessions::id, sessions::session_id, sessions::revoked_at));
            let rows: Vec<(i64, String, Option<Stamp>)> =
                Along(Index::SESSIONS_REVOKED, query).load(conn).await?;
            let ended = |(key, id, at): (i64, String, Option<Stamp>)| {
                let at = at.and_then(Stamp::get)?;
                Some(EndedSession { key: SessionKey::new(key), id: SessionId::new(id), at })
            };
            Ok(rows.into_iter().filter_map(ended).collect())
        })
        .await
    }
}
