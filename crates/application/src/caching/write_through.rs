//! Putting new copies in the place of old ones after a commit, as a decorator.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Order, Session};
use ports::{Cache, CommitError, Store, UnitOfWork, Write};

use super::{orders::OrderCache, sessions::SessionCache};

/// A store whose commits are seen in the cache.
///
/// This is for speed. The process may end between commit and copy, and the cache may be away or forget: a copy proves
/// nothing by being there. A commit that failed, or of which nobody knows, changes no copy: the old one is not shown if
/// it was outdated, and is still good if it was not.
pub struct WriteThroughStore {
    store: Arc<dyn Store>,
    orders: OrderCache,
    sessions: SessionCache,
}

impl WriteThroughStore {
    /// Shows the commits of `store` in `cache`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, cache: Arc<dyn Cache>) -> Self {
        Self { store, orders: OrderCache::new(cache.clone()), sessions: SessionCache::new(cache) }
    }
}

#[async_trait]
impl Store for WriteThroughStore {
    async fn commit(&self, work: UnitOfWork) -> Result<(), CommitError> {
        let news: Vec<_> = work.writes().iter().filter_map(cache_update).collect();
        self.store.commit(work).await?;
        for it in news {
            match it {
                CacheUpdate::Order(order) => self.orders.put_order(&order).await,
                CacheUpdate::Session(session) => self.sessions.put_session(&session).await,
            }
        }
        Ok(())
    }
}

/// What a write leaves behind that somebody may have an older copy of, or asks for soon.
enum CacheUpdate {
    Order(Box<Order>),
    Session(Session),
}

/// A new order is none: nobody has a copy of it, and most are never read. Neither is the end of a session: the write
/// does not say which one's, and no copy keeps a session alive.
fn cache_update(write: &Write) -> Option<CacheUpdate> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "whatever else is written, nobody keeps copies of it")]
    match write {
        Write::UpdateOrder(progress) => Some(CacheUpdate::Order(Box::new(progress.order().clone()))),
        Write::InsertSession(session, _) => Some(CacheUpdate::Session(session.clone())),
        Write::RotateSession { next, .. } => Some(CacheUpdate::Session((**next).clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
