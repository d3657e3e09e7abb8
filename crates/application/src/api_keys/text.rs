//! The text of an API key: the secret that a client sends.

use std::fmt;

use domain::api_key::ApiKeyDigest;
use ports::Digests;

/// What every key begins with, so that people and scanners of leaked secrets recognise it.
const PREFIX: &str = "idem_";
/// The length of what follows, in characters: 256 bits in base64url.
const SECRET_CHARS: usize = 43;

/// An API key as its owner sends it. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeyText(String);

impl ApiKeyText {
    /// Parses a bearer token; `None` if it has not the form of a key. Whether there is such a key, its digest tells.
    #[must_use]
    pub fn parse(token: &str) -> Option<Self> {
        let secret = token.strip_prefix(PREFIX)?;
        // Checked before anything is read: what cannot be a key costs no query.
        let allowed = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_');
        (secret.len() == SECRET_CHARS && secret.bytes().all(allowed)).then(|| Self(token.to_owned()))
    }

    /// The key whose secret part is this digest.
    pub(super) fn from_digest(digest: &str) -> Self {
        Self(format!("{PREFIX}{digest}"))
    }

    /// The digest that it is stored as and found by. No salt: the text has 256 random bits.
    pub(super) fn digest(&self, digests: &dyn Digests) -> ApiKeyDigest {
        ApiKeyDigest::new(digests.sha256_hex(self.0.as_bytes()))
    }

    /// The key, for the reply that shows it once.
    pub(super) fn expose_secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeyText(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_prefix_its_length_and_its_alphabet() {
        let secret = "aZ0-_".repeat(9);
        let secret = &secret[..SECRET_CHARS];
        assert!(ApiKeyText::parse(&format!("idem_{secret}")).is_some());
        for bad in ["", "idem_", secret, &format!("IDEM_{secret}"), &format!("idem_{secret}x")] {
            assert!(ApiKeyText::parse(bad).is_none(), "{bad}");
        }
        assert!(ApiKeyText::parse(&format!("idem_{}.", &secret[1..])).is_none());
    }

    #[test]
    fn nothing_shows_in_debug() {
        assert!(!format!("{:?}", ApiKeyText::from_digest("secret")).contains("secret"));
    }
}
