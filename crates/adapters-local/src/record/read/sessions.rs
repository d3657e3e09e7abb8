use std::cmp::Reverse;

use async_trait::async_trait;
use domain::{Network, Session, SessionId, SessionKey, Timestamp, UserKey};
use ports::{EndedSession, SessionRepository};

use super::{Read, row_count};
use crate::{MemoryRecord, record::commit::SessionRow};

#[async_trait]
impl SessionRepository for MemoryRecord {
    async fn find(&self, id: &SessionId) -> Read<Option<Session>> {
        Ok(self.tables().sessions.find(id).map(|it| it.session.clone()))
    }

    async fn list_live(&self, user: UserKey, now: Timestamp, limit: u32) -> Read<Vec<Session>> {
        let tables = self.tables();
        let sessions = tables.sessions.rows().map(|it| &it.session);
        let mut live: Vec<_> = sessions.filter(|it| it.user == user && it.is_live(now)).cloned().collect();
        live.sort_by_key(|it| Reverse((it.created_at, it.key)));
        live.truncate(row_count(limit));
        Ok(live)
    }

    async fn has_logged_in(&self, user: UserKey, network: Network, since: Timestamp) -> Read<bool> {
        let began_there = |it: &SessionRow| {
            (it.session.user, it.network) == (user, network) && it.session.created_at >= since
        };
        Ok(self.tables().sessions.rows().any(began_there))
    }

    async fn revoked_since(
        &self,
        since: Timestamp,
        after: Option<SessionKey>,
        limit: u32,
    ) -> Read<Vec<EndedSession>> {
        let tables = self.tables();
        let revoked = |it: &SessionRow| {
            let (at, key) = (it.session.revoked_at?, it.session.key);
            // No row comes before the first key.
            let is_behind = (at, Some(key)) > (since, after);
            is_behind.then(|| EndedSession { key, id: it.session.id.clone(), at })
        };
        let mut ended: Vec<_> = tables.sessions.rows().filter_map(revoked).collect();
        ended.sort_by_key(|it| (it.at, it.key));
        ended.truncate(row_count(limit));
        Ok(ended)
    }
}
