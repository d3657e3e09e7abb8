//! Encrypted texts: `<kid>.<nonce, ciphertext and tag in base64url>` (ChaCha20-Poly1305, RFC 8439).

use data_encoding::BASE64URL_NOPAD;
use hmac::Mac;
use ports::SecretCipher;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::{
    keys::{KeyRing, SigningKeys},
    mac::compute_mac,
    random::{random_bytes, random_secret},
};

/// The purpose that all encrypting keys are derived for, before the purpose of each text.
const PURPOSE: &str = "idem cipher v1";

/// Encrypts secrets that are stored to be used again. A database without the service's secret does not tell them.
pub struct AeadCipher(KeyRing<LessSafeKey>);

impl AeadCipher {
    /// A cipher with keys derived from these secrets.
    #[must_use]
    pub fn new(keys: &SigningKeys) -> Self {
        Self(keys.derive_keys(derive_key))
    }
}

#[expect(clippy::expect_used, reason = "a digest of SHA-256 is as long as a key of this algorithm")]
fn derive_key(secret: &[u8]) -> LessSafeKey {
    let key = compute_mac(secret, PURPOSE.as_bytes()).finalize().into_bytes();
    LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &key).expect("32 bytes are a key"))
}

/// What the tag covers beside the text: with another purpose or key name it does not open.
fn associated_data(kid: &str, purpose: &str) -> Aad<String> {
    Aad::from(format!("{kid}.{purpose}"))
}

impl SecretCipher for AeadCipher {
    fn generate_secret(&self) -> String {
        random_secret()
    }

    #[expect(clippy::expect_used, reason = "only a text of gigabytes is too long to be encrypted")]
    fn encrypt_text(&self, purpose: &str, text: &str) -> String {
        let signer = self.0.signing_key();
        // Random nonces of 96 bits: one key may encrypt billions of texts before two of them are likely to be equal.
        let nonce: [u8; NONCE_LEN] = random_bytes();
        let mut sealed = text.as_bytes().to_vec();
        let data = associated_data(&signer.kid, purpose);
        let encrypted =
            signer.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), data, &mut sealed);
        encrypted.expect("the text is short");
        format!("{}.{}", signer.kid, BASE64URL_NOPAD.encode(&[nonce.as_slice(), &sealed].concat()))
    }

    fn decrypt_text(&self, purpose: &str, encrypted: &str) -> Option<String> {
        let (kid, rest) = encrypted.split_once('.')?;
        let mut sealed = BASE64URL_NOPAD.decode(rest.as_bytes()).ok()?;
        let (nonce, text) = sealed.split_first_chunk_mut::<NONCE_LEN>()?;
        let key = self.0.find_key(kid)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = key.open_in_place(nonce, associated_data(kid, purpose), text).ok()?;
        String::from_utf8(plain.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "old-old-old-old-old-old-old-old-old";
    const NEW: &str = "new-new-new-new-new-new-new-new-new";

    fn build_cipher(keys: &str) -> AeadCipher {
        AeadCipher::new(&SigningKeys::parse(keys).unwrap())
    }

    #[test]
    fn a_replaced_key_still_opens_and_an_unknown_one_never_did() {
        let encrypted = build_cipher(OLD).encrypt_text("webhooks", "whsec_1");
        let both = build_cipher(&format!("new:{NEW},old:{OLD}"));
        assert_eq!(both.decrypt_text("webhooks", &encrypted).as_deref(), Some("whsec_1"));
        assert_eq!(build_cipher(NEW).decrypt_text("webhooks", &encrypted), None);
    }

    #[test]
    fn a_text_opens_for_its_purpose_only_and_is_never_encrypted_alike() {
        let cipher = build_cipher(OLD);
        let [one, other] = [(), ()].map(|()| cipher.encrypt_text("webhooks", "whsec_1"));
        assert_ne!(one, other);
        assert!(!one.contains("whsec") && !one.contains(&BASE64URL_NOPAD.encode(b"whsec_1")));
        assert_eq!(cipher.decrypt_text("webhooks", &other).as_deref(), Some("whsec_1"));
        assert_eq!(cipher.decrypt_text("replies", &one), None);
    }

    #[test]
    fn what_was_changed_does_not_open() {
        let cipher = build_cipher(OLD);
        let encrypted = cipher.encrypt_text("webhooks", "whsec_1");
        let (kid, rest) = encrypted.split_once('.').unwrap();
        let mut bytes = BASE64URL_NOPAD.decode(rest.as_bytes()).unwrap();
        for place in 0..bytes.len() {
            bytes[place] ^= 1;
            let changed = format!("{kid}.{}", BASE64URL_NOPAD.encode(&bytes));
            assert_eq!(cipher.decrypt_text("webhooks", &changed), None, "{place}");
            bytes[place] ^= 1;
        }
        for bad in ["", ".", kid, &format!("{kid}."), &format!("{kid}.AAAA"), "x.%%%"] {
            assert_eq!(cipher.decrypt_text("webhooks", bad), None, "{bad}");
        }
    }
}
