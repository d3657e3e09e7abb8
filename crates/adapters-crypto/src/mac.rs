//! HMAC-SHA256 (RFC 2104, FIPS 198-1).

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

/// A key that signs messages for one purpose.
#[derive(Debug)]
pub(crate) struct MacKey(SecretSlice<u8>);

impl MacKey {
    /// Derives the key for a purpose from a secret. It tells nothing about the secret or the keys of other
    /// purposes (HMAC as a key derivation, as in RFC 5869, 2.3, with one block).
    pub(crate) fn derive_key(secret: &[u8], purpose: &str) -> Self {
        Self(compute_mac(secret, purpose.as_bytes()).finalize().into_bytes().to_vec().into())
    }

    /// Derives a key for a narrower purpose from this key.
    pub(crate) fn derive_subkey(&self, purpose: &str) -> Self {
        Self::derive_key(self.0.expose_secret(), purpose)
    }

    /// The signature of a message, in base64url (RFC 4648, 5) without padding.
    pub(crate) fn sign_message(&self, message: &str) -> String {
        let signature = compute_mac(self.0.expose_secret(), message.as_bytes()).finalize().into_bytes();
        BASE64URL_NOPAD.encode(&signature)
    }

    /// Whether this is the signature of the message. The comparison takes the same time wherever the two
    /// differ.
    pub(crate) fn is_valid_signature(&self, message: &str, signature: &str) -> bool {
        let Ok(signature) = BASE64URL_NOPAD.decode(signature.as_bytes()) else { return false };
        // Not `==` on the encoded texts: its time would tell how many characters of a guess are right.
        compute_mac(self.0.expose_secret(), message.as_bytes()).verify_slice(&signature).is_ok()
    }
}

/// The unfinished MAC of a message: more can be added to the message.
#[expect(clippy::expect_used, reason = "HMAC has no key that it cannot take")]
pub(crate) fn compute_mac(key: &[u8], message: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("any length will do").chain_update(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, 4.3.
    #[test]
    fn a_signature_is_hmac_sha256() {
        let tag = compute_mac(b"Jefe", b"what do ya want for nothing?").finalize().into_bytes();
        let hex = data_encoding::HEXLOWER.encode(&tag);
        assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn what_one_purpose_signs_no_other_takes() {
        let [one, other] = ["one", "other"].map(|purpose| MacKey::derive_key(b"secret", purpose));
        let signature = one.sign_message("message");
        assert!(one.is_valid_signature("message", &signature));
        assert!(!other.is_valid_signature("message", &signature));
        assert!(!one.derive_subkey("one").is_valid_signature("message", &signature));
        assert!(
            !one.is_valid_signature("message", "")
                && !one.is_valid_signature("message", signature.split_at(20).0)
        );
    }

    #[test]
    fn nothing_secret_shows_in_debug() {
        let key = MacKey(b"terrible secret".to_vec().into());
        assert!(!format!("{key:?}").contains("terrible"));
        assert!(!format!("{key:?}").contains("116"), "nor byte by byte");
    }
}
