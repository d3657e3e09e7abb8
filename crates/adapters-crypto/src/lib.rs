//! Password hashing, tokens, sealed texts, digests and random ids: the only crate that names an algorithm.
//!
//! All keys are derived from one set of secrets ([`SigningKeys`]), a key for each purpose, so that a
//! signature of one purpose is never valid for another.

mod digest;
mod hasher;
mod ids;
mod jwt;
mod keys;
mod mac;
mod random;
mod refresh;
mod sealer;

pub use digest::{HmacDigests, Sha256Digests};
pub use hasher::{BcryptHasher, COST_MAX, COST_MIN, COST_PADDED_MAX};
pub use ids::RandomIds;
pub use jwt::JwtTokens;
pub use keys::SigningKeys;
pub use random::random_secret;
pub use sealer::HmacSealer;
