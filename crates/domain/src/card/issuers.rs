//! Which first digits belong to an issuer, and how long its numbers are.
//!
//! Sources: the table of the article "Payment card number" of Wikipedia (section "Issuer identification number"), the card types of
//! <https://github.com/braintree/credit-card-type> (`src/lib/card-types.ts`), and the test numbers that
//! <https://docs.stripe.com/testing> and <https://developer.authorize.net/hello_world/testing_guide.html> list. Both tables let Maestro have
//! 12 to 19 digits and any number that begins with 6, and one of them Visa 13: those are barcodes, IMEIs and parcel
//! numbers today, so only what is issued is listed here.

use super::digits::Digit;

/// The most digits that a prefix of the table has.
const PREFIX_DIGITS: usize = 4;

/// Numbers of an issuer: their first four digits, from and to, and their lengths.
struct Range(u16, u16, &'static [usize]);

const UP_TO_19: &[usize] = &[16, 17, 18, 19];

#[rustfmt::skip]
const RANGES: &[Range] = &[
    // Visa
    Range(4000, 4999, &[16, 19]),
    // Mastercard
    Range(5100, 5599, &[16]), Range(2221, 2720, &[16]),
    // American Express
    Range(3400, 3499, &[15]), Range(3700, 3799, &[15]),
    // Diners Club
    Range(3000, 3059, &[14, 16, 19]), Range(3095, 3095, &[14, 16, 19]), Range(3600, 3699, &[14, 16, 19]),
    Range(3800, 3999, &[14, 16, 19]),
    // Discover; and RuPay and Troy, which share its 65
    Range(6011, 6011, UP_TO_19), Range(6440, 6599, UP_TO_19),
    // JCB; the lower ones are no longer given out
    Range(3528, 3589, UP_TO_19), Range(3088, 3094, UP_TO_19), Range(3096, 3102, UP_TO_19),
    Range(3112, 3120, UP_TO_19), Range(3158, 3159, UP_TO_19), Range(3337, 3349, UP_TO_19),
    // UnionPay
    Range(6200, 6299, UP_TO_19), Range(8100, 8199, UP_TO_19),
    // Maestro; and Elo, Verve, Dankort and Bancontact, which share its ranges
    Range(5000, 5099, UP_TO_19), Range(5600, 5899, UP_TO_19), Range(6300, 6399, UP_TO_19),
    Range(6700, 6799, UP_TO_19),
    // Mir
    Range(2200, 2204, UP_TO_19),
    // RuPay, with Hipercard
    Range(6000, 6099, &[16]), Range(8200, 8299, &[16]),
    // Troy
    Range(9792, 9792, &[16]),
];

/// The lengths of the numbers that begin with the first of `digits`: bit by bit, the lowest one is for length 0. It is looked up
/// once for all candidates that begin there.
pub(super) fn lengths(digits: &[Digit<'_>]) -> u32 {
    let first = digits.iter().take(PREFIX_DIGITS).fold(0, |prefix, it| prefix * 10 + u16::from(it.value));
    let fitting = RANGES.iter().filter(|Range(from, to, _)| (*from..=*to).contains(&first));
    fitting.flat_map(|Range(_, _, lengths)| lengths.iter()).fold(0, |bits, length| bits | 1 << length)
}
