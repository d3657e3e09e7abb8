//! Caches: one that instances share, which may lie about age, and those within an instance, which only forget.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use ports::{Cache, CacheEntry, PortError};

use super::unavailable_error;
use crate::{
    faults::Fault,
    lock::lock,
    world::{Label, World},
};

/// An entry, and when it ends.
#[derive(Clone)]
struct Kept {
    entry: CacheEntry,
    until: Duration,
}

type Entries = Arc<Mutex<BTreeMap<String, Vec<Kept>>>>;

/// Everything that the shared cache ever held, the newest last.
#[derive(Default, Clone)]
pub(crate) struct SharedEntries(Entries);

/// The cache that all instances share.
pub(crate) struct SharedCache(pub(crate) Arc<World>);

/// A cache within one instance. It dies with it.
pub(crate) struct PrivateCache {
    world: Arc<World>,
    entries: Entries,
}

impl PrivateCache {
    pub(crate) fn new(world: Arc<World>) -> Self {
        Self { world, entries: Entries::default() }
    }
}

fn put_newer(entries: &Entries, key: &str, kept: Kept) {
    let mut entries = lock(entries);
    let of_key = entries.entry(key.to_owned()).or_default();
    if of_key.last().is_none_or(|it| it.entry.version <= kept.entry.version) {
        of_key.push(kept);
    }
}

#[async_trait]
impl Cache for SharedCache {
    async fn get_entry(&self, key: &str) -> Result<Option<CacheEntry>, PortError> {
        let Self(world) = self;
        world.pause(1).await;
        if world.strikes(Fault::LoseCache) {
            return Err(unavailable_error());
        }
        let of_key = lock(&world.shared_cache.0).get(key).cloned().unwrap_or_default();
        if of_key.is_empty() || world.strikes(Fault::DropEntry) {
            return Ok(None);
        }
        if of_key.len() > 1 && world.strikes(Fault::ReturnOldEntry) {
            return Ok(world.chance.pick(&of_key).map(|it| it.entry.clone()));
        }
        Ok(of_key.last().filter(|it| world.elapsed() < it.until).map(|it| it.entry.clone()))
    }

    async fn put_entry(&self, key: &str, entry: CacheEntry, ttl: Duration) -> Result<(), PortError> {
        let Self(world) = self;
        world.pause(1).await;
        if world.strikes(Fault::LoseCache) {
            return Err(unavailable_error());
        }
        let kept = Kept { entry, until: world.elapsed().saturating_add(ttl) };
        if world.strikes(Fault::DelayEntry) {
            let (world_later, key) = (Arc::clone(world), key.to_owned());
            world.spawn(Label::outside("cache"), async move {
                world_later.pause(3_000).await;
                put_newer(&world_later.shared_cache.0, &key, kept);
            });
        } else {
            put_newer(&world.shared_cache.0, key, kept);
        }
        Ok(())
    }

    async fn remove_entry(&self, key: &str) -> Result<(), PortError> {
        self.0.pause(1).await;
        lock(&self.0.shared_cache.0).remove(key);
        Ok(())
    }
}

#[async_trait]
impl Cache for PrivateCache {
    async fn get_entry(&self, key: &str) -> Result<Option<CacheEntry>, PortError> {
        let now = self.world.elapsed();
        let entries = lock(&self.entries);
        let newest = entries.get(key).and_then(|it| it.last());
        Ok(newest.filter(|it| now < it.until).map(|it| it.entry.clone()))
    }

    async fn put_entry(&self, key: &str, entry: CacheEntry, ttl: Duration) -> Result<(), PortError> {
        if !self.world.strikes(Fault::DropEntry) {
            put_newer(&self.entries, key, Kept { entry, until: self.world.elapsed().saturating_add(ttl) });
        }
        Ok(())
    }

    async fn remove_entry(&self, key: &str) -> Result<(), PortError> {
        lock(&self.entries).remove(key);
        Ok(())
    }
}
