//! Hashing passwords.

use async_trait::async_trait;
use domain::{Network, Password, PasswordHash};

/// So many passwords are being hashed that one more would wait too long, or has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being hashed")]
pub struct HasherBusy;

/// What a password is hashed for. Each has its own share of the hasher: a storm of one does not hold up the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashPurpose {
    /// An account is made.
    Register,
    /// A session begins, or a password is guessed.
    Login,
    /// A session begins, from a network in which one of that account's began not long ago. However many networks log in
    /// for the first time, those who did before have places and turns of their own.
    KnownLogin,
    /// A user gets another password.
    Change,
}

/// Whose turn it is counted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashQueueKey {
    /// What it is for.
    pub purpose: HashPurpose,
    /// Where it was asked for.
    pub network: Network,
}

/// Hashes and checks passwords, away from the async threads and only a few at a time: a storm of logins slows logins
/// down and nothing else. Purposes take turns, and so do the networks within each.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a new password, with a fresh salt.
    ///
    /// # Errors
    /// [`HasherBusy`].
    async fn hash_password(
        &self,
        password: Password,
        share: HashQueueKey,
    ) -> Result<PasswordHash, HasherBusy>;

    /// Whether `attempt` is the password behind `hash`. `None` stands for a user that does not exist: it takes the same
    /// time and is always false, as are attempts that could never have been set.
    ///
    /// # Errors
    /// [`HasherBusy`].
    async fn verify_password(
        &self,
        hash: Option<PasswordHash>,
        attempt: String,
        share: HashQueueKey,
    ) -> Result<bool, HasherBusy>;

    /// The cost of the hashes that it makes: the binary logarithm of their rounds.
    fn hash_cost(&self) -> u32;

    /// From now on every verification takes at least as many rounds as a hash of this cost, within a limit: no hash of
    /// the record shall show by the time that it takes. Less than [`hash_cost`](Self::hash_cost) changes nothing.
    fn pad_to_cost(&self, cost: u32);
}
