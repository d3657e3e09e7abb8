//! Two caches as one: a near one, which is asked first, and a far one, which other instances fill too.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use ports::{Cache, CacheEntry, PortError};
use tokio::time::timeout;

/// How long an entry from the far cache stays in the near one, 2 s. Its remaining life is not known, so an
/// entry may outlive its time by this much, or survive a removal that crossed it on its way.
const BACKFILL_TTL: Duration = Duration::from_secs(2);
/// How long the near cache is waited for alone, 5 ms. If it hangs, the far one is asked meanwhile, so two
/// hanging caches cost the longer of their time limits and not the sum.
const NEAR_WAIT: Duration = Duration::from_millis(5);

/// A near cache in front of a far one. Either may itself be tiered.
///
/// An unavailable level costs its own time limit and nothing else: the entry comes from the other level. An
/// entry may live 2 s longer than its time, because it stays near that long when it comes from the far level.
pub struct TieredCache {
    near: Arc<dyn Cache>,
    far: Arc<dyn Cache>,
}

impl TieredCache {
    /// Asks `near` first, and `far` when `near` has no entry or does not answer.
    #[must_use]
    pub fn new(near: Arc<dyn Cache>, far: Arc<dyn Cache>) -> Self {
        Self { near, far }
    }
}

#[async_trait]
impl Cache for TieredCache {
    /// The near entry, or else the far one, which is then put near as well.
    async fn get_entry(&self, key: &str) -> Result<Option<CacheEntry>, PortError> {
        // Polled by reference, so that the end of the wait does not cancel it: a near answer that comes late
        // still counts, and the far cache is asked meanwhile.
        let mut near = self.near.get_entry(key);
        let (near, far) = match timeout(NEAR_WAIT, &mut near).await {
            Ok(Ok(Some(copy))) => return Ok(Some(copy)),
            Ok(near) => (near, self.far.get_entry(key).await),
            Err(_) => tokio::join!(near, self.far.get_entry(key)),
        };
        match (near, far) {
            (Ok(Some(copy)), _) => Ok(Some(copy)),
            (Ok(None), Ok(Some(copy))) => {
                // A newer entry may have been put near meanwhile; the version guard of the cache preserves
                // it. A failed put is dropped, because the caller has the entry.
                let _ = self.near.put_entry(key, copy.clone(), BACKFILL_TTL).await;
                Ok(Some(copy))
            }
            (_, far) => far,
        }
    }

    /// Both levels are written at the same time. It fails if one of them did, because that level may hold an
    /// older entry.
    async fn put_entry(&self, key: &str, entry: CacheEntry, ttl: Duration) -> Result<(), PortError> {
        let (near, far) =
            tokio::join!(self.near.put_entry(key, entry.clone(), ttl), self.far.put_entry(key, entry, ttl));
        near.and(far)
    }

    /// Both levels are written at the same time. It fails if one of them did, because the entry may live on
    /// there.
    async fn remove_entry(&self, key: &str) -> Result<(), PortError> {
        let (near, far) = tokio::join!(self.near.remove_entry(key), self.far.remove_entry(key));
        near.and(far)
    }
}

#[cfg(test)]
mod tests;
