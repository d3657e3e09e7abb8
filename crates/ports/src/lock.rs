//! Locks that save work. No answer about goods or money may depend on one: it may be lost at any moment.

use std::{fmt, time::Duration};

use async_trait::async_trait;

use crate::Unavailable;

/// Lets one at a time through a narrow place.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Locks: Send + Sync {
    /// Waits for at most `wait` until nobody holds `name`, and holds it until the answer is dropped, or for at most
    /// `lease`. `None` when somebody held it all the while.
    ///
    /// # Errors
    /// [`Unavailable`] when locks cannot be had; go on without.
    async fn acquire(&self, name: &str, lease: Duration, wait: Duration)
    -> Result<Option<Held>, Unavailable>;
}

/// A lock that is held until this is dropped.
pub struct Held {
    release: Option<Box<dyn FnOnce() + Send>>,
}

impl Held {
    /// Holds until dropped, then calls `release`, which must not block.
    pub fn new(release: impl FnOnce() + Send + 'static) -> Self {
        Self { release: Some(Box::new(release)) }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(release) = self.release.take() {
            release();
        }
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held")
    }
}
