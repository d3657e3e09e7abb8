//! The signing secrets and their names.

use data_encoding::HEXLOWER;
use domain::Invalid;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// Shortest secret, in bytes: the length of the digest, as RFC 7518, 3.2 requires.
const SECRET_BYTES_MIN: usize = 32;
/// Longest name of a key, in characters.
const KID_CHARS_MAX: usize = 32;

/// The signing secrets: the first one signs, all of them verify, so that one can be replaced without logging
/// anyone out.
///
/// A key is found by its given name, and always by its fingerprint as well: a token that was signed while the
/// secret was alone and without a name is still valid after it gets a name and a successor, and the other way
/// round. `Debug` shows names only.
///
/// ```
/// use adapters_crypto::SigningKeys;
///
/// let alone = SigningKeys::parse("0123456789abcdef0123456789abcdef")?;
/// let replaced = SigningKeys::parse("2026-02:a-new-secret-of-32-bytes-or-more,old:0123456789abcdef0123456789abcdef")?;
/// assert!(SigningKeys::parse("too short").is_err());
/// # Ok::<(), domain::Invalid>(())
/// ```
#[derive(Debug)]
pub struct SigningKeys(KeyRing<SecretString>);

impl SigningKeys {
    /// Parses one secret of at least 32 bytes, or `kid:secret` pairs with a comma between them. A name has 1
    /// to 32 characters of `A-Z a-z 0-9 _ -`; white space around a pair is dropped.
    ///
    /// # Errors
    /// [`Invalid`] when a secret is too short, or a name is missing, malformed or given twice. A single
    /// secret with a comma or colon in it cannot be told from pairs.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let mut keys = if text.contains([',', ':']) {
            text.split(',').map(|pair| parse_pair(pair.trim())).collect::<Result<Vec<_>, _>>()?
        } else {
            let secret = text.trim();
            vec![build_key(secret_fingerprint(secret), secret)?]
        };
        // Two keys of one name would make it a matter of order which of them verifies.
        let mut kids: Vec<_> = keys.iter().map(|key| &key.kid).collect();
        kids.sort_unstable();
        if kids.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
            return Err(Invalid("must not name two keys the same"));
        }
        let first = keys.remove(0);
        Ok(Self(KeyRing { first, older: keys }))
    }

    /// A key ring with the keys that `make` derives from every secret, under the same names.
    pub(crate) fn derive_keys<T>(&self, make: impl Fn(&[u8]) -> T) -> KeyRing<T> {
        let make = |key: &NamedKey<SecretString>| NamedKey {
            kid: key.kid.clone(),
            fingerprint: key.fingerprint.clone(),
            key: make(key.key.expose_secret().as_bytes()),
        };
        KeyRing { first: make(&self.0.first), older: self.0.older.iter().map(make).collect() }
    }
}

/// Parses one `kid:secret` pair; colons after the first belong to the secret.
fn parse_pair(pair: &str) -> Result<NamedKey<SecretString>, Invalid> {
    let (kid, secret) = pair.split_once(':').ok_or(Invalid("must be one secret, or kid:secret pairs"))?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !(1..=KID_CHARS_MAX).contains(&kid.len()) || !kid.bytes().all(allowed) {
        return Err(Invalid("must name every key with 1 to 32 characters of A-Z a-z 0-9 _ -"));
    }
    build_key(kid.to_owned(), secret)
}

fn build_key(kid: String, secret: &str) -> Result<NamedKey<SecretString>, Invalid> {
    if secret.len() < SECRET_BYTES_MIN {
        return Err(Invalid("must have secrets of at least 32 bytes"));
    }
    Ok(NamedKey { kid, fingerprint: secret_fingerprint(secret), key: secret.into() })
}

/// The first 8 hex digits of the SHA-256 of a secret: its name when it has no other. They are public in every
/// token, which is safe for a secret that is random.
fn secret_fingerprint(secret: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(secret)).chars().take(8).collect()
}

/// Keys of one kind: one that signs, and those that only verify.
#[derive(Debug)]
pub(crate) struct KeyRing<T> {
    first: NamedKey<T>,
    older: Vec<NamedKey<T>>,
}

#[derive(Debug)]
pub(crate) struct NamedKey<T> {
    pub(crate) kid: String,
    fingerprint: String,
    pub(crate) key: T,
}

impl<T> KeyRing<T> {
    /// The key that signs; it verifies too.
    pub(crate) const fn signing_key(&self) -> &NamedKey<T> {
        &self.first
    }

