//! Copies in a cache, as values.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use ports::{Cache, CacheEntry};
use serde::{Serialize, de::DeserializeOwned};

/// The shortest life of a copy, in thousandths of what it was given.
const TTL_PERMILLE_MIN: u32 = 850;
/// The longest one.
const TTL_PERMILLE_MAX: u32 = 1_150;

/// A cache that holds values. One that is away is as good as an empty one, so nothing here fails.
#[derive(Clone)]
pub(crate) struct CachedRows {
    cache: Arc<dyn Cache>,
}

impl CachedRows {
    pub(crate) fn new(cache: Arc<dyn Cache>) -> Self {
        Self { cache }
    }

    /// The copy of that name. What this program would not have written so, byte for byte, is none: a member that is
    /// missing would be read as if it were empty. It is forgotten, for it may claim a version that nothing true ever
    /// reaches, and keep the place until its time is over.
    pub(crate) async fn get<T: DeserializeOwned + Serialize>(&self, name: &str) -> Option<T> {
        let entry = self.cache.get_entry(name).await.ok().flatten()?;
        let own = |it: &T| serde_json::to_vec(it).is_ok_and(|bytes| bytes == entry.bytes);
        let copy = serde_json::from_slice(&entry.bytes).ok().filter(own);
        if copy.is_none() {
            self.remove_row(name).await;
        }
        copy
    }

    /// Keeps a copy for about `ttl`.
    pub(crate) async fn put_row<T: Serialize + Sync>(&self, name: &str, version: i64, it: &T, ttl: Duration) {
        let Ok(bytes) = serde_json::to_vec(it) else { return };
        let _ =
            self.cache.put_entry(name, CacheEntry { version, bytes }, jitter_ttl(ttl, name, version)).await;
    }

    async fn remove_row(&self, name: &str) {
        let _ = self.cache.remove_entry(name).await;
    }
}

/// A life of about `ttl`, another one for every copy. Copies that are made at the same moment, because a cache was
/// empty, do not end at the same moment, so the record is not asked for all of them at once. It is no random number,
/// because it need not be one.
fn jitter_ttl(ttl: Duration, name: &str, version: i64) -> Duration {
    let mut hasher = DefaultHasher::new();
    (name, version).hash(&mut hasher);
    let step = hasher.finish() % u64::from(TTL_PERMILLE_MAX - TTL_PERMILLE_MIN + 1);
    let life = TTL_PERMILLE_MIN.saturating_add(u32::try_from(step).unwrap_or(0));
    ttl.saturating_mul(life) / 1_000
}

#[cfg(test)]
mod tests;
