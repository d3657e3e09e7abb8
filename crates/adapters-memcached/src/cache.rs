//! Cached entries that all instances share, in memcached.

use std::time::Duration;

use async_trait::async_trait;
use memcache::exp::{AsyncMetaClient, Error, Meta, MutationStatus, Set, Ttl};
use ports::{Cache, CacheEntry, PortError};

use crate::{Memcached, key::cache_key};

/// Largest value that is stored, in bytes. A larger one only removes the entry before it, which is outdated.
pub const VALUE_BYTES_MAX: usize = 64 * 1024;
/// Longest time to live of an entry; a longer one is taken as this. memcached reads more than 30 days as a
/// date.
pub const TTL_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Number of bytes at the start of a value that hold the version.
const VERSION_BYTES: usize = size_of::<i64>();
/// Most attempts to store an entry that others change meanwhile; after them the entry is removed.
const PUTS_MAX: u32 = 64;

/// The cache in memcached. An entry is the version, then the value.
///
/// memcached counts whole seconds: a time to live is rounded down to them, and an entry with less than a
/// second is not stored.
#[derive(Debug, Clone)]
pub struct MemcachedCache {
    memcached: Memcached,
}

impl MemcachedCache {
    /// The cache of these servers.
    #[must_use]
    pub const fn new(memcached: Memcached) -> Self {
        Self { memcached }
    }
}

#[async_trait]
impl Cache for MemcachedCache {
    async fn get_entry(&self, key: &str) -> Result<Option<CacheEntry>, PortError> {
        let key = self::cache_key(key);
        let kept = self.memcached.with_client(&key, async |client| client.get(&key).send().await).await?;
        Ok(kept.value.and_then(decode_entry))
    }

    async fn put_entry(&self, key: &str, entry: CacheEntry, ttl: Duration) -> Result<(), PortError> {
        let seconds = u32::try_from(ttl.min(TTL_MAX).as_secs()).unwrap_or(0);
        // Zero seconds mean "forever" to memcached. In both cases the entry before is removed, because it is
        // outdated now.
        if seconds == 0 || entry.bytes.len() > VALUE_BYTES_MAX {
            return self.remove_entry(key).await;
        }
        let key = self::cache_key(key);
        let set = Set::new(&key, encode_entry(&entry)).ttl(Ttl::secs(seconds));
        let put = async |client| put_if_newer(&client, &key, set, entry.version).await;
        self.memcached.with_client(&key, put).await
    }

    async fn remove_entry(&self, key: &str) -> Result<(), PortError> {
        let key = self::cache_key(key);
        self.memcached.with_client(&key, async |client| client.delete(&key).send().await).await?;
        Ok(())
    }
}

/// Stores an entry unless a newer version is there, by compare-and-swap.
async fn put_if_newer(client: &AsyncMetaClient, key: &str, set: Set, version: i64) -> Result<(), Error> {
    // No pause between rounds: each is lost only to a call that succeeded, so there is always progress; and
    // the whole call has 80 ms.
    for _ in 0..PUTS_MAX {
        let kept = client.get(key).meta(Meta::NONE.cas()).send().await?;
        if kept.value.is_some_and(|it| decode_entry(it).is_some_and(|it| it.version > version)) {
            return Ok(());
        }
        // `add` fails when another call has added meanwhile: also a missing entry is compared.
        let set = match kept.item.cas {
            Some(cas) => set.clone().compare_cas(cas),
            None => set.clone().add(),
        };
        let put = client.run(set).await?;
        if put.status == MutationStatus::Applied {
            return Ok(());
        }
    }
    // Whether the entry that is there is older is unknown. Without an entry the next reader asks the
    // database, which is slower and never wrong.
    client.delete(key).send().await?;
    Ok(())
}

fn encode_entry(entry: &CacheEntry) -> Vec<u8> {
    [entry.version.to_be_bytes().as_slice(), &entry.bytes].concat()
}

/// Decodes a stored value; `None` when it is too short for one of ours, which counts as a miss.
fn decode_entry(mut kept: Vec<u8>) -> Option<CacheEntry> {
    let version = i64::from_be_bytes(*kept.first_chunk::<VERSION_BYTES>()?);
    kept.drain(..VERSION_BYTES);
    Some(CacheEntry { version, bytes: kept })
}
