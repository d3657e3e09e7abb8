//! Hashing passwords with bcrypt.

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

/// Lowest cost there is; the work doubles with each step.
pub const COST_MIN: u32 = 4;
/// Highest cost there is.
pub const COST_MAX: u32 = 31;
/// Highest cost that verifications are padded to: some seconds. A hash of more shows by its time.
pub const COST_PADDED_MAX: u32 = 15;

/// Hashes passwords on threads of their own, only so many at a time.
#[derive(Debug)]
pub struct BcryptHasher {
    cost: u32,
    /// Every verification takes as many rounds as a hash of this cost.
    padded_cost: AtomicU32,
    limiter: HashLimiter,
}

impl BcryptHasher {
    /// A hasher with `2^cost` rounds a hash, that works on `at_once` passwords at a time and lets `waiting_max` more
    /// wait for each purpose, three quarters of them from one network. A cost that does not exist is taken as the nearest
    /// that does, and at least one password is worked on.
    #[must_use]
    pub fn new(cost: u32, at_once: usize, waiting_max: usize) -> Self {
        let cost = cost.clamp(COST_MIN, COST_MAX);
        Self { cost, padded_cost: AtomicU32::new(cost), limiter: HashLimiter::new(at_once, waiting_max) }
    }

    /// The same, in which nothing waits for its turn longer than `longest`; otherwise that is 10 s.
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
        // Only a cost that does not exist could fail.
        hashed.map(|parts| PasswordHash::new(parts.to_string())).map_err(|_| HasherBusy)
    }

    async fn verify_password(
        &self,
        hash: Option<PasswordHash>,
        attempt: String,
        share: HashQueueKey,
    ) -> Result<bool, HasherBusy> {
        let cost = self.padded_cost.load(Ordering::Relaxed);
        // Before it waits: a crowd of long ones would fill the memory.
        let attempt = Password::sanitize_attempt(attempt);
        self.limiter
            .run_blocking(share, move || check_attempt(hash.as_ref(), &attempt, cost, bcrypt_matches))
            .await
    }

    fn hash_cost(&self) -> u32 {
        self.cost
    }

    fn pad_to_cost(&self, cost: u32) {
        self.padded_cost.store(cost.min(COST_PADDED_MAX).max(self.cost), Ordering::Relaxed);
    }
}

/// Whether `attempt` is the password behind `hash`, after `2^cost` rounds of bcrypt in any case: of the hash itself, of
/// a stand-in when there is none that can be read, and of as many stand-ins as a hash of lower cost leaves rounds over.
/// Only a hash of higher cost takes longer.
fn check_attempt(
    hash: Option<&PasswordHash>,
    attempt: &str,
    cost: u32,
    mut matches: impl FnMut(&str, &str) -> bool,
) -> bool {
    let settable = attempt.len() <= Password::BYTES_MAX && !attempt.contains('\0');
    let stored = hash.map(PasswordHash::expose_secret).and_then(|hash| Some((hash, parse_cost(hash)?)));
    let of_no_user = dummy_hash(cost);
    let (hash, spent) = stored.unwrap_or((&of_no_user, cost));
    let right = matches(attempt, hash);
    // 2^n + 2^n + 2^(n+1) + … + 2^(m-1) = 2^m
    for rest in spent..cost {
        matches(attempt, &dummy_hash(rest));
    }
    right && settable && stored.is_some()
}

/// One run of bcrypt. It reads the first 72 bytes of an attempt.
fn bcrypt_matches(attempt: &str, hash: &str) -> bool {
    bcrypt::verify(attempt, hash).unwrap_or(false)
}

/// The cost of a hash that can be read. [`ports::PasswordHasher::hash_cost`] is content with its start.
fn parse_cost(hash: &str) -> Option<u32> {
    let cost = hash.parse::<HashParts>().ok()?.get_cost();
    (COST_MIN..=COST_MAX).contains(&cost).then_some(cost)
}

/// A hash of that cost that is of no user: salt and digest are all zeros.
fn dummy_hash(cost: u32) -> String {
    format!("$2b${cost:02}${:.>53}", "")
}

#[cfg(test)]
mod tests;
