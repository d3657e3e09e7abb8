//! Bank account numbers, whose groups of four digits look like a card's.

/// Country code and length of every registered IBAN (SWIFT, IBAN registry).
const LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 \
    DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 \
    JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 \
    PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 \
    VA22 VG24 XK20 YE30";
/// The bytes of one entry, with the space behind it.
const ENTRY_BYTES: usize = 5;
/// Country code and check digits, which the checksum takes last.
const HEAD_CHARS: usize = 4;

/// The length in bytes of the IBAN that `bytes` begin with, if they do: its length is that of its country,
/// and the check digits of ISO/IEC 7064, MOD 97-10, are right. Single spaces may separate its characters.
pub(super) fn iban_length(bytes: &[u8]) -> Option<usize> {
    let country = bytes.get(..2).filter(|it| it.iter().all(u8::is_ascii_uppercase))?;
    let at = LENGTHS.as_bytes().chunks(ENTRY_BYTES).position(|it| it.starts_with(country))? * ENTRY_BYTES;
    let chars: usize = LENGTHS.get(at + 2..at + 4)?.parse().ok()?;
    let spaced = |at: usize| bytes.get(at) == Some(&b' ') && bytes.get(at + 1) != Some(&b' ');
    let written: Vec<usize> = (0..2 * chars)
        .filter(|at| !spaced(*at))
        .map_while(|at| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric).then_some(at))
        .take(chars)
        .collect();
    let end = written.last().filter(|_| written.len() == chars)? + 1;
    let (head, account) = written.split_at_checked(HEAD_CHARS)?;
    let rest = account.iter().chain(head).filter_map(|at| char::from(*bytes.get(*at)?).to_digit(36));
    (rest.fold(0, append_mod_97) == 1).then_some(end)
}

/// The remainder modulo 97 after one more character, which counts as one or two digits.
fn append_mod_97(rest: u32, value: u32) -> u32 {
    // The remainder is carried along, because an IBAN as a number can have more digits than `u128` holds.
    (rest * if value < 10 { 10 } else { 100 } + value) % 97
}
