//! Cached entries of rows in the system of record. A cache may lose any entry at any time, or bring back an
//! old one; money and stock are never decided from it (ADR 0009).

use std::time::Duration;

use async_trait::async_trait;

use crate::PortError;

/// A cached value and the version of the row that it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheEntry {
    /// Grows with every change of the row; a larger number is newer. For an order it is the revision.
    pub version: i64,
    /// The serialized row. The cache does not interpret it.
    pub bytes: Vec<u8>,
}

/// Stores entries for a limited time. Every call returns soon: an unavailable cache is an error, not a wait.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Cache: Send + Sync {
    /// The entry stored under `key`; `None` when there is none or it has expired.
    ///
    /// # Errors
    /// [`PortError`] when the cache is unavailable: read the system of record instead.
    async fn get_entry(&self, key: &str) -> Result<Option<CacheEntry>, PortError>;

    /// Stores an entry for at most `ttl`. An older version never replaces a newer one.
    ///
    /// # Errors
    /// [`PortError`] when the cache is unavailable: continue without, the entry only saves work.
    // The version is compared inside the cache, not by the caller: a reader that loaded a row before a change
    // may put it after the writer's newer entry, and a separate read and write would let the old one win.
    async fn put_entry(&self, key: &str, entry: CacheEntry, ttl: Duration) -> Result<(), PortError>;

    /// Deletes the entry, if there is one.
    ///
    /// # Errors
    /// [`PortError`] when the cache is unavailable; the entry may then stay until its `ttl` has passed.
    async fn remove_entry(&self, key: &str) -> Result<(), PortError>;
}
