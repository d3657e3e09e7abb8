//! Putting new entries into the cache after a commit, as a decorator of the store.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Order, Session};
use ports::{Cache, CommitError, Store, UnitOfWork, Write};

use super::{orders::OrderCache, sessions::SessionCache};

/// A store that puts what it commits into the cache.
///
/// This is for speed only. The process may end between commit and put, and the cache may be unavailable: an
/// entry proves nothing by existing. A commit that failed, or whose outcome is unknown, changes no entry: an
/// old entry is not used if it is outdated, and is still right if it is not.
pub struct WriteThroughStore {
    store: Arc<dyn Store>,
    orders: OrderCache,
    sessions: SessionCache,
}

impl WriteThroughStore {
    /// Puts what `store` commits into `cache`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, cache: Arc<dyn Cache>) -> Self {
        Self { store, orders: OrderCache::new(cache.clone()), sessions: SessionCache::new(cache) }
    }
}

#[async_trait]
impl Store for WriteThroughStore {
    async fn commit(&self, work: UnitOfWork) -> Result<(), CommitError> {
        // Collected first, because the commit consumes the unit of work; put afterwards, because a commit
        // that then fails would leave an entry whose revision another commit may reach with other content.
        let news: Vec<_> = if is_notice(&work) {
            Vec::new()
        } else {
            work.writes().iter().filter_map(cache_update).collect()
        };
        self.store.commit(work).await?;
        // Awaited and not spawned: the client that gets this reply and reads at once then finds the new
        // entry. Errors of the cache are dropped inside, because the commit is done.
        for it in news {
            match it {
                CacheUpdate::Order(order) => self.orders.put_order(&order).await,
                CacheUpdate::Session(session) => self.sessions.put_session(&session).await,
            }
        }
        Ok(())
    }
}

/// Whether the unit stores a notice of a gateway, which does not read what it changed. The next reader puts it into the
/// cache, and many a notice is followed by another change first.
fn is_notice(work: &UnitOfWork) -> bool {
    work.writes().iter().any(|it| matches!(it, Write::InsertEvent(_)))
}

/// The new state of a row that may be cached, or that will probably be read soon.
enum CacheUpdate {
    Order(Box<Order>),
    Session(Session),
}

/// The entry that follows from a write, if there is one. A new order has none: it is not cached yet, and most
/// are never read. Neither has an order whose status stays, because only its payment changes: another change follows
/// soon, and an outdated entry is not used. Neither has the end of a session: the write does not hold the whole session, and no entry
/// keeps a session alive.
fn cache_update(write: &Write) -> Option<CacheUpdate> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else that is written is cached")]
    match write {
        Write::UpdateOrder(progress) if !progress.history_entries().is_empty() => {
            Some(CacheUpdate::Order(Box::new(progress.order().clone())))
        }
        Write::InsertSession(session, _) => Some(CacheUpdate::Session(session.clone())),
        Write::RotateSession { next, .. } => Some(CacheUpdate::Session((**next).clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
