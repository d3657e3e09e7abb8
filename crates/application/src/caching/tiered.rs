//! Two caches as one: a near one, which is asked first, and a far one, which others fill too.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use ports::{Cache, CacheEntry, PortError};
use tokio::time::timeout;

/// How long a copy stays near that came from far. How much of its life was left there is not known, so this is how much
/// longer than its time it may live, and how long it may survive a removal that passed it on its way.
const BACKFILL_TTL: Duration = Duration::from_secs(2);
/// How long the near cache is waited for alone. If it hangs, its own limit and that of the far one run side by side.
const NEAR_WAIT: Duration = Duration::from_millis(5);

/// A near cache before a far one. Either may itself be tiered.
///
/// A level that is away costs what its own limit allows, and nothing else: a copy is got from the other one. A copy may
/// live 2 s longer than its time, because it stays near so long when it comes from far.
pub struct TieredCache {
    near: Arc<dyn Cache>,
    far: Arc<dyn Cache>,
}

impl TieredCache {
    /// Puts `near` before `far`.
    #[must_use]
    pub fn new(near: Arc<dyn Cache>, far: Arc<dyn Cache>) -> Self {
        Self { near, far }
    }
}

#[async_trait]
impl Cache for TieredCache {
    /// The near copy, or else the far one, which then is near as well.
    async fn get_entry(&self, key: &str) -> Result<Option<CacheEntry>, PortError> {
        let mut near = self.near.get_entry(key);
        let (near, far) = match timeout(NEAR_WAIT, &mut near).await {
            Ok(Ok(Some(copy))) => return Ok(Some(copy)),
            Ok(near) => (near, self.far.get_entry(key).await),
            Err(_) => tokio::join!(near, self.far.get_entry(key)),
        };
        match (near, far) {
            (Ok(Some(copy)), _) => Ok(Some(copy)),
            (Ok(None), Ok(Some(copy))) => {
                // Somebody may have put a newer one near meanwhile; the version guard keeps it.
                let _ = self.near.put_entry(key, copy.clone(), BACKFILL_TTL).await;
                Ok(Some(copy))
            }
            (_, far) => far,
        }
    }

    /// Both levels are tried at the same time; it fails if one of them did, because that one may hold something older.
    async fn put_entry(&self, key: &str, entry: CacheEntry, ttl: Duration) -> Result<(), PortError> {
        let (near, far) =
            tokio::join!(self.near.put_entry(key, entry.clone(), ttl), self.far.put_entry(key, entry, ttl));
        near.and(far)
    }

    /// Both levels are tried at the same time; it fails if one of them did, because the copy may live on there.
    async fn remove_entry(&self, key: &str) -> Result<(), PortError> {
        let (near, far) = tokio::join!(self.near.remove_entry(key), self.far.remove_entry(key));
        near.and(far)
    }
}

#[cfg(test)]
mod tests;
