//! The first digits that belong to an issuer, and the lengths of its numbers.
//!
//! Sources: the table of the article "Payment card number" of Wikipedia (section "Issuer identification
//! number"), the card types of <https://github.com/braintree/credit-card-type> (`src/lib/card-types.ts`), and
//! the test numbers that <https://docs.stripe.com/testing> and
//! <https://developer.authorize.net/hello_world/testing_guide.html> list. Both tables let Maestro have 12 to
//! 19 digits and any number that begins with 6, and one of them Visa 13: those are barcodes, IMEIs and parcel
//! numbers today, so only issued ranges are listed here.

use super::digits::Digit;

/// The number of digits in each prefix of the table.
const PREFIX_DIGITS: usize = 4;

/// A range of an issuer's numbers: the first four digits, from and to (inclusive), and the possible lengths.
struct IssuerRange(u16, u16, &'static [usize]);

const UP_TO_19: &[usize] = &[16, 17, 18, 19];

#[rustfmt::skip]
const RANGES: &[IssuerRange] = &[
    // Visa
    IssuerRange(4000, 4999, &[16, 19]),
    // Mastercard
    IssuerRange(5100, 5599, &[16]), IssuerRange(2221, 2720, &[16]),
    // American Express
    IssuerRange(3400, 3499, &[15]), IssuerRange(3700, 3799, &[15]),
    // Diners Club
    IssuerRange(3000, 3059, &[14, 16, 19]), IssuerRange(3095, 3095, &[14, 16, 19]), IssuerRange(3600, 3699, &[14, 16, 19]),
    IssuerRange(3800, 3999, &[14, 16, 19]),
    // Discover; and RuPay and Troy, which share its 65
    IssuerRange(6011, 6011, UP_TO_19), IssuerRange(6440, 6599, UP_TO_19),
    // JCB; the lower ones are no longer given out
    IssuerRange(3528, 3589, UP_TO_19), IssuerRange(3088, 3094, UP_TO_19), IssuerRange(3096, 3102, UP_TO_19),
    IssuerRange(3112, 3120, UP_TO_19), IssuerRange(3158, 3159, UP_TO_19), IssuerRange(3337, 3349, UP_TO_19),
    // UnionPay
    IssuerRange(6200, 6299, UP_TO_19), IssuerRange(8100, 8199, UP_TO_19),
    // Maestro; and Elo, Verve, Dankort and Bancontact, which share its ranges
    IssuerRange(5000, 5099, UP_TO_19), IssuerRange(5600, 5899, UP_TO_19), IssuerRange(6300, 6399, UP_TO_19),
    IssuerRange(6700, 6799, UP_TO_19),
    // Mir
    IssuerRange(2200, 2204, UP_TO_19),
    // RuPay, with Hipercard
    IssuerRange(6000, 6099, &[16]), IssuerRange(8200, 8299, &[16]),
    // Troy
    IssuerRange(9792, 9792, &[16]),
];

/// The lengths of the numbers that begin with the first of `digits`, as a bit set: bit `n` is set if a number
/// may have `n` digits.
pub(super) fn issuer_lengths(digits: &[Digit<'_>]) -> u32 {
    let first = digits.iter().take(PREFIX_DIGITS).fold(0, |prefix, it| prefix * 10 + u16::from(it.value));
    let fitting = RANGES.iter().filter(|IssuerRange(from, to, _)| (*from..=*to).contains(&first));
    fitting.flat_map(|IssuerRange(_, _, lengths)| lengths.iter()).fold(0, |bits, length| bits | 1 << length)
}
