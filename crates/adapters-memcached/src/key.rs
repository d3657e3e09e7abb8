//! Keys in the form that memcached accepts.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// Prefix of a key that is sent unchanged.
const PLAIN: &str = "idem:";
/// Prefix of the hash of a key that cannot be sent; it differs, so that no key can look like a hash.
const HASHED: &str = "idem#";
/// Longest key that memcached accepts, in bytes.
const KEY_BYTES_MAX: usize = 250;

/// The memcached key for a key of ours: short, and without characters that the protocol cannot carry.
/// Different keys stay different.
pub(crate) fn cache_key(ours: &str) -> String {
    // The protocol is text: a space or a line end in a key would begin the next argument, or the next
    // command.
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
