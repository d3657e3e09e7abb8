//! Sealed texts: `<kid>.<text in base64url>.<HMAC-SHA256 of name and text>`.

use data_encoding::BASE64URL_NOPAD;
use ports::Sealer;

use crate::{
    keys::{Ring, SigningKeys},
    mac::MacKey,
};

/// What the keys of sealed texts are derived for, before the purpose of each.
const PURPOSE: &str = "idem seal v1";

/// Seals texts with HMAC-SHA256. They can be read by whoever has them, but not written.
pub struct HmacSealer(Ring<MacKey>);

impl HmacSealer {
    /// A sealer with keys derived from these.
    #[must_use]
    pub fn new(keys: &SigningKeys) -> Self {
        Self(keys.ring(|secret| MacKey::derive(secret, PURPOSE)))
    }
}

impl Sealer for HmacSealer {
    fn seal(&self, purpose: &str, text: &str) -> String {
        let signer = self.0.signer();
        let signature = signer.key.narrow(purpose).sign(&signed(&signer.kid, text));
        format!("{}.{}.{signature}", signer.kid, BASE64URL_NOPAD.encode(text.as_bytes()))
    }

    fn open(&self, purpose: &str, sealed: &str) -> Option<String> {
        let (kid, rest) = sealed.split_once('.')?;
        let (text, signature) = rest.split_once('.')?;
        let key = self.0.find(kid)?;
        let text = String::from_utf8(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()?;
        key.narrow(purpose).verifies(&signed(kid, &text), signature).then_some(text)
    }
}

/// The name too: a key that has none of its own takes any, and what is sealed shall have one form only.
fn signed(kid: &str, text: &str) -> String {
    format!("{kid}.{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "old-old-old-old-old-old-old-old-old";
    const NEW: &str = "new-new-new-new-new-new-new-new-new";

    fn sealer(keys: &str) -> HmacSealer {
        HmacSealer::new(&SigningKeys::parse(keys).unwrap())
    }

    #[test]
    fn a_replaced_key_still_opens_and_an_unknown_one_never_did() {
        let sealed = sealer(OLD).seal("orders", "42");
        assert_eq!(sealer(&format!("new:{NEW},old:{OLD}")).open("orders", &sealed).as_deref(), Some("42"));
        assert_eq!(sealer(NEW).open("orders", &sealed), None);
    }

    #[test]
    fn a_key_that_is_named_like_another_opens_nothing_of_it() {
        let sealed = sealer(&format!("a:{OLD}")).seal("orders", "42");
        assert_eq!(sealer(&format!("a:{NEW}")).open("orders", &sealed), None);
    }
}
