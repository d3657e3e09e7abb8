//! Locks that save work. No answer about goods or money may depend on one: it may be lost at any moment.

use std::{fmt, time::Duration};

use async_trait::async_trait;

use crate::PortError;

/// Lets one at a time through a narrow place.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait LockManager: Send + Sync {
    /// Waits for at most `wait` until nobody holds `name`, and holds it until the answer is dropped, or for at most
    /// `lease`. `None` when somebody held it all the while.
    ///
    /// # Errors
    /// [`PortError`] when locks cannot be had; go on without.
    async fn acquire_lock(
        &self,
        name: &str,
        lease: Duration,
        wait: Duration,
    ) -> Result<Option<LockGuard>, PortError>;
}

/// A lock that is held until this is dropped.
pub struct LockGuard {
    fencing_token: u64,
    release: Option<Box<dyn FnOnce() + Send>>,
}

impl LockGuard {
    /// Holds until dropped, then calls `release`, which must not block.
    pub fn new(fencing_token: u64, release: impl FnOnce() + Send + 'static) -> Self {
        Self { fencing_token, release: Some(Box::new(release)) }
    }

    /// A number that is larger than those of all who held the same name before: whoever keeps the largest one it saw can
    /// turn away a holder whose lease is over and who does not know it yet.
    ///
    /// The record needs none: its guards turn away whoever decided on what is no longer so.
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
