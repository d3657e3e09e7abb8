//! How many passwords are hashed at once, and how many wait for it.

use std::num::NonZero;

use adapters_crypto::BcryptHasher;

use crate::{config::Config, tasks::HASHING_MAX};

/// How many passwords may wait for each one that is being hashed, of each purpose; one more is refused.
pub(super) const QUEUED_PASSWORDS_PER_HASH: usize = 96;
/// Registering, logging in, logging in where one did before, changing a password.
pub(super) const PURPOSES: usize = 4;

/// At most half of the cores hash passwords: a flood of logins leaves the other half to orders. No password
/// waits longer than the time limit of its request.
pub(super) fn build_hasher(config: &Config) -> BcryptHasher {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let (at_once, waiting) = hashing_limits(cores);
    BcryptHasher::new(config.bcrypt_cost, at_once, waiting).with_queue_timeout(config.request_deadline)
}

/// How many passwords are hashed at once on this many cores, and how many wait for each purpose; all together
/// at most [`HASHING_MAX`].
pub(super) fn hashing_limits(cores: usize) -> (usize, usize) {
    let at_once = cores.div_ceil(2).min(HASHING_MAX / 4);
    let for_each = HASHING_MAX.saturating_sub(at_once) / PURPOSES;
    (at_once, at_once.saturating_mul(QUEUED_PASSWORDS_PER_HASH).min(for_each))
}
