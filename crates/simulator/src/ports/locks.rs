//! The lock service: away, or generous with locks that others hold.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use ports::{LockGuard, LockManager, PortError};

use super::unavailable_error;
use crate::{faults::Fault, lock::lock, world::World};

/// How often a waiting caller looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Who holds what until when, by name.
#[derive(Default)]
pub(crate) struct LockTable(Mutex<BTreeMap<String, Holder>>);

#[derive(Clone, Copy)]
struct Holder {
    token: u64,
    until: Duration,
}

/// The locks as one instance reaches them.
pub(crate) struct SimLocks {
    pub(crate) world: Arc<World>,
    /// Whether the instance still lives; a dead one releases nothing.
    pub(crate) alive: Arc<AtomicBool>,
}

impl SimLocks {
    /// Takes the lock if it is free now.
    fn try_acquire(&self, name: &str, lease: Duration) -> Option<LockGuard> {
        let (world, now) = (&self.world, self.world.elapsed());
        let is_held = lock(&world.locks.0).get(name).is_some_and(|it| now < it.until);
        if is_held && !world.strikes(Fault::GrantLockTwice) {
            return None;
        }
        let lease = if world.strikes(Fault::ExpireLockEarly) { Duration::ZERO } else { lease };
        let token = u64::try_from(world.next_number()).unwrap_or_default();
        lock(&world.locks.0).insert(name.to_owned(), Holder { token, until: now.saturating_add(lease) });
        let (world, alive, name) = (Arc::clone(world), Arc::clone(&self.alive), name.to_owned());
        Some(LockGuard::new(token, move || {
            let mut held = lock(&world.locks.0);
            if alive.load(Ordering::Relaxed) && held.get(&name).is_some_and(|it| it.token == token) {
                held.remove(&name);
            }
        }))
    }
}

#[async_trait]
impl LockManager for SimLocks {
    async fn acquire_lock(
        &self,
        name: &str,
        lease: Duration,
        wait: Duration,
    ) -> Result<Option<LockGuard>, PortError> {
        self.world.pause(2).await;
        if self.world.strikes(Fault::LoseLockService) {
            return Err(unavailable_error());
        }
        let until = self.world.elapsed().saturating_add(wait);
        loop {
            if let Some(guard) = self.try_acquire(name, lease) {
                return Ok(Some(guard));
            }
            if self.world.elapsed() >= until {
                return Ok(None);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}
