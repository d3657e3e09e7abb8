use std::cmp::Reverse;

use async_trait::async_trait;
use domain::{Network, Session, SessionId, SessionKey, Timestamp, UserKey, session::ListedSession};
use ports::{RevokedSession, SessionRepository};

use super::{Read, sort_behind};
use crate::MemoryRecord;
use crate::record::{rows::SessionRow, table::row_count, tables::Tables};

fn live_newest_first(tables: &Tables, user: UserKey, now: Timestamp) -> Vec<&SessionRow> {
    let live = tables.sessions.rows().filter(|it| it.session.user == user && it.session.is_live(now));
    sort_behind(live, |it| Reverse((it.session.created_at, it.session.key)), None)
}

#[async_trait]
impl SessionRepository for MemoryRecord {
    async fn find_session(&self, id: &SessionId) -> Read<Option<Session>> {
        self.read_found(self.tables().sessions.find(id), |it| it.session.clone())
    }

    async fn list_live_sessions(
        &self,
        user: UserKey,
        now: Timestamp,
        limit: u32,
    ) -> Read<Vec<ListedSession>> {
        let tables = self.tables();
        let live = live_newest_first(&tables, user, now).into_iter().take(row_count(limit));
        let listed = |it: &SessionRow| ListedSession {
            session: it.session.clone(),
            network: it.origin.as_ref().map(|it| it.network),
            user_agent: it.origin.as_ref().and_then(|it| it.user_agent.clone()),
        };
        Ok(self.read_readable(live, listed))
    }

    async fn list_older_sessions(
        &self,
        user: UserKey,
        now: Timestamp,
        kept: u32,
        limit: u32,
    ) -> Read<Vec<SessionKey>> {
        let tables = self.tables();
        let older = live_newest_first(&tables, user, now).into_iter().skip(row_count(kept));
        Ok(older.take(row_count(limit)).map(|it| it.session.key).collect())
    }

    async fn has_logged_in(&self, user: UserKey, network: Network, since: Timestamp) -> Read<bool> {
        let began_there = |it: &SessionRow| {
            let at = it.origin.as_ref().map(|it| it.network);
            (it.session.user, at) == (user, Some(network)) && it.session.created_at >= since
        };
        Ok(self.tables().sessions.rows().any(began_there))
    }

    async fn list_revoked_sessions(
        &self,
        since: Timestamp,
        after: Option<SessionKey>,
        limit: u32,
    ) -> Read<Vec<RevokedSession>> {
        let tables = self.tables();
        let revoked = |it: &SessionRow| {
            let (at, key) = (it.session.revoked_at?, it.session.key);
            // `None` is less than every key, so without `after` no row at `since` is left out.
            let is_behind = (at, Some(key)) > (since, after);
            is_behind.then(|| RevokedSession { key, id: it.session.id.clone(), at })
        };
        let mut ended: Vec<_> = tables.sessions.rows().filter_map(revoked).collect();
        ended.sort_by_key(|it| (it.at, it.key));
        ended.truncate(row_count(limit));
        Ok(ended)
    }
}
