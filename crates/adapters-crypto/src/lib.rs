//! Password hashing, tokens, sealed texts, digests and random ids: the only crate that names an algorithm.
//!
//! All of them share one set of secrets ([`SigningKeys`]). Access tokens are signed with the secret itself;
//! every other purpose has its own derived key, so that a signature of one purpose is never valid for
//! another.

mod cipher;
mod digest;
mod hasher;
mod ids;
mod jwt;
mod keys;
mod mac;
mod random;
mod refresh;
mod sealer;
mod totp;

pub use cipher::AeadCipher;
pub use digest::{HmacDigests, Sha256Digests};
pub use hasher::{BcryptHasher, COST_MAX, COST_MIN, COST_PADDED_MAX};
pub use ids::RandomIds;
pub use jwt::JwtTokens;
pub use keys::SigningKeys;
pub use random::random_secret;
pub use sealer::HmacSealer;
pub use totp::TotpCodes;
