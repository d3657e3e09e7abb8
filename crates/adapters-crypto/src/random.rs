//! Random bytes from the operating system, the only source of secrets and ids.

use data_encoding::BASE64;

/// `N` random bytes from the operating system.
///
/// # Panics
/// When the operating system has no randomness: anything else in its place could be guessed.
#[expect(clippy::disallowed_methods, reason = "this is where all randomness comes from")]
#[expect(clippy::expect_used, reason = "without randomness no secret and no id may be made")]
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    bytes
}

/// A new secret of 32 random bytes, as 44 characters of base64 (RFC 4648, 4).
///
/// ```
/// let secret = adapters_crypto::random_secret();
/// assert!(adapters_crypto::SigningKeys::parse(&secret).is_ok());
/// ```
///
/// # Panics
/// When the operating system has no randomness.
#[must_use]
pub fn random_secret() -> String {
    BASE64.encode(&random_bytes::<32>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_new_each_time_and_32_bytes_long() {
        let [one, other] = [random_secret(), random_secret()];
        assert_ne!(one, other);
        assert_eq!(BASE64.decode(one.as_bytes()).unwrap().len(), 32);
    }
}
