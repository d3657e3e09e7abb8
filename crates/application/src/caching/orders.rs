//! A cache before the orders that are shown. What is decided about goods or money is decided on the record.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{Order, OrderKey, OrderNumber, order::StoredHistoryEntry};
use ports::{Batch, Cache, DueOrders, OrderFilter, OrderHead, OrderRepository, Page, PortError};

use super::{CachedRows, SingleFlight};

/// About how long a copy lives. It is right as long as its revision is the present one, so this only frees room.
const TTL: Duration = Duration::from_secs(600);

/// Orders by number from a cache, each only after the record has said that the copy is of the present revision.
///
/// The record is asked after the request began. So nobody is ever shown less than what anybody was shown before, on
/// whichever instance, and whatever became of invalidations: lost, late, or undone by a cache that came back with old
/// copies. If the record is away nothing can be said of a copy, and it is not shown.
pub struct CachedOrders {
    record: Arc<dyn OrderRepository>,
    cache: OrderCache,
    loads: SingleFlight<Option<Order>>,
}

impl CachedOrders {
    /// Puts `cache` before `record`.
    #[must_use]
    pub fn new(record: Arc<dyn OrderRepository>, cache: Arc<dyn Cache>) -> Self {
        Self { record, cache: OrderCache::new(cache), loads: SingleFlight::new() }
    }

    /// The order as it stands in the record, loaded once for all who want it now.
    async fn load_order(&self, number: &OrderNumber) -> Result<Option<Order>, PortError> {
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
        let (head, copy) = tokio::join!(self.record.find_order_head(number), self.cache.get(number));
        let Some(head) = head? else { return Ok(None) };
        // Whose it is decides who may see it, so that is not left to the copy either.
        let same = |it: &Order| (it.revision, it.key, it.owner) == (head.revision, head.key, head.owner);
        if let Some(copy) = copy.filter(same) {
            return Ok(Some(copy));
        }
        let present = head.revision;
        let loaded = self.load_order(number).await?;
        if loaded.as_ref().is_some_and(|it| it.revision >= present) {
            return Ok(loaded);
        }
        // That load was under way before the record spoke of this revision. The next one begins after it.
        self.load_order(number).await
    }

    async fn find_order_head(&self, number: &OrderNumber) -> Result<Option<OrderHead>, PortError> {
        self.record.find_order_head(number).await
    }

    async fn list_orders(&self, filter: OrderFilter) -> Result<Page<Order>, PortError> {
        self.record.list_orders(filter).await
    }

    async fn list_history_entries(&self, order: OrderKey) -> Result<Vec<StoredHistoryEntry>, PortError> {
        self.record.list_history_entries(order).await
    }

    async fn list_due_orders(&self, due: DueOrders, batch: Batch) -> Result<Vec<OrderNumber>, PortError> {
        self.record.list_due_orders(due, batch).await
    }
}

/// Copies of orders, each of the version that is its revision.
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
