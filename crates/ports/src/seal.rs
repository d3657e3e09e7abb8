//! Authentication of texts that leave the service and come back.

/// Signs short texts that a client carries for the service, such as the cursor of a list.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Sealer: Send + Sync {
    /// `text` in a sealed, URL-safe form. The `purpose` is part of the seal: a text sealed for one does not
    /// open for another.
    fn seal_text(&self, purpose: &str, text: &str) -> String;

    /// The original text; `None` unless this service sealed exactly this text for exactly that purpose.
    fn open_sealed_text(&self, purpose: &str, sealed: &str) -> Option<String>;
}

/// Encrypts secrets that the service has to use again, so that the database alone does not tell them.
pub trait SecretCipher: Send + Sync {
    /// A new random secret of 32 bytes, as 44 characters of base64.
    fn generate_secret(&self) -> String;

    /// The text, encrypted and authenticated under the active secret of the service. Each call gives another text. The
    /// `purpose` is part of it: a text that was encrypted for one does not open for another.
    fn encrypt_text(&self, purpose: &str, text: &str) -> String;

    /// The original text, if it was encrypted for exactly that purpose under a secret that is still accepted; `None`
    /// otherwise.
    fn decrypt_text(&self, purpose: &str, encrypted: &str) -> Option<String>;
}

/// Digests under a secret key. Without the key a digest cannot be reversed by trying, not even for a
/// password.
pub trait KeyedDigests: Send + Sync {
    /// The digests of `content` for `purpose` under each active secret, newest first, so that a digest made
    /// before a secret was rotated is still recognised.
    fn keyed_digests(&self, purpose: &str, content: &str) -> Vec<String>;
}

/// Unkeyed digests, to give long contents a short name.
pub trait Digests: Send + Sync {
    /// The SHA-256 digest (FIPS 180-4) as 64 lower-case hexadecimal digits.
    fn sha256_hex(&self, content: &[u8]) -> String;
}
