//! Hashing and checking passwords within bounds, so that a storm of logins does not slow other work.

use async_trait::async_trait;
use domain::{Network, Password, PasswordHash};

/// The hash queue is full, or the wait exceeded its limit. The request is answered 503 and may be retried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being hashed")]
pub struct HasherBusy;

/// The purpose of a hash. Each has its own share of the hasher, so a storm of one does not block the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashPurpose {
    /// A new account's password is hashed.
    Register,
    /// A session begins, or a password is guessed.
    Login,
    /// A session begins, from a network in which one of that account's began not long ago. However many networks log in
    /// for the first time, those who did before have places and turns of their own.
    KnownLogin,
    /// A user gets another password.
    Change,
}

/// The queue that a call waits in; queues take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashQueueKey {
    /// The purpose, which has its own permits.
    // Both parts are needed: by purpose alone, one network that registers in bulk would block every new user.
    pub purpose: HashPurpose,
    /// The client's network: one network cannot take all permits of a purpose.
    pub network: Network,
}

/// Hashes and checks passwords on threads of its own, only a few at a time: a storm of logins slows logins
/// and nothing else. Purposes take turns, and so do the networks within each.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a new password with a fresh random salt.
    ///
    /// # Errors
    /// [`HasherBusy`] when the call cannot be queued or waited too long.
    async fn hash_password(
        &self,
        password: Password,
        share: HashQueueKey,
    ) -> Result<PasswordHash, HasherBusy>;

    /// Whether `attempt` is the password behind `hash`. `None` stands for a user that does not exist: it
    /// takes the same time and is always false, as are attempts that could never have been set.
    ///
    /// # Errors
    /// [`HasherBusy`] when the call cannot be queued or waited too long.
    async fn verify_password(
        &self,
        hash: Option<PasswordHash>,
        attempt: String,
        share: HashQueueKey,
    ) -> Result<bool, HasherBusy>;

    /// The cost of new hashes: the binary logarithm of the number of rounds.
    fn hash_cost(&self) -> u32;

    /// Makes every later verification take at least as many rounds as a hash of this cost, up to a limit. A
    /// cost below [`hash_cost`](Self::hash_cost) changes nothing.
    // Adopted hashes may cost more than new ones. Without padding, the time of a failed login would tell
    // which accounts exist, because unknown ones are checked against a hash of the usual cost.
    fn pad_to_cost(&self, cost: u32);
}
