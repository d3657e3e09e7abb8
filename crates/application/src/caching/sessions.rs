//! A cache before the sessions, for the one read of a refresh.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{Network, Session, SessionId, SessionKey, Timestamp, UserKey};
use ports::{Cache, PortError, RevokedSession, SessionRepository};

use super::CachedRows;

/// About how long a copy lives: longer than an access token by default, because a client that is there refreshes then.
const TTL: Duration = Duration::from_secs(20 * 60);
/// The version of a session that was ended: nothing comes after it.
const ENDED_VERSION: i64 = i64::MAX;

/// Sessions by id from a cache, everything else from the record.
///
/// A copy may be old: it may not know that the session was exchanged, or ended. It is good for a try whose commit is
/// guarded by the session's generation and life, and for nothing else.
pub struct CachedSessions {
    record: Arc<dyn SessionRepository>,
    cache: SessionCache,
}

impl CachedSessions {
    /// Puts `cache` before `record`.
    #[must_use]
    pub fn new(record: Arc<dyn SessionRepository>, cache: Arc<dyn Cache>) -> Self {
        Self { record, cache: SessionCache::new(cache) }
    }
}

#[async_trait]
impl SessionRepository for CachedSessions {
    async fn find_session(&self, id: &SessionId) -> Result<Option<Session>, PortError> {
        if let Some(copy) = self.cache.get(id).await {
            return Ok(Some(copy));
        }
        let found = self.record.find_session(id).await?;
        if let Some(session) = &found {
            self.cache.put_session(session).await;
        }
        Ok(found)
    }

    async fn list_live_sessions(
        &self,
        user: UserKey,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Session>, PortError> {
        self.record.list_live_sessions(user, now, limit).await
    }

    async fn has_logged_in(
        &self,
        user: UserKey,
        network: Network,
        since: Timestamp,
    ) -> Result<bool, PortError> {
        self.record.has_logged_in(user, network, since).await
    }

    async fn list_revoked_sessions(
        &self,
        since: Timestamp,
        after: Option<SessionKey>,
        limit: u32,
    ) -> Result<Vec<RevokedSession>, PortError> {
        self.record.list_revoked_sessions(since, after, limit).await
    }
}

/// Copies of sessions, each of the version that is its generation.
pub(crate) struct SessionCache(CachedRows);

impl SessionCache {
    pub(crate) fn new(cache: Arc<dyn Cache>) -> Self {
        Self(CachedRows::new(cache))
    }

    async fn get(&self, id: &SessionId) -> Option<Session> {
        self.0.get::<Session>(&cache_key(id)).await.filter(|it| it.id == *id)
    }

    pub(crate) async fn put_session(&self, session: &Session) {
        let version = if session.revoked_at.is_some() { ENDED_VERSION } else { session.generation };
        self.0.put_row(&cache_key(&session.id), version, session, TTL).await;
    }
}

fn cache_key(id: &SessionId) -> String {
    format!("session:{id}")
}

#[cfg(test)]
mod tests;
