//! HMAC-SHA256 (RFC 2104, FIPS 198-1).

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

/// A key that signs messages for one purpose.
#[derive(Debug)]
pub(crate) struct MacKey(SecretSlice<u8>);

impl MacKey {
    /// The key that a secret gives for a purpose: knowing what it signs says nothing about the keys of other purposes,
    /// nor about the secret (a key derivation by HMAC as in RFC 5869, 2.3, with one block).
    pub(crate) fn derive(secret: &[u8], purpose: &str) -> Self {
        Self(mac(secret, purpose.as_bytes()).finalize().into_bytes().to_vec().into())
    }

    /// The key that this one gives for a narrower purpose.
    pub(crate) fn narrow(&self, purpose: &str) -> Self {
        Self::derive(self.0.expose_secret(), purpose)
    }

    /// The signature of a message, in base64url (RFC 4648, 5) without padding.
    pub(crate) fn sign(&self, message: &str) -> String {
        let signature = mac(self.0.expose_secret(), message.as_bytes()).finalize().into_bytes();
        BASE64URL_NOPAD.encode(&signature)
    }

    /// Whether that is the signature of the message; takes the same time wherever they begin to differ.
    pub(crate) fn verifies(&self, message: &str, signature: &str) -> bool {
        let Ok(signature) = BASE64URL_NOPAD.decode(signature.as_bytes()) else { return false };
        mac(self.0.expose_secret(), message.as_bytes()).verify_slice(&signature).is_ok()
    }
}

/// The MAC of a message that more may be added to.
#[expect(clippy::expect_used, reason = "HMAC has no key that it cannot take")]
pub(crate) fn mac(key: &[u8], message: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("any length will do").chain_update(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, 4.3.
    #[test]
    fn a_signature_is_hmac_sha256() {
        let tag = mac(b"Jefe", b"what do ya want for nothing?").finalize().into_bytes();
        let hex = data_encoding::HEXLOWER.encode(&tag);
        assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn what_one_purpose_signs_no_other_takes() {
        let [one, other] = ["one", "other"].map(|purpose| MacKey::derive(b"secret", purpose));
        let signature = one.sign("message");
        assert!(one.verifies("message", &signature));
        assert!(!other.verifies("message", &signature));
        assert!(!one.narrow("one").verifies("message", &signature));
        assert!(!one.verifies("message", "") && !one.verifies("message", signature.split_at(20).0));
    }

    #[test]
    fn nothing_secret_shows_in_debug() {
        let key = MacKey(b"terrible secret".to_vec().into());
        assert!(!format!("{key:?}").contains("terrible"));
        assert!(!format!("{key:?}").contains("116"), "nor byte by byte");
    }
}
