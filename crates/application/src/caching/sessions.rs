//! A cache before the sessions, for the one read of a refresh.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{Network, Session, SessionId, SessionKey, Timestamp, UserKey};
use ports::{Cache, EndedSession, PortError, SessionRepository};

use super::Copies;

/// About how long a copy lives: longer than an access token by default, because a client that is there refreshes then.
const TTL: Duration = Duration::from_secs(20 * 60);
/// The version of a session that was ended: nothing comes after it.
const ENDED: i64 = i64::MAX;

/// Sessions by id from a cache, everything else from the record.
///
/// A copy may be old: it may not know that the session was exchanged, or ended. It is good for a try whose commit is
/// guarded by the session's generation and life, and for nothing else.
pub struct CachedSessions {
    record: Arc<dyn SessionRepository>,
    copies: SessionCopies,
}

impl CachedSessions {
    /// Puts `cache` before `record`.
    #[must_use]
    pub fn new(record: Arc<dyn SessionRepository>, cache: Arc<dyn Cache>) -> Self {
        Self { record, copies: SessionCopies::new(cache) }
    }
}

#[async_trait]
impl SessionRepository for CachedSessions {
    async fn find(&self, id: &SessionId) -> Result<Option<Session>, PortError> {
        if let Some(copy) = self.copies.get(id).await {
            return Ok(Some(copy));
        }
        let found = self.record.find(id).await?;
        if let Some(session) = &found {
            self.copies.put(session).await;
        }
        Ok(found)
    }

    async fn list_live(&self, user: UserKey, now: Timestamp, limit: u32) -> Result<Vec<Session>, PortError> {
        self.record.list_live(user, now, limit).await
    }

    async fn has_logged_in(
        &self,
        user: UserKey,
        network: Network,
        since: Timestamp,
    ) -> Result<bool, PortError> {
        self.record.has_logged_in(user, network, since).await
    }

    async fn revoked_since(
        &self,
        since: Timestamp,
        after: Option<SessionKey>,
        limit: u32,
    ) -> Result<Vec<EndedSession>, PortError> {
        self.record.revoked_since(since, after, limit).await
    }
}

/// Copies of sessions, each of the version that is its generation.
pub(crate) struct SessionCopies(Copies);

impl SessionCopies {
    pub(crate) fn new(cache: Arc<dyn Cache>) -> Self {
        Self(Copies::new(cache))
    }

    async fn get(&self, id: &SessionId) -> Option<Session> {
        self.0.get::<Session>(&name(id)).await.filter(|it| it.id == *id)
    }

    pub(crate) async fn put(&self, session: &Session) {
        let version = if session.revoked_at.is_some() { ENDED } else { session.generation };
        self.0.put(&name(&session.id), version, session, TTL).await;
    }
}

fn name(id: &SessionId) -> String {
    format!("session:{id}")
}

#[cfg(test)]
mod tests;
