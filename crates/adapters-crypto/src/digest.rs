//! Digests with and without a key, for fingerprints of requests, entity tags and counters.

use data_encoding::HEXLOWER;
use ports::{Digests, KeyedDigests};
use sha2::{Digest, Sha256};

use crate::{
    keys::{KeyRing, SigningKeys},
    mac::MacKey,
};

/// The purpose that all digest keys are derived for, before the purpose of each digest.
const PURPOSE: &str = "idem digest v1";

/// SHA-256 (FIPS 180-4), for content that is not secret.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sha256Digests;

impl Digests for Sha256Digests {
    fn sha256_hex(&self, content: &[u8]) -> String {
        HEXLOWER.encode(&Sha256::digest(content))
    }
}

/// HMAC-SHA256 (RFC 2104) with keys derived from the signing secrets, for content that could be guessed from
/// a digest.
pub struct HmacDigests(KeyRing<MacKey>);

impl HmacDigests {
    /// Digests with keys derived from these secrets.
    #[must_use]
    pub fn new(keys: &SigningKeys) -> Self {
        Self(keys.derive_keys(|secret| MacKey::derive_key(secret, PURPOSE)))
    }
}

impl KeyedDigests for HmacDigests {
    fn keyed_digests(&self, purpose: &str, content: &str) -> Vec<String> {
        // One digest for each secret, the signing one first: what was stored under a secret that is being
        // replaced is still recognised.
        self.0.all_keys().map(|key| key.derive_subkey(purpose).sign_message(content)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "old-old-old-old-old-old-old-old-old";
    const NEW: &str = "new-new-new-new-new-new-new-new-new";

    fn digests(keys: &str, purpose: &str, content: &str) -> Vec<String> {
        HmacDigests::new(&SigningKeys::parse(keys).unwrap()).keyed_digests(purpose, content)
    }

    #[test]
    fn what_was_digested_under_a_replaced_secret_is_recognised() {
        let before = digests(OLD, "requests", "x");
        let [newest, older] = &digests(&format!("new:{NEW},old:{OLD}"), "requests", "x")[..] else {
            panic!("one for each secret")
        };
        assert_eq!((&before[..], newest), (&[older.clone()][..], &digests(NEW, "requests", "x")[0]));
    }

    #[test]
    fn content_purpose_and_secret_each_make_another_digest() {
        let one = digests(OLD, "requests", "x");
        for other in
            [digests(OLD, "requests", "y"), digests(OLD, "others", "x"), digests(NEW, "requests", "x")]
        {
            assert_ne!(one, other);
        }
        assert_ne!(one, [Sha256Digests.sha256_hex(b"x")]);
    }
}
