//! Hashing passwords with bcrypt.

mod gate;
mod line;

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use bcrypt::HashParts;
use domain::{Password, PasswordHash};
use ports::{HasherBusy, PasswordHasher, Share};

use crate::random;
use gate::Gate;

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
    padded: AtomicU32,
    gate: Gate,
}

impl BcryptHasher {
    /// A hasher with `2^cost` rounds a hash, that works on `at_once` passwords at a time and lets `waiting_max` more
    /// wait for each purpose, three quarters of them from one network. A cost that does not exist is taken as the nearest
    /// that does, and at least one password is worked on.
    #[must_use]
    pub fn new(cost: u32, at_once: usize, waiting_max: usize) -> Self {
        let cost = cost.clamp(COST_MIN, COST_MAX);
        Self { cost, padded: AtomicU32::new(cost), gate: Gate::new(at_once, waiting_max) }
    }

    /// The same, in which nothing waits for its turn longer than `longest`; otherwise that is 10 s.
    #[must_use]
    pub fn with_patience(self, longest: Duration) -> Self {
        Self { gate: self.gate.with_patience(longest), ..self }
    }
}

#[async_trait]
impl PasswordHasher for BcryptHasher {
    async fn hash(&self, password: Password, share: Share) -> Result<PasswordHash, HasherBusy> {
        let cost = self.cost;
        let hash = move || bcrypt::hash_with_salt(password.expose(), cost, random::bytes());
        let hashed = self.gate.run(share, hash).await?;
        // Only a cost that does not exist could fail.
        hashed.map(|parts| PasswordHash::new(parts.to_string())).map_err(|_| HasherBusy)
    }

    async fn verify(
        &self,
        hash: Option<PasswordHash>,
        attempt: String,
        share: Share,
    ) -> Result<bool, HasherBusy> {
        let cost = self.padded.load(Ordering::Relaxed);
        // Before it waits: a crowd of long ones would fill the memory.
        let attempt = Password::attempt(attempt);
        self.gate.run(share, move || check(hash.as_ref(), &attempt, cost, matches)).await
    }

    fn cost(&self) -> u32 {
        self.cost
    }

    fn pad_to(&self, cost: u32) {
        self.padded.store(cost.min(COST_PADDED_MAX).max(self.cost), Ordering::Relaxed);
    }
}

/// Whether `attempt` is the password behind `hash`, after `2^cost` rounds of bcrypt in any case: of the hash itself, of
/// a stand-in when there is none that can be read, and of as many stand-ins as a hash of lower cost leaves rounds over.
/// Only a hash of higher cost takes longer.
fn check(
    hash: Option<&PasswordHash>,
    attempt: &str,
    cost: u32,
    mut matches: impl FnMut(&str, &str) -> bool,
) -> bool {
    let settable = attempt.len() <= Password::BYTES_MAX && !attempt.contains('\0');
    let stored = hash.map(PasswordHash::expose).and_then(|hash| Some((hash, cost_of(hash)?)));
    let of_no_user = stand_in(cost);
    let (hash, spent) = stored.unwrap_or((&of_no_user, cost));
    let right = matches(attempt, hash);
    // 2^n + 2^n + 2^(n+1) + … + 2^(m-1) = 2^m
    for rest in spent..cost {
        matches(attempt, &stand_in(rest));
    }
    right && settable && stored.is_some()
}

/// One run of bcrypt. It reads the first 72 bytes of an attempt.
fn matches(attempt: &str, hash: &str) -> bool {
    bcrypt::verify(attempt, hash).unwrap_or(false)
}

/// The cost of a hash that can be read. [`PasswordHash::cost`] is content with its start.
fn cost_of(hash: &str) -> Option<u32> {
    let cost = hash.parse::<HashParts>().ok()?.get_cost();
    (COST_MIN..=COST_MAX).contains(&cost).then_some(cost)
}

/// A hash of that cost that is of no user: salt and digest are all zeros.
fn stand_in(cost: u32) -> String {
    format!("$2b${cost:02}${:.>53}", "")
}

#[cfg(test)]
mod tests;
