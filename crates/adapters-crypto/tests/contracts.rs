//! What the ports promise, of every adapter in this crate.

#![expect(clippy::expect_used, reason = "a fixture that cannot be made fails the test")]

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use adapters_crypto::{
    BcryptHasher, HmacSealer, JwtTokens, RandomIds, Sha256Digests, SigningKeys, random_secret,
};
use domain::Timestamp;
use ports::{Clock, Digests, IdGenerator, PasswordHasher, Sealer, TokenIssuer};

/// Goes on by a millisecond every hundredth time that it is looked at.
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000 + self.0.fetch_add(1, Ordering::SeqCst) / 100)
    }
}

fn keys() -> SigningKeys {
    SigningKeys::parse(&random_secret()).expect("a random secret is a key")
}

async fn a_hasher() -> Arc<dyn PasswordHasher> {
    Arc::new(BcryptHasher::new(adapters_crypto::COST_MIN, 1, 0))
}

async fn tokens() -> Arc<dyn TokenIssuer> {
    Arc::new(JwtTokens::new(&keys()))
}

async fn a_sealer() -> Arc<dyn Sealer> {
    Arc::new(HmacSealer::new(&keys()))
}

async fn digests() -> Arc<dyn Digests> {
    Arc::new(Sha256Digests)
}

async fn ids() -> Arc<dyn IdGenerator> {
    Arc::new(RandomIds::new(Arc::new(Ticking(AtomicI64::new(0)))))
}

port_contracts::digests!(digests);
port_contracts::ids!(ids);
port_contracts::password!(a_hasher);
port_contracts::sealer!(a_sealer);
port_contracts::tokens!(tokens);