    /// All keys, the signing one first.
    pub(crate) fn all_keys(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.first).chain(&self.older).map(|it| &it.key)
    }

    /// The key for `kid`; a given name goes before a fingerprint. A single key without a name is used for
    /// every `kid`.
    pub(crate) fn find_key(&self, kid: &str) -> Option<&T> {
        let all = || std::iter::once(&self.first).chain(&self.older);
        let named = all().find(|it| it.kid == kid).or_else(|| all().find(|it| it.fingerprint == kid));
        // While instances restart one by one, some have the name already and others have not. Trying the only
        // key is safe: the signature decides.
        let nameless = self.older.is_empty() && self.first.kid == self.first.fingerprint;
        named.or_else(|| nameless.then_some(&self.first)).map(|it| &it.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "one-one-one-one-one-one-one-one-1";
    const TWO: &str = "two-two-two-two-two-two-two-two-2";

    fn parse_ring(text: &str) -> KeyRing<String> {
        SigningKeys::parse(text).unwrap().derive_keys(|secret| String::from_utf8(secret.to_vec()).unwrap())
    }

    #[test]
    fn a_single_secret_is_named_by_its_fingerprint() {
        let ring = parse_ring(&format!(" {ONE}\n"));
        assert_eq!(ring.signing_key().key, ONE);
        assert_eq!(ring.signing_key().kid, &Sha256Hex::fingerprint_of(ONE)[..8]);
        assert_eq!(ring.find_key(&ring.signing_key().kid).unwrap(), ONE);
    }

    #[test]
    fn of_several_the_first_signs_and_all_verify() {
        let ring = parse_ring(&format!("new:{TWO}, old:{ONE}"));
        assert_eq!((ring.signing_key().kid.as_str(), ring.signing_key().key.as_str()), ("new", TWO));
        assert_eq!(ring.find_key("old").unwrap(), ONE);
        assert_eq!(ring.find_key("other"), None);
        assert_eq!(ring.find_key(""), None);
    }

    #[test]
    fn a_key_that_gets_a_name_still_answers_to_its_fingerprint() {
        let alone = parse_ring(ONE);
        assert_eq!(
            parse_ring(&format!("new:{TWO},old:{ONE}")).find_key(&alone.signing_key().kid).unwrap(),
            ONE
        );
    }

    #[test]
    fn a_key_that_stands_alone_and_nameless_answers_to_the_name_it_is_about_to_get() {
        let next = parse_ring(&format!("old:{ONE},new:{TWO}"));
        assert_eq!(parse_ring(ONE).find_key(&next.signing_key().kid).unwrap(), ONE);
        assert_eq!(parse_ring(&format!("only:{ONE}")).find_key("old"), None, "one with a name does not");
    }

    #[test]
    fn a_secret_may_have_colons() {
        assert_eq!(parse_ring(&format!("kid:a:{ONE}")).signing_key().key, format!("a:{ONE}"));
    }

    #[test]
    fn weak_or_unclear_keys_are_refused() {
        let long_name = "k".repeat(33);
        let pairs = [
            String::new(),
            ONE[..31].to_owned(),
            format!("{ONE},{TWO}"),
            format!("a:{ONE},{TWO}"),
            format!("a:{ONE},a:{TWO}"),
            format!("a:{ONE},b:{}", &TWO[..31]),
            format!("a:{ONE},"),
            format!(":{ONE}"),
            format!("a b:{ONE}"),
            format!("ä:{ONE}"),
            format!("{long_name}:{ONE}"),
        ];
        for bad in pairs {
            assert!(SigningKeys::parse(&bad).is_err(), "{bad}");
        }
        assert!(SigningKeys::parse(&ONE[..32]).is_ok());
    }

    #[test]
    fn nothing_secret_shows_in_debug_or_in_an_error() {
        let shown = format!("{:?}", SigningKeys::parse(&format!("new:{TWO},old:{ONE}")).unwrap());
        assert!(shown.contains("new") && !shown.contains("one-") && !shown.contains("two-"), "{shown}");
        let error = SigningKeys::parse("hush-hush").unwrap_err();
        assert!(!format!("{error:?} {error}").contains("hush"));
    }

    struct Sha256Hex;

    impl Sha256Hex {
        fn fingerprint_of(text: &str) -> String {
            ports::Digests::sha256_hex(&crate::Sha256Digests, text.as_bytes())
        }
    }
}
