//! Typed values in a cache of bytes.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use ports::{Cache, CacheEntry};
use serde::{Serialize, de::DeserializeOwned};

/// The shortest life of a cached entry, in thousandths of the given one.
const TTL_PERMILLE_MIN: u32 = 850;
/// The longest life of a cached entry, in thousandths of the given one.
const TTL_PERMILLE_MAX: u32 = 1_150;

/// A cache that holds values. An unavailable cache behaves like an empty one, so nothing here fails.
#[derive(Clone)]
pub(crate) struct CachedRows {
    cache: Arc<dyn Cache>,
    /// Whether other programs can write to it.
    is_shared: bool,
}

impl CachedRows {
    /// In a cache that other programs, or other versions of this one, may write to.
    pub(crate) fn new(cache: Arc<dyn Cache>) -> Self {
        Self { cache, is_shared: true }
    }

    /// In a cache that belongs to this process alone.
    pub(crate) fn new_private(cache: Arc<dyn Cache>) -> Self {
        Self { cache, is_shared: false }
    }

    /// The cached value of that name. In a shared cache, bytes that this program would not have written exactly so are no value:
    /// a missing member would be read as if it were empty. Such an entry is removed, because it may claim a
    /// version that no true row reaches, and would then refuse every newer value until it expires.
    pub(crate) async fn get<T: DeserializeOwned + Serialize>(&self, name: &str) -> Option<T> {
        let parse = |cached: &[u8]| {
            // Comparing also catches members that this version of the program does not know, which deserialising
            // alone would drop silently.
            let own = |it: &T| !self.is_shared || serde_json::to_vec(it).is_ok_and(|bytes| bytes == cached);
            serde_json::from_slice(cached).ok().filter(own)
        };
        self.get_parsed(name, parse).await
    }

    /// What `parse` makes of the cached bytes of that name. Bytes that are no value for it are removed.
    pub(super) async fn get_parsed<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Option<T> {
        let entry = self.cache.get_entry(name).await.ok().flatten()?;
        let copy = parse(&entry.bytes);
        if copy.is_none() {
            self.remove_row(name).await;
        }
        copy
    }

    /// Caches the value for about `ttl`.
    pub(crate) async fn put_row<T: Serialize + Sync>(&self, name: &str, version: i64, it: &T, ttl: Duration) {
        // A value that cannot be serialised is not cached, and a failed put is dropped: the next reader loads
        // the row from the system of record, which is slower and right.
        let Ok(bytes) = serde_json::to_vec(it) else { return };
        self.put_bytes(name, version, bytes, ttl).await;
    }

    /// Caches bytes for about `ttl`.
    pub(super) async fn put_bytes(&self, name: &str, version: i64, bytes: Vec<u8>, ttl: Duration) {
        let _ =
            self.cache.put_entry(name, CacheEntry { version, bytes }, jitter_ttl(ttl, name, version)).await;
    }

    async fn remove_row(&self, name: &str) {
        let _ = self.cache.remove_entry(name).await;
    }
}

/// A life of about `ttl`, a different one for each entry. Entries that are made together, because a cache was
/// empty, then do not expire together, so the system of record does not get all their reads at once. A hash
/// is enough for that and needs no source of randomness.
fn jitter_ttl(ttl: Duration, name: &str, version: i64) -> Duration {
    let mut hasher = DefaultHasher::new();
    (name, version).hash(&mut hasher);
    let step = hasher.finish() % u64::from(TTL_PERMILLE_MAX - TTL_PERMILLE_MIN + 1);
    let life = TTL_PERMILLE_MIN.saturating_add(u32::try_from(step).unwrap_or(0));
    ttl.saturating_mul(life) / 1_000
}

#[cfg(test)]
mod tests;
