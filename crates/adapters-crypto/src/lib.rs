//! bcrypt, JSON Web Tokens, random ids and digests: the only crate that knows an algorithm.

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
