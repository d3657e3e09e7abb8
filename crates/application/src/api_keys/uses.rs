//! When API keys were last used.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{ApiKey, ApiKeyKey, Timestamp};
use ports::{CommitError, PortError, UnitOfWork, Write};

use crate::App;

/// The stored time of a key's last use may be this much older than the use, and is written at most once within it.
const PRECISION: Duration = Duration::from_secs(60);
/// The largest number of keys whose uses wait to be stored; further ones are left out until their next use.
const WAITING_MAX: usize = 10_000;
/// The number of keys in one commit.
const BATCH_MAX: usize = 100;

/// The uses of API keys that are not in the system of record yet. A request only adds to this map: the sweep writes, so
/// that no request waits for it. What waits is lost when the process dies, which only makes a time less exact.
#[derive(Debug, Default)]
pub struct KeyUses {
    waiting: Mutex<HashMap<ApiKeyKey, Timestamp>>,
}

impl KeyUses {
    /// Notes that the key was used, unless its stored time is exact enough.
    pub(super) fn add_use(&self, key: &ApiKey, at: Timestamp) {
        if key.last_used_at.is_some_and(|it| at < it.saturating_add(PRECISION)) {
            return;
        }
        let mut waiting = self.lock_waiting();
        if waiting.len() < WAITING_MAX || waiting.contains_key(&key.key) {
            waiting.insert(key.key, at);
        }
    }

    /// Takes some of what waits.
    fn take_batch(&self) -> Vec<(ApiKeyKey, Timestamp)> {
        let mut waiting = self.lock_waiting();
        let batch: Vec<_> = waiting.iter().take(BATCH_MAX).map(|(key, at)| (*key, *at)).collect();
        waiting.retain(|key, _| !batch.iter().any(|(taken, _)| taken == key));
        batch
    }

    /// Puts back what could not be stored, unless there is a later use.
    fn put_back(&self, batch: Vec<(ApiKeyKey, Timestamp)>) {
        let mut waiting = self.lock_waiting();
        for (key, at) in batch {
            waiting.entry(key).or_insert(at);
        }
    }

    fn lock_waiting(&self) -> MutexGuard<'_, HashMap<ApiKeyKey, Timestamp>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stores a batch of the uses that wait in this process, and returns whether more wait.
///
/// # Errors
/// [`PortError`]; the batch waits again then.
pub async fn record_key_uses(app: &App) -> Result<bool, PortError> {
    let batch = app.key_uses.take_batch();
    if batch.is_empty() {
        return Ok(false);
    }
    let writes = batch.iter().map(|(key, at)| Write::RecordKeyUse { key: *key, at: *at });
    let committed = app.store.commit(UnitOfWork::new().with_writes(writes)).await;
    if let Err(error) = committed.map_err(CommitError::into_port_error) {
        app.key_uses.put_back(batch);
        return Err(error);
    }
    Ok(batch.len() >= BATCH_MAX)
}
