//! Locks that save work. A lock may be lost at any time, so no answer about goods or money may depend on one.
//!
//! The guards of a commit keep decisions right (ADR 0005). A lock only lets changes of one order or product
//! proceed one at a time, so that fewer of them turn out stale and are decided again.

use std::{fmt, time::Duration};

use async_trait::async_trait;

use crate::PortError;

/// Lets one holder at a time through, by name, across all instances.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait LockManager: Send + Sync {
    /// Waits for at most `wait` until `name` is free, then holds it until the guard is dropped, or for at
    /// most `lease`. `None` when another holder had it the whole time.
    ///
    /// # Errors
    /// [`PortError`] when the lock service is unavailable: continue without a lock.
    async fn acquire_lock(
        &self,
        name: &str,
        // A process that dies or pauses cannot release its lock; the lease ends it.
        lease: Duration,
        wait: Duration,
    ) -> Result<Option<LockGuard>, PortError>;
}

/// A lock that is held until this guard is dropped or its lease ends.
pub struct LockGuard {
    fencing_token: u64,
    release: Option<Box<dyn FnOnce() + Send>>,
}

impl LockGuard {
    /// Calls `release` on drop. It must not block, because a drop may run on an async thread.
    pub fn new(fencing_token: u64, release: impl FnOnce() + Send + 'static) -> Self {
        Self { fencing_token, release: Some(Box::new(release)) }
    }

    /// A number larger than those of all earlier holders of the same name. A resource that stores the largest
    /// number it saw can refuse a holder whose lease has ended without its knowledge.
    ///
    /// The system of record needs no such check: its guards refuse every decision that rests on an outdated
    /// row.
    #[must_use]
    pub const fn fencing_token(&self) -> u64 {
        self.fencing_token
    }
}

impl Drop for LockGuard {
    fn drop(&mut self) {
        if let Some(release) = self.release.take() {
            release();
        }
    }
}

impl fmt::Debug for LockGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held")
    }
}
