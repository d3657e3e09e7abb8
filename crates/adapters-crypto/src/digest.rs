//! Digests.

use data_encoding::HEXLOWER;
use ports::Digests;
use sha2::{Digest, Sha256};

/// SHA-256 (FIPS 180-4).
#[derive(Debug, Clone, Copy, Default)]
pub struct Sha256Digests;

impl Digests for Sha256Digests {
    fn sha256(&self, content: &[u8]) -> String {
        HEXLOWER.encode(&Sha256::digest(content))
    }
}
