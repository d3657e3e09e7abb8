//! A cache within this process.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use moka::{Expiry, ops::compute::Op, sync::Cache as Moka};
use ports::{Cache, CacheEntry, PortError};

use crate::{DURATION_MAX, ENTRY_OVERHEAD_BYTES};

/// Cached entries in memory, bounded by their bytes. When it is full, the entries that are read least are
/// dropped.
#[derive(Clone)]
pub struct LocalCache {
    entries: Moka<String, Arc<ExpiringEntry>>,
}

struct ExpiringEntry {
    entry: CacheEntry,
    ttl: Duration,
}

impl LocalCache {
    /// An empty cache that grows to `bytes_max` bytes.
    #[must_use]
    pub fn new(bytes_max: u64) -> Self {
        let copies = Moka::builder()
            .max_capacity(bytes_max)
            .weigher(|key: &String, copy: &Arc<ExpiringEntry>| entry_weight(key, &copy.entry.bytes))
            .expire_after(EntryTtl)
            .build();
        Self { entries: copies }
    }
}

fn entry_weight(key: &str, bytes: &[u8]) -> u32 {
    let bytes = key.len().saturating_add(bytes.len()).saturating_add(ENTRY_OVERHEAD_BYTES);
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// Gives every entry its own time to live, also when it replaces another: the time that the entry before had
/// left says nothing about the new one.
struct EntryTtl;

impl Expiry<String, Arc<ExpiringEntry>> for EntryTtl {
    fn expire_after_create(&self, _: &String, copy: &Arc<ExpiringEntry>, _: Instant) -> Option<Duration> {
        Some(copy.ttl)
    }

    fn expire_after_update(
        &self,
        _: &String,
        copy: &Arc<ExpiringEntry>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(copy.ttl)
    }
}

#[async_trait]
impl Cache for LocalCache {
    async fn get_entry(&self, key: &str) -> Result<Option<CacheEntry>, PortError> {
        Ok(self.entries.get(key).map(|copy| copy.entry.clone()))
    }

    async fn put_entry(&self, key: &str, entry: CacheEntry, ttl: Duration) -> Result<(), PortError> {
        let new = Arc::new(ExpiringEntry { entry, ttl: ttl.min(DURATION_MAX) });
        // Comparing and replacing are one step under the entry's lock. With a read and a write, a slow reader
        // of the database could put an old version over one that was put in between.
        self.entries.entry_by_ref(key).and_compute_with(|kept| match kept {
            Some(kept) if kept.value().entry.version > new.entry.version => Op::Nop,
            Some(_) | None => Op::Put(new),
        });
        Ok(())
    }

    async fn remove_entry(&self, key: &str) -> Result<(), PortError> {
        self.entries.invalidate(key);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn it_never_keeps_more_than_its_bytes() {
        let cache = LocalCache::new(10_000);
        for key in 0..1_000 {
            let entry = CacheEntry { version: 1, bytes: vec![0; 872] };
            cache.put_entry(&format!("{key:03}"), entry, LONG).await.unwrap();
        }
        cache.entries.run_pending_tasks();
        assert!(cache.entries.weighted_size() <= 10_000, "{}", cache.entries.weighted_size());
        assert!(cache.entries.entry_count() > 0);
    }

    #[tokio::test]
    async fn what_is_larger_than_all_of_it_is_not_kept() {
        let cache = LocalCache::new(1_000);
        cache.put_entry("key", CacheEntry { version: 1, bytes: vec![0; 2_000] }, LONG).await.unwrap();
        cache.entries.run_pending_tasks();
        assert_eq!(cache.get_entry("key").await.unwrap(), None);
    }

    #[tokio::test]
    async fn the_longest_time_there_is_does_no_harm() {
        let cache = LocalCache::new(1_000);
        cache.put_entry("key", CacheEntry { version: 1, bytes: Vec::new() }, Duration::MAX).await.unwrap();
        assert!(cache.get_entry("key").await.unwrap().is_some());
    }
}
