//! A cache in front of the orders that are displayed. Decisions about goods or money never read it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    Order, OrderKey, OrderNumber, Timestamp, UserKey,
    order::{OrderStatus, StoredHistoryEntry},
};
use ports::{Batch, Cache, DueOrders, OldOrder, OrderFilter, OrderHead, OrderRepository, Page, PortError};

use super::{CachedRows, SingleFlight};

/// About how long an entry lives, 10 min. An entry is right as long as its revision is the present one, so
/// this only frees memory.
const TTL: Duration = Duration::from_secs(600);

/// Orders by number from a cache, each only after the system of record has confirmed its revision.
///
/// The confirmation is read after the request began. So no client is ever shown an older state than any
/// client was shown before, on any instance, and whatever happened to invalidations: lost, late, or undone by
/// a cache that came back with old entries. If the system of record is unavailable, no entry can be
/// confirmed, and none is returned.
pub struct CachedOrders {
    record: Arc<dyn OrderRepository>,
    cache: OrderCache,
    loads: SingleFlight<Option<Order>>,
}

impl CachedOrders {
    /// Decorates `record`, the system of record, with `cache`.
    #[must_use]
    pub fn new(record: Arc<dyn OrderRepository>, cache: Arc<dyn Cache>) -> Self {
        Self { record, cache: OrderCache::new(cache), loads: SingleFlight::new() }
    }

    /// Reads the order from the system of record, once for all concurrent callers.
    async fn load_order(&self, number: &OrderNumber) -> Result<Option<Order>, PortError> {
        // Only the caller whose future runs caches the result. With all of them putting it, a popular order
        // would be serialised and sent to the cache once for each waiting request.
        let mut leads = false;
        let load = async {
            leads = true;
            self.record.find_order(number).await
        };
        let found = self.loads.join_or_load(number.as_str(), load).await?;
        if let Some(order) = found.as_ref().filter(|_| leads) {
            self.cache.put_order(order).await;
        }
        Ok(found)
    }
}

#[async_trait]
impl OrderRepository for CachedOrders {
    async fn find_order(&self, number: &OrderNumber) -> Result<Option<Order>, PortError> {
        // At the same time, so that confirming costs no round trip more than reading the cache. A cached
        // entry alone proves nothing, and a head without one is needed to judge the load below.
        let (head, copy) = tokio::join!(self.record.find_order_head(number), self.cache.get(number));
        let Some(head) = head? else { return Ok(None) };
        // The owner decides who may see the order, and others can write to the cache. So key and owner are
        // compared with the system of record too.
        let same = |it: &Order| (it.revision, it.key, it.owner) == (head.revision, head.key, head.owner);
        if let Some(copy) = copy.filter(same) {
            return Ok(Some(copy));
        }
        let present = head.revision;
        let loaded = self.load_order(number).await?;
        if loaded.as_ref().is_some_and(|it| it.revision >= present) {
            return Ok(loaded);
        }
        // That load began before the head was read, so it may be older. The next load begins after the head
        // and cannot be, so two loads are always enough.
        self.load_order(number).await
    }

    async fn find_order_head(&self, number: &OrderNumber) -> Result<Option<OrderHead>, PortError> {
        self.record.find_order_head(number).await
    }

    async fn find_order_heads(
        &self,
        numbers: &[OrderNumber],
    ) -> Result<Vec<(OrderNumber, OrderHead)>, PortError> {
        self.record.find_order_heads(numbers).await
    }

    async fn list_orders(&self, filter: OrderFilter) -> Result<Page<Order>, PortError> {
        self.record.list_orders(filter).await
    }

    async fn has_order_in(&self, owner: UserKey, statuses: &[OrderStatus]) -> Result<bool, PortError> {
        self.record.has_order_in(owner, statuses).await
    }

    async fn list_history_entries(&self, order: OrderKey) -> Result<Vec<StoredHistoryEntry>, PortError> {
        self.record.list_history_entries(order).await
    }

    async fn list_due_orders(&self, due: DueOrders, batch: Batch) -> Result<Vec<OrderNumber>, PortError> {
        self.record.list_due_orders(due, batch).await
    }

    async fn list_old_orders(
        &self,
        before: Timestamp,
        after: Option<OldOrder>,
        limit: u32,
    ) -> Result<Vec<OldOrder>, PortError> {
        self.record.list_old_orders(before, after, limit).await
    }

    async fn list_archived_orders(
        &self,
        owner: Option<UserKey>,
        after: Option<OrderKey>,
        limit: u32,
    ) -> Result<Vec<(OrderKey, OrderNumber)>, PortError> {
        self.record.list_archived_orders(owner, after, limit).await
    }
}

/// Cached orders; the version of an entry is the order's revision.
pub(crate) struct OrderCache(CachedRows);

impl OrderCache {
    pub(crate) fn new(cache: Arc<dyn Cache>) -> Self {
        Self(CachedRows::new(cache))
    }

    async fn get(&self, number: &OrderNumber) -> Option<Order> {
        self.0.get::<Order>(&cache_key(number)).await.filter(|it| it.number == *number)
    }

    pub(crate) async fn put_order(&self, order: &Order) {
        self.0.put_row(&cache_key(&order.number), order.revision.get(), order, TTL).await;
    }
}

fn cache_key(number: &OrderNumber) -> String {
    format!("order:{number}")
}

#[cfg(test)]
mod tests;
