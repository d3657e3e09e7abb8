//! Copies that all instances share.

use std::time::Duration;

use async_trait::async_trait;
use memcache::exp::{AsyncMetaClient, Error, Meta, MutationStatus, Set, Ttl};
use ports::{Cache, CacheEntry, PortError};

use crate::{Memcached, key::cache_key};

/// Largest copy that is kept, in bytes; a larger one only takes the place of what was there.
pub const VALUE_BYTES_MAX: usize = 64 * 1024;
/// Longest time that a copy is kept; a longer one is taken as this.
pub const TTL_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// How many bytes of a value are the version.
const VERSION_BYTES: usize = size_of::<i64>();
/// How often a copy is put anew because somebody else put one meanwhile; then there is none.
const PUTS_MAX: u32 = 64;

/// Copies in memcached, each the version and then the bytes.
///
/// memcached counts whole seconds: a copy is kept for its time rounded down to them, and one that is worth less than a
/// second is not kept.
#[derive(Debug, Clone)]
pub struct MemcachedCache {
    memcached: Memcached,
}

impl MemcachedCache {
    /// The copies of that server.
    #[must_use]
    pub const fn new(memcached: Memcached) -> Self {
        Self { memcached }
    }
}

#[async_trait]
impl Cache for MemcachedCache {
    async fn get_entry(&self, key: &str) -> Result<Option<CacheEntry>, PortError> {
        let key = self::cache_key(key);
        let kept = self.memcached.with_client(async |client| client.get(key).send().await).await?;
        Ok(kept.value.and_then(decode_entry))
    }

    async fn put_entry(&self, key: &str, entry: CacheEntry, ttl: Duration) -> Result<(), PortError> {
        let seconds = u32::try_from(ttl.min(TTL_MAX).as_secs()).unwrap_or(0);
        if seconds == 0 || entry.bytes.len() > VALUE_BYTES_MAX {
            return self.remove_entry(key).await;
        }
        let key = self::cache_key(key);
        let set = Set::new(&key, encode_entry(&entry)).ttl(Ttl::secs(seconds));
        self.memcached.with_client(async |client| put_if_newer(&client, key, set, entry.version).await).await
    }

    async fn remove_entry(&self, key: &str) -> Result<(), PortError> {
        let key = self::cache_key(key);
        self.memcached.with_client(async |client| client.delete(key).send().await).await?;
        Ok(())
    }
}

/// Looks, and puts if nobody put anything meanwhile.
async fn put_if_newer(client: &AsyncMetaClient, key: String, set: Set, version: i64) -> Result<(), Error> {
    for _ in 0..PUTS_MAX {
        let kept = client.get(&key).meta(Meta::NONE.cas()).send().await?;
        if kept.value.is_some_and(|it| decode_entry(it).is_some_and(|it| it.version > version)) {
            return Ok(());
        }
        let set = match kept.item.cas {
            Some(cas) => set.clone().compare_cas(cas),
            None => set.clone().add(),
        };
        let put = client.run(set).await?;
        if put.status == MutationStatus::Applied {
            return Ok(());
        }
    }
    // Whether what is there is newer is not known, but nothing is older than nothing.
    client.delete(&key).send().await?;
    Ok(())
}

fn encode_entry(entry: &CacheEntry) -> Vec<u8> {
    [entry.version.to_be_bytes().as_slice(), &entry.bytes].concat()
}

/// `None` when it is nothing that was put here.
fn decode_entry(mut kept: Vec<u8>) -> Option<CacheEntry> {
    let version = i64::from_be_bytes(*kept.first_chunk::<VERSION_BYTES>()?);
    kept.drain(..VERSION_BYTES);
    Some(CacheEntry { version, bytes: kept })
}
