//! Keys as memcached takes them.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// What stands before a key that is sent as it is.
const PLAIN: &str = "idem:";
/// What stands before the hash of one that cannot be.
const HASHED: &str = "idem#";
/// Longest key that memcached takes, in bytes.
const KEY_BYTES_MAX: usize = 250;

/// A key of ours as a key of memcached: short, and without what its protocol cannot carry. Two never become one.
pub(crate) fn cache_key(ours: &str) -> String {
    let sendable = ours.bytes().all(|it| it.is_ascii_graphic());
    if sendable && PLAIN.len().saturating_add(ours.len()) <= KEY_BYTES_MAX {
        format!("{PLAIN}{ours}")
    } else {
        format!("{HASHED}{}", HEXLOWER.encode(&Sha256::digest(ours)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_can_be_sent_and_none_is_taken_for_another() {
        let long = "k".repeat(KEY_BYTES_MAX - PLAIN.len());
        let longer = format!("{long}k");
        let ours = ["", "order:1", "order 1", "order\r\n1", "orðer:1", "#order", &long, &longer];
        let mut keys = ours.map(cache_key);
        assert_eq!(keys[1], "idem:order:1");
        assert!(
            keys.iter().all(|it| it.len() <= KEY_BYTES_MAX && it.bytes().all(|it| it.is_ascii_graphic()))
        );
        keys.sort();
        assert!(keys.is_sorted_by(|one, other| one < other), "{keys:?}");
    }
}
