//! Fake caches whose state tests set.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use ports::{Cache, CacheEntry, PortError};

use super::unavailable_error;

/// A cache in memory that keeps everything until a test makes it unavailable.
#[derive(Default)]
pub(crate) struct FakeCache {
    kept: Mutex<HashMap<String, (CacheEntry, Duration)>>,
    is_unavailable: AtomicBool,
}

impl FakeCache {
    /// What is kept, with the life that was given to it.
    pub(crate) fn lock_entries(&self) -> MutexGuard<'_, HashMap<String, (CacheEntry, Duration)>> {
        self.kept.lock().unwrap()
    }

    /// The version of what is kept under that name.
    pub(crate) fn version(&self, name: &str) -> Option<i64> {
        self.lock_entries().get(name).map(|it| it.0.version)
    }

    /// Holds this, whatever it held.
    pub(crate) fn set_entry(&self, name: &str, version: i64, bytes: impl Into<Vec<u8>>) {
        let entry = CacheEntry { version, bytes: bytes.into() };
        self.lock_entries().insert(name.to_owned(), (entry, Duration::MAX));
    }

    /// Sets whether the cache is unavailable.
    pub(crate) fn set_unavailable(&self, is_unavailable: bool) {
        self.is_unavailable.store(is_unavailable, Ordering::SeqCst);
    }

    /// Lets others go first, as a socket does.
    async fn answers(&self) -> Result<(), PortError> {
        tokio::task::yield_now().await;
        if self.is_unavailable.load(Ordering::SeqCst) { Err(unavailable_error()) } else { Ok(()) }
    }
}

#[async_trait]
impl Cache for FakeCache {
    async fn get_entry(&self, key: &str) -> Result<Option<CacheEntry>, PortError> {
        self.answers().await?;
        Ok(self.lock_entries().get(key).map(|it| it.0.clone()))
    }

    async fn put_entry(&self, key: &str, entry: CacheEntry, ttl: Duration) -> Result<(), PortError> {
        self.answers().await?;
        let mut kept = self.lock_entries();
        if kept.get(key).is_none_or(|it| it.0.version <= entry.version) {
            kept.insert(key.to_owned(), (entry, ttl));
        }
        Ok(())
    }

    async fn remove_entry(&self, key: &str) -> Result<(), PortError> {
        self.answers().await?;
        self.lock_entries().remove(key);
        Ok(())
    }
}
