//! Keeping clients from writing what only the service may write.

/// Signs short texts that a client carries for the service, such as the cursor of a list.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Sealer: Send + Sync {
    /// `text` in a sealed, URL-safe form. The `purpose` is sealed in: a text sealed for one does not open for another.
    fn seal_text(&self, purpose: &str, text: &str) -> String;

    /// What was sealed, or `None` when this service did not seal exactly this for exactly that purpose.
    fn open_sealed_text(&self, purpose: &str, sealed: &str) -> Option<String>;
}

/// Digests that only the service can make: what is behind one cannot be found by trying, not even a password.
pub trait KeyedDigests: Send + Sync {
    /// The digests of `content` for `purpose` under each secret that is in force, the newest first: what was written
    /// before a secret was replaced is still recognised.
    fn keyed_digests(&self, purpose: &str, content: &str) -> Vec<String>;
}

/// Short names for long contents.
pub trait Digests: Send + Sync {
    /// SHA-256 (FIPS 180-4), 64 lower-case hex digits.
    fn sha256_hex(&self, content: &[u8]) -> String;
}
