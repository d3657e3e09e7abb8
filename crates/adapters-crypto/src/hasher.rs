//! Hashing and verifying passwords with bcrypt.
//!
//! Two promises: the time of a verification tells nothing about the account (it takes the same rounds whether
//! the account exists or not), and a flood of passwords from one network or for one purpose does not keep the
//! others waiting.

mod fair_queue;
mod limiter;

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use bcrypt::HashParts;
use domain::{Password, PasswordHash};
use ports::{HashQueueKey, HasherBusy, PasswordHasher};

use crate::random;
use limiter::HashLimiter;

/// Lowest cost of bcrypt; the work doubles with each step.
pub const COST_MIN: u32 = 4;
/// Highest cost that bcrypt defines; it takes days.
pub const COST_MAX: u32 = 31;
/// Highest cost that verifications are padded to, some seconds. A hash with a higher cost can be told by its
/// time.
pub const COST_PADDED_MAX: u32 = 15;

/// Hashes passwords on threads for blocking work, a limited number at a time.
#[derive(Debug)]
pub struct BcryptHasher {
    cost: u32,
    /// Every verification takes as many rounds as a hash of this cost; raised when the database has a
    /// costlier hash.
    padded_cost: AtomicU32,
    limiter: HashLimiter,
}

impl BcryptHasher {
    /// A hasher with `2^cost` rounds per hash. It hashes `at_once` passwords at a time, at least one, and
    /// lets `waiting_max` more wait for each purpose, at most three quarters of them from one network. A cost
    /// out of range is taken as the nearest in range.
    #[must_use]
    pub fn new(cost: u32, at_once: usize, waiting_max: usize) -> Self {
        let cost = cost.clamp(COST_MIN, COST_MAX);
        Self { cost, padded_cost: AtomicU32::new(cost), limiter: HashLimiter::new(at_once, waiting_max) }
    }

    /// Replaces the time limit for waiting in the queue, which is 10 s otherwise.
    #[must_use]
    pub fn with_queue_timeout(self, longest: Duration) -> Self {
        Self { limiter: self.limiter.with_queue_timeout(longest), ..self }
    }
}

#[async_trait]
impl PasswordHasher for BcryptHasher {
    async fn hash_password(
        &self,
        password: Password,
        share: HashQueueKey,
    ) -> Result<PasswordHash, HasherBusy> {
        let cost = self.cost;
        let hash = move || bcrypt::hash_with_salt(password.expose_secret(), cost, random::random_bytes());
        let hashed = self.limiter.run_blocking(share, hash).await?;
        // Fails only for a cost out of range, which the constructor has ruled out.
        hashed.map(|parts| PasswordHash::new(parts.to_string())).map_err(|_| HasherBusy)
    }

    async fn verify_password(
        &self,
        hash: Option<PasswordHash>,
        attempt: String,
        share: HashQueueKey,
    ) -> Result<bool, HasherBusy> {
        let cost = self.padded_cost.load(Ordering::Relaxed);
        // Shortened before it waits: attempts have the length of a request body, and thousands of those in
        // the queue would fill the memory.
        let attempt = Password::sanitize_attempt(attempt);
        self.limiter
            .run_blocking(share, move || check_attempt(hash.as_ref(), &attempt, cost, bcrypt_matches))
            .await
    }

    fn hash_cost(&self) -> u32 {
        self.cost
    }

    fn pad_to_cost(&self, cost: u32) {
        // Never below the cost of new hashes, and never so high that a single row, written by another
        // program, makes every login take minutes.
        self.padded_cost.store(cost.min(COST_PADDED_MAX).max(self.cost), Ordering::Relaxed);
    }
}

/// Whether `attempt` is the password behind `hash`, always after `2^cost` rounds of bcrypt: of the hash
/// itself, of a dummy when there is no hash that can be parsed, and of more dummies for the rounds that a
/// hash of lower cost leaves over. Only a hash of higher cost takes longer.
fn check_attempt(
    hash: Option<&PasswordHash>,
    attempt: &str,
    cost: u32,
    mut matches: impl FnMut(&str, &str) -> bool,
) -> bool {
    // Such an attempt cannot be anyone's password, but it is hashed all the same, and the verdict comes at
    // the end: an early return would answer faster and tell which accounts exist.
    let settable = attempt.len() <= Password::BYTES_MAX && !attempt.contains('\0');
    let stored = hash.map(PasswordHash::expose_secret).and_then(|hash| Some((hash, parse_cost(hash)?)));
    let of_no_user = dummy_hash(cost);
    let (hash, spent) = stored.unwrap_or((&of_no_user, cost));
    let right = matches(attempt, hash);
    // 2^n + 2^n + 2^(n+1) + … + 2^(m-1) = 2^m, so the dummies fill up the rounds exactly.
    for rest in spent..cost {
        matches(attempt, &dummy_hash(rest));
    }
    right && settable && stored.is_some()
}

/// One run of bcrypt, which reads only the first 72 bytes of an attempt.
fn bcrypt_matches(attempt: &str, hash: &str) -> bool {
    bcrypt::verify(attempt, hash).unwrap_or(false)
}

/// The cost of a hash that can be parsed as a whole; `None` for any other text in its column.
fn parse_cost(hash: &str) -> Option<u32> {
    let cost = hash.parse::<HashParts>().ok()?.get_cost();
    (COST_MIN..=COST_MAX).contains(&cost).then_some(cost)
}

/// A hash of this cost that belongs to no user: salt and digest are all zeros.
fn dummy_hash(cost: u32) -> String {
    format!("$2b${cost:02}${:.>53}", "")
}

#[cfg(test)]
mod tests;
