//! Ids that are derived from their subject, so that every instance derives the same ones and none has to be
//! stored.

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

const DERIVED_BYTES: usize = 16;

/// Returns 26 characters of `A-Z` and `2-7`, always the same for the same parts. No part may contain a line
/// break, because the parts are joined by it.
pub(crate) fn derive_id(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\n"));
    BASE32_NOPAD.encode(digest.get(..DERIVED_BYTES).unwrap_or(&digest))
}
