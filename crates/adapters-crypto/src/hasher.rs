//! Hashing passwords with bcrypt.

mod gate;

use async_trait::async_trait;
use bcrypt::HashParts;
use domain::{Password, PasswordHash};
use ports::{HasherBusy, PasswordHasher};

use crate::random;
use gate::Gate;

/// Lowest cost there is; the work doubles with each step.
pub const COST_MIN: u32 = 4;
/// Highest cost there is.
pub const COST_MAX: u32 = 31;

/// Hashes passwords on threads of their own, only so many at a time.
#[derive(Debug)]
pub struct BcryptHasher {
    cost: u32,
    gate: Gate,
}

impl BcryptHasher {
    /// A hasher with `2^cost` rounds a hash, that works on `at_once` passwords at a time and lets `waiting_max` more
    /// wait. A cost that does not exist is taken as the nearest that does, and at least one password is worked on.
    #[must_use]
    pub fn new(cost: u32, at_once: usize, waiting_max: usize) -> Self {
        Self { cost: cost.clamp(COST_MIN, COST_MAX), gate: Gate::new(at_once, waiting_max) }
    }
}

#[async_trait]
impl PasswordHasher for BcryptHasher {
    async fn hash(&self, password: Password) -> Result<PasswordHash, HasherBusy> {
        let cost = self.cost;
        let hashed =
            self.gate.run(move || bcrypt::hash_with_salt(password.expose(), cost, random::bytes())).await?;
        // Only a cost that does not exist could fail.
        hashed.map(|parts| PasswordHash::new(parts.to_string())).map_err(|_| HasherBusy)
    }

    async fn verify(&self, hash: Option<PasswordHash>, attempt: String) -> Result<bool, HasherBusy> {
        let cost = self.cost;
        self.gate.run(move || check(hash.as_ref(), &attempt, cost, matches)).await
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
    let nobodys = stand_in(cost);
    let (hash, spent) = stored.unwrap_or((&nobodys, cost));
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

/// The cost of a hash that can be read.
fn cost_of(hash: &str) -> Option<u32> {
    let cost = hash.parse::<HashParts>().ok()?.get_cost();
    (COST_MIN..=COST_MAX).contains(&cost).then_some(cost)
}

/// A hash of that cost that is nobody's: salt and digest are all zeros.
fn stand_in(cost: u32) -> String {
    format!("$2b${cost:02}${:.>53}", "")
}

#[cfg(test)]
mod tests;
