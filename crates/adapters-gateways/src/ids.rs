//! Ids that follow from what they are about, so that every instance makes the same ones and none has to be kept.

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

const DERIVED_BYTES: usize = 16;

/// 26 characters of `A-Z` and `2-7` that look random and are always the same for the same parts, none of which has a
/// line break.
pub(crate) fn derive_id(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\n"));
    BASE32_NOPAD.encode(digest.get(..DERIVED_BYTES).unwrap_or(&digest))
}
