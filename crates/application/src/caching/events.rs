//! Notices that this process knows to be stored, so that a repeated one is answered without the database.

use std::{sync::Arc, time::Duration};

use domain::{EventId, GatewayName};
use ports::{Cache, CacheEntry};

/// About how long it is remembered that a notice is stored, 10 min: gateways repeat most notices within minutes. A stored
/// notice is never deleted, so this only frees memory.
const TTL: Duration = Duration::from_secs(600);
/// All entries say the same.
const VERSION: i64 = 0;

/// Ids of notices that are stored, in a cache that only this process can write to.
///
/// A stored notice stays and its id is never given to another, so an entry needs no confirmation. It is not taken from a
/// cache that is shared with others: a notice that is wrongly taken for stored would be lost.
#[derive(Clone)]
pub struct KnownEvents(Arc<dyn Cache>);

impl KnownEvents {
    /// Keeps ids in `cache`, which must belong to this process alone.
    #[must_use]
    pub fn new(cache: Arc<dyn Cache>) -> Self {
        Self(cache)
    }

    /// Whether this process knows that the notice is stored. `false` says nothing.
    pub(crate) async fn contains_event(&self, gateway: &GatewayName, id: &EventId) -> bool {
        self.0.get_entry(&cache_key(gateway, id)).await.is_ok_and(|it| it.is_some())
    }

    /// Remembers a notice that is committed.
    pub(crate) async fn put_event(&self, gateway: &GatewayName, id: &EventId) {
        let entry = CacheEntry { version: VERSION, bytes: Vec::new() };
        // A failed put may be dropped: the next copy of the notice asks the database.
        let _ = self.0.put_entry(&cache_key(gateway, id), entry, TTL).await;
    }
}

/// A gateway's name has no colon, so no two notices share a key.
fn cache_key(gateway: &GatewayName, id: &EventId) -> String {
    format!("event:{gateway}:{id}")
}
