//! Hashing passwords.

use async_trait::async_trait;
use domain::{Password, PasswordHash};

/// So many passwords are being hashed that one more would wait too long.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being hashed")]
pub struct HasherBusy;

/// Hashes and checks passwords, away from the async threads and only a few at a time: a storm of logins slows logins
/// down and nothing else.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a new password, with a fresh salt.
    ///
    /// # Errors
    /// [`HasherBusy`].
    async fn hash(&self, password: Password) -> Result<PasswordHash, HasherBusy>;

    /// Whether `attempt` is the password behind `hash`. `None` stands for a user that does not exist: it takes the same
    /// time and is always false, as are attempts that could never have been set.
    ///
    /// # Errors
    /// [`HasherBusy`].
    async fn verify(&self, hash: Option<PasswordHash>, attempt: String) -> Result<bool, HasherBusy>;
}
