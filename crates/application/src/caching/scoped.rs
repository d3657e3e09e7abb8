//! A part of a cache that several systems of record share.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use ports::{Cache, CacheEntry, PortError};

/// The entries of one system of record in a cache that others may use too. A database and its restored backup
/// have the same orders under the same revisions with different content, so neither may confirm the other's
/// entries.
pub struct ScopedCache {
    cache: Arc<dyn Cache>,
    scope: String,
}

impl ScopedCache {
    /// The part of `cache` that belongs to `scope`; `scope` names the database and the shape of the cached
    /// types.
    #[must_use]
    pub fn new(cache: Arc<dyn Cache>, scope: &str) -> Self {
        Self { cache, scope: scope.to_owned() }
    }

    fn scoped_key(&self, key: &str) -> String {
        format!("{}:{key}", self.scope)
    }
}

#[async_trait]
impl Cache for ScopedCache {
    async fn get_entry(&self, key: &str) -> Result<Option<CacheEntry>, PortError> {
        self.cache.get_entry(&self.scoped_key(key)).await
    }

    async fn put_entry(&self, key: &str, entry: CacheEntry, ttl: Duration) -> Result<(), PortError> {
        self.cache.put_entry(&self.scoped_key(key), entry, ttl).await
    }

    async fn remove_entry(&self, key: &str) -> Result<(), PortError> {
        self.cache.remove_entry(&self.scoped_key(key)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    #[tokio::test]
    async fn two_records_do_not_see_each_others_copies() {
        let shared = Arc::<FakeCache>::default();
        let [one, other] = ["one", "other"].map(|scope| ScopedCache::new(shared.clone(), scope));
        let entry = CacheEntry { version: 1, bytes: b"copy".to_vec() };
        one.put_entry("order:n1", entry.clone(), Duration::from_secs(60)).await.unwrap();
        assert_eq!(one.get_entry("order:n1").await.unwrap(), Some(entry.clone()));
        assert_eq!(other.get_entry("order:n1").await.unwrap(), None);
        other.remove_entry("order:n1").await.unwrap();
        assert_eq!(one.get_entry("order:n1").await.unwrap(), Some(entry));
        one.remove_entry("order:n1").await.unwrap();
        assert_eq!(one.get_entry("order:n1").await.unwrap(), None);
    }
}
