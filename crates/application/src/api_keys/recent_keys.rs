//! API keys that were read a moment ago.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{ApiKey, ApiKeyId, api_key::ApiKeyDigest};

use crate::clock_reading::ClockReading;

/// How long a read of a key is relied on, counted from its beginning: a second, less the time that a reply takes.
const TRUST_PERIOD: Duration = Duration::from_millis(900);
/// The largest number of keys that are remembered.
const KEYS_MAX: usize = 10_000;

/// The keys that this process has read within the last second, so that a busy key costs about one read a second.
///
/// No message has to arrive for a revocation to be felt: the time of the read alone decides how long it counts. Keys that
/// do not exist are not remembered, so that guesses take no place.
#[derive(Debug, Default)]
pub struct RecentKeys {
    keys: Mutex<HashMap<ApiKeyDigest, RecentKey>>,
}

#[derive(Debug)]
struct RecentKey {
    key: ApiKey,
    read: ClockReading,
}

impl RecentKeys {
    /// The key with that digest, if it was read recently enough.
    pub(super) fn find_key(&self, digest: &ApiKeyDigest, now: ClockReading) -> Option<ApiKey> {
        let keys = self.lock_keys();
        keys.get(digest).filter(|it| it.read.is_recent(now, TRUST_PERIOD)).map(|it| it.key.clone())
    }

    /// Remembers a key whose read began at that time.
    pub(super) fn put_key(&self, digest: ApiKeyDigest, key: &ApiKey, read: ClockReading) {
        let mut keys = self.lock_keys();
        if keys.len() >= KEYS_MAX {
            keys.retain(|_, it| it.read.is_recent(read, TRUST_PERIOD));
        }
        // While more keys are busy, the others are read with each request.
        if keys.len() < KEYS_MAX {
            keys.insert(digest, RecentKey { key: key.clone(), read });
        }
    }

    /// Forgets the key with that id, which was revoked.
    pub(super) fn remove_key(&self, id: &ApiKeyId) {
        self.lock_keys().retain(|_, it| it.key.id != *id);
    }

    fn lock_keys(&self) -> MutexGuard<'_, HashMap<ApiKeyDigest, RecentKey>> {
        // Never held across an await. A poisoned lock is used as it is: no step leaves the map half changed.
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
