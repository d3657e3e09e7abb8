//! Sealed texts: `<kid>.<text in base64url>.<HMAC-SHA256 of name and text>`.

use data_encoding::BASE64URL_NOPAD;
use ports::Sealer;

use crate::{
    keys::{KeyRing, SigningKeys},
    mac::MacKey,
};

/// The purpose that all sealing keys are derived for, before the purpose of each text.
const PURPOSE: &str = "idem seal v1";

/// Seals texts with HMAC-SHA256, such as the cursors of lists. Clients can read a sealed text, but they
/// cannot change it or make one.
pub struct HmacSealer(KeyRing<MacKey>);

impl HmacSealer {
    /// A sealer with keys derived from these secrets.
    #[must_use]
    pub fn new(keys: &SigningKeys) -> Self {
        Self(keys.derive_keys(|secret| MacKey::derive_key(secret, PURPOSE)))
    }
}

impl Sealer for HmacSealer {
    fn seal_text(&self, purpose: &str, text: &str) -> String {
        let signer = self.0.signing_key();
        let signature = signer.key.derive_subkey(purpose).sign_message(&signing_input(&signer.kid, text));
        format!("{}.{}.{signature}", signer.kid, BASE64URL_NOPAD.encode(text.as_bytes()))
    }

    fn open_sealed_text(&self, purpose: &str, sealed: &str) -> Option<String> {
        let (kid, rest) = sealed.split_once('.')?;
        let (text, signature) = rest.split_once('.')?;
        let key = self.0.find_key(kid)?;
        // Decoded before it is verified, because the signature covers the text and not its encoding. Decoding
        // interprets nothing, so an unverified text does no harm here.
        let text = String::from_utf8(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()?;
        key.derive_subkey(purpose).is_valid_signature(&signing_input(kid, &text), signature).then_some(text)
    }
}

/// The signed text. It includes the name of the key: a key without a name verifies any, and otherwise one
/// sealed text could be written with many names.
fn signing_input(kid: &str, text: &str) -> String {
    format!("{kid}.{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "old-old-old-old-old-old-old-old-old";
    const NEW: &str = "new-new-new-new-new-new-new-new-new";

    fn build_sealer(keys: &str) -> HmacSealer {
        HmacSealer::new(&SigningKeys::parse(keys).unwrap())
    }

    #[test]
    fn a_replaced_key_still_opens_and_an_unknown_one_never_did() {
        let sealed = build_sealer(OLD).seal_text("orders", "42");
        assert_eq!(
            build_sealer(&format!("new:{NEW},old:{OLD}")).open_sealed_text("orders", &sealed).as_deref(),
            Some("42")
        );
        assert_eq!(build_sealer(NEW).open_sealed_text("orders", &sealed), None);
    }

    #[test]
    fn a_key_that_is_named_like_another_opens_nothing_of_it() {
        let sealed = build_sealer(&format!("a:{OLD}")).seal_text("orders", "42");
        assert_eq!(build_sealer(&format!("a:{NEW}")).open_sealed_text("orders", &sealed), None);
    }
}
