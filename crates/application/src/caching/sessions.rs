//! A cache in front of the sessions, for the one read that a refresh makes.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{Network, Session, SessionId, SessionKey, Timestamp, UserKey, session::ListedSession};
use ports::{Cache, PortError, RevokedSession, SessionRepository};

use super::CachedRows;

/// About how long an entry lives, 20 min: longer than an access token by default, because an active client
/// refreshes when that expires.
const TTL: Duration = Duration::from_secs(20 * 60);
/// The version of an ended session: no later state can replace it.
const ENDED_VERSION: i64 = i64::MAX;

/// Sessions by id from a cache, everything else from the system of record.
///
/// An entry may be old: the session may have been refreshed or ended since. It may be used for one attempt
/// whose commit is guarded by the session's generation and life, and for nothing else.
pub struct CachedSessions {
    record: Arc<dyn SessionRepository>,
    cache: SessionCache,
}

impl CachedSessions {
    /// Decorates `record`, the system of record, with `cache`.
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
    ) -> Result<Vec<ListedSession>, PortError> {
        self.record.list_live_sessions(user, now, limit).await
    }

    async fn list_older_sessions(
        &self,
        user: UserKey,
        now: Timestamp,
        kept: u32,
        limit: u32,
    ) -> Result<Vec<SessionKey>, PortError> {
        self.record.list_older_sessions(user, now, kept, limit).await
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

/// Cached sessions; the version of an entry is the session's generation.
pub(crate) struct SessionCache(CachedRows);

impl SessionCache {
    pub(crate) fn new(cache: Arc<dyn Cache>) -> Self {
        Self(CachedRows::new(cache))
    }

    async fn get(&self, id: &SessionId) -> Option<Session> {
        self.0.get::<Session>(&cache_key(id)).await.filter(|it| it.id == *id)
    }

    pub(crate) async fn put_session(&self, session: &Session) {
        // An ended session gets the highest version, so a slow reader that has read it before its end cannot
        // put the live state back.
        let version = if session.revoked_at.is_some() { ENDED_VERSION } else { session.generation };
        self.0.put_row(&cache_key(&session.id), version, session, TTL).await;
    }
}

fn cache_key(id: &SessionId) -> String {
    format!("session:{id}")
}

#[cfg(test)]
mod tests;
