//! Words whose digits look like a card's only by chance: UUIDs, digests and IBANs.

use super::iban;

/// The number of hexadecimal digits in the shortest digest, and in a UUID.
const HEX_DIGITS_MIN: usize = 32;
const UUID_BYTES: usize = 36;
/// The positions of the hyphens in a UUID (RFC 9562, 4).
const UUID_HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// The length in bytes of the opaque word that `text` begins with, if it begins with one.
pub(super) fn opaque_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let length = uuid_length(bytes).or_else(|| digest_length(bytes)).or_else(|| iban::iban_length(bytes))?;
    let ends = bytes.get(length).is_none_or(|it| it.is_ascii() && !it.is_ascii_alphanumeric());
    // Without a letter it may be two card numbers that are written together, so it is not skipped.
    let has_letters = bytes.get(..length)?.iter().any(u8::is_ascii_alphabetic);
    (ends && has_letters).then_some(length)
}

fn uuid_length(bytes: &[u8]) -> Option<usize> {
    let mut places = bytes.get(..UUID_BYTES)?.iter().enumerate();
    let fits =
        places.all(|(at, it)| if UUID_HYPHENS.contains(&at) { *it == b'-' } else { it.is_ascii_hexdigit() });
    fits.then_some(UUID_BYTES)
}

fn digest_length(bytes: &[u8]) -> Option<usize> {
    let digits = bytes.iter().take_while(|it| it.is_ascii_hexdigit()).count();
    (digits >= HEX_DIGITS_MIN).then_some(digits)
}
