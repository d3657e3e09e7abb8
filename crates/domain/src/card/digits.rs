//! The digits of a text in any script, and the separators between them.

use std::ops::Range;

use super::opaque;

/// The longest separator between two groups of one number, in characters.
const SEPARATOR_CHARS_MAX: usize = 2;
/// The zero of each script's decimal digits; the other nine follow it (Unicode 17, general category `Nd`).
// A table, because the standard library knows numeric characters but not their values. A card number typed in
// Arabic or full-width digits is the same number.
const ZEROS: [u32; 76] = [
    0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50,
    0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40,
    0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x10D30, 0x10D40,
    0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x116D0, 0x116DA,
    0x11730, 0x118E0, 0x11950, 0x11BF0, 0x11C50, 0x11D50, 0x11DA0, 0x11DE0, 0x11F50, 0x16A60, 0x16AC0,
    0x16B50, 0x16D70, 0x1CCF0, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0,
    0x1E5F1, 0x1E950, 0x1FBF0,
];

/// The text between a digit and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap<'t> {
    /// They are adjacent, so they are in one group.
    Nothing,
    /// A short separator: two groups, perhaps of one number.
    Separator(&'t str),
    /// A letter, a longer separator, or the beginning of the text: two numbers.
    Border,
}

/// A decimal digit with its position in the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Digit<'t> {
    /// The value of the digit, 0 to 9.
    pub(super) value: u8,
    /// The bytes of the text that it occupies.
    pub(super) at: Range<usize>,
    /// The text between it and the digit before.
    pub(super) gap: Gap<'t>,
}

/// The digits of `text`, without those in words that cannot hold a card number.
pub(super) fn scan_digits(text: &str) -> Vec<Digit<'_>> {
    let mut digits = Vec::new();
    // The end of the previous digit, as long as only separators have followed it.
    let mut before = None;
    let (mut in_word, mut skipped) = (false, 0);
    for (at, char) in text.char_indices() {
        if at < skipped {
            continue;
        }
        let value = digit_value(char);
        let is_of_word = value.is_some() || char.is_alphabetic();
        // Only at the start of a word: a UUID or digest inside a longer word is no such thing, and a card
        // number must not hide in it.
        let opaque = if is_of_word && !in_word {
            opaque::opaque_length(text.get(at..).unwrap_or_default())
        } else {
            None
        };
        if let Some(length) = opaque {
            skipped = at + length;
            before = None;
        } else if let Some(value) = value {
            let end = at + char.len_utf8();
            digits.push(Digit {
                value,
                at: at..end,
                gap: classify_gap(before.and_then(|it| text.get(it..at))),
            });
            before = Some(end);
        } else if is_of_word {
            before = None;
        }
        in_word = is_of_word;
    }
    digits
}

fn classify_gap(between: Option<&str>) -> Gap<'_> {
    match between {
        Some("") => Gap::Nothing,
        Some(separator) if separator.chars().nth(SEPARATOR_CHARS_MAX).is_none() => {
            Gap::Separator(collapse_repeat(separator))
        }
        Some(_) | None => Gap::Border,
    }
}

/// Reduces a separator of two equal characters to one, so that `--` and `-` are the same separator.
fn collapse_repeat(separator: &str) -> &str {
    let (one, two) = separator.split_at(separator.chars().next().map_or(0, char::len_utf8));
    if two.is_empty() || two == one { one } else { separator }
}

/// The value of a decimal digit of any script; `None` for any other character.
fn digit_value(char: char) -> Option<u8> {
    let code = u32::from(char);
    let script = ZEROS.partition_point(|zero| *zero <= code).checked_sub(1)?;
    let value = code.checked_sub(*ZEROS.get(script)?)?;
    u8::try_from(value).ok().filter(|it| *it < 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_every_script_are_read() {
        for (text, wanted) in
            [("09", [0, 9]), ("٠٩", [0, 9]), ("०९", [0, 9]), ("０９", [0, 9]), ("𝟘𝟡", [0, 9])]
        {
            assert_eq!(scan_digits(text).iter().map(|it| it.value).collect::<Vec<_>>(), wanted, "{text}");
        }
        assert_eq!(scan_digits("²①Ⅳ四½"), [], "numbers that are no decimal digits");
    }

    #[test]
    fn the_table_is_in_order_and_holds_only_digits() {
        assert!(ZEROS.is_sorted_by(|one, next| one + 10 <= *next));
        for digit in ZEROS.iter().flat_map(|zero| *zero..zero + 10) {
            let digit = char::from_u32(digit).unwrap();
            assert!(digit.is_numeric() && !digit.is_alphabetic(), "{digit:?}");
        }
    }
}
