//! Finding and masking payment card numbers, which must never be stored, logged or sent back.
//!
//! This is the one definition of a card number (PAN, ISO/IEC 7812) for requests, notices and logs:
//!
//! - 13 to 19 decimal digits of any script, in one group, or in groups of at most 12 with one or two characters
//!   between them that are neither letters nor digits. The separators are all the same, or the first group has
//!   four digits or more and each other two or more: times and network addresses are neither. A character
//!   twice is the same separator.
//! - It begins and ends at a border: a letter, a separator, an end of the text. So of two numbers in a row both
//!   are found, and so is a number with an expiry date behind it. Digits that directly follow are no border.
//! - The last digit is the Luhn check digit.
//! - The first digits are an issuer's, and the length is one that this issuer uses. Barcodes, IMEIs and order
//!   numbers have the check digit one time in ten or always, and no issuer.
//!
//! The digits within a UUID, a hexadecimal digest or an IBAN are ignored.
//!
//! Each group of digits is the beginning of at most seven candidates of at most 19 digits, so the work is
//! linear in the length of the text.

mod digits;
mod iban;
mod issuers;
mod names;
mod number;
mod opaque;

use std::ops::Range;

use digits::{Digit, Gap};

pub use {names::is_named_like_card_data, number::expand_exponent};

// ISO/IEC 7812-1 allows 8 to 19 digits. No issuer of the table uses fewer than 13, and shorter numbers are
// mostly phone numbers and dates.
const DIGITS_MIN: usize = 13;
const DIGITS_MAX: usize = 19;
/// The longest of several groups; a longer one is a number by itself, such as a barcode with a quantity
/// beside it.
const GROUP_DIGITS_MAX: usize = 12;
/// The digits at the end that stay readable, which PCI DSS allows to be shown.
const UNMASKED_DIGITS: usize = 4;

/// Whether `text` contains a card number anywhere.
///
/// ```
/// assert!(domain::card::contains_number("card 4242 4242 4242 4242, thanks"));
/// assert!(domain::card::contains_number("x4242.4242.4242.4242y"));
/// assert!(!domain::card::contains_number("order 4242424242424243"));
/// ```
#[must_use]
pub fn contains_number(text: &str) -> bool {
    find_numbers(&digits::scan_digits(text), is_valid_number).next().is_some()
}

/// Whether `text` is nothing but a card number, separators aside. Only then is an id or a key of a client
/// refused: a longer one may contain such digits by chance.
///
/// ```
/// assert!(domain::card::is_card_number("4242-4242-4242-4242"));
/// assert!(!domain::card::is_card_number("sku-4242424242424242"));
/// ```
#[must_use]
pub fn is_card_number(text: &str) -> bool {
    let digits = digits::scan_digits(text);
    let covered = find_numbers(&digits, is_valid_number)
        .try_fold(0, |covered, number| (number.start <= covered).then_some(number.end));
    covered.is_some_and(|it| it > 0 && it == digits.len()) && !text.chars().any(char::is_alphabetic)
}

/// `text` with all digits of every card number but the last four replaced by `*`. It differs from `text`
/// exactly if it [contains](contains_number) a number, and the result contains none.
///
/// ```
/// assert_eq!(domain::card::mask_numbers("no 4242-4242-4242-4242!"), "no ****-****-****-4242!");
/// ```
#[must_use]
pub fn mask_numbers(text: &str) -> String {
    let digits = digits::scan_digits(text);
    let hidden = find_numbers(&digits, is_valid_number)
        .flat_map(|it| it.start..it.end.saturating_sub(UNMASKED_DIGITS));
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for digit in hidden.filter_map(|it| digits.get(it)) {
        out.push_str(text.get(copied..digit.at.start).unwrap_or_default());
        out.push('*');
        copied = digit.at.end;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}

/// Every number among the digits of a text, from left to right, the longest at each place. The digits of one
/// that stay readable may begin another.
fn find_numbers<'d>(
    digits: &'d [Digit<'d>],
    mut is_number: impl FnMut(&'d [Digit<'d>]) -> bool,
) -> impl Iterator<Item = Range<usize>> {
    let (mut from, mut left_over) = (0, 0);
    std::iter::from_fn(move || {
        while let Some(digit) = digits.get(from) {
            let begins = from == left_over || digit.gap != Gap::Nothing;
            let found = if begins { find_longest_end(digits, from, &mut is_number) } else { None };
            if let Some(end) = found {
                let start = from;
                // The search goes back to the four digits that stay readable. Otherwise masking could leave a
                // number that begins in them, and masking the result once more would change it.
                left_over = end.saturating_sub(UNMASKED_DIGITS);
                from = left_over;
                return Some(start..end);
            }
            from += 1;
        }
        None
    })
}

/// The end of the longest number that begins at `start`.
fn find_longest_end<'d>(
    digits: &'d [Digit<'d>],
    start: usize,
    mut is_number: impl FnMut(&'d [Digit<'d>]) -> bool,
) -> Option<usize> {
    let behind = digits.get(start + 1..).unwrap_or_default().iter().take(DIGITS_MAX - 1);
    let reach = 1 + behind.take_while(|it| it.gap != Gap::Border).count();
    // The issuer is looked up once per start, before any Luhn sum: nearly all digits in a request begin no
    // card.
    let issued =
        if reach < DIGITS_MIN { 0 } else { issuers::issuer_lengths(digits.get(start..).unwrap_or_default()) };
    let lengths = (DIGITS_MIN..=reach).rev().filter(|length| issued & 1 << length != 0);
    let ends = lengths.map(|length| start + length);
    let mut at_a_border = ends.filter(|end| digits.get(*end).is_none_or(|it| it.gap != Gap::Nothing));
    at_a_border.find(|end| digits.get(start..*end).is_some_and(&mut is_number))
}

/// Whether digits between two borders, which have an issuer's prefix and length, are a card number.
fn is_valid_number(digits: &[Digit<'_>]) -> bool {
    passes_luhn(digits) && has_uniform_groups(digits)
}

/// Whether groups and separators look like those of one number, rather than a list of numbers.
fn has_uniform_groups(digits: &[Digit<'_>]) -> bool {
    let mut groups = digits.chunk_by(|_, next| next.gap == Gap::Nothing).map(<[_]>::len);
    let mut gaps = digits.iter().skip(1).map(|it| it.gap).filter(|it| *it != Gap::Nothing);
    let Some(first) = gaps.next() else { return true };
    let alike = gaps.all(|it| it == first);
    groups.clone().all(|it| it <= GROUP_DIGITS_MAX)
        && (alike || groups.next().is_some_and(|it| it >= 4) && groups.all(|it| it >= 2))
}

/// Whether the last digit is the check digit of ISO/IEC 7812-1, annex B.
fn passes_luhn(digits: &[Digit<'_>]) -> bool {
    let values = digits.iter().rev().map(|it| u32::from(it.value)).enumerate();
    let sum: u32 = values.map(|(at, it)| if at % 2 == 0 { it } else { it * 2 / 10 + it * 2 % 10 }).sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests;
