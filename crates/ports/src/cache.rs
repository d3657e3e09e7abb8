//! Copies of what the record holds. A cache may lose anything at any moment, and bring back what it had long ago; money
//! and stock are never decided from it.

use std::time::Duration;

use async_trait::async_trait;

use crate::PortError;

/// A copy, and how new what it copies was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheEntry {
    /// Grows with every change of the thing copied.
    pub version: i64,
    /// The copy.
    pub bytes: Vec<u8>,
}

/// Keeps copies for a while. No call waits long: one that is away says so soon.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Cache: Send + Sync {
    /// The copy under that key, if there is one.
    ///
    /// # Errors
    /// [`PortError`]; go on without.
    async fn get_entry(&self, key: &str) -> Result<Option<CacheEntry>, PortError>;

    /// Keeps a copy for at most `ttl`. An older version never takes the place of a newer one.
    ///
    /// # Errors
    /// [`PortError`]; go on without.
    async fn put_entry(&self, key: &str, entry: CacheEntry, ttl: Duration) -> Result<(), PortError>;

    /// Forgets the copy.
    ///
    /// # Errors
    /// [`PortError`]; the copy may live on until its time is over.
    async fn remove_entry(&self, key: &str) -> Result<(), PortError>;
}
