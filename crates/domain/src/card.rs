//! Finding and masking payment card numbers, which must never be stored, logged or sent back.
//!
//! A card number (PAN, ISO/IEC 7812) is 13 to 19 digits, grouped by single spaces or hyphens or not at all, begins with
//! an issuer's prefix in use (2221-2720, 3, 4, 5, 6) and passes the Luhn check.

const DIGITS_MIN: usize = 13;
const DIGITS_MAX: usize = 19;

/// Whether a card number stands in `text` on its own (not as a part of a longer word).
///
/// ```
/// assert!(domain::card::found_in("card 4242 4242 4242 4242, thanks"));
/// assert!(!domain::card::found_in("order 4242424242424243"));
/// ```
#[must_use]
pub fn found_in(text: &str) -> bool {
    let bytes = text.as_bytes();
    let word = |at: Option<&u8>| at.is_some_and(u8::is_ascii_alphanumeric);
    runs(bytes).into_iter().any(|run| {
        let free = |(start, end): (usize, usize)| {
            !word(start.checked_sub(1).and_then(|it| bytes.get(it))) && !word(bytes.get(end))
        };
        whole(bytes, run).is_some_and(free)
    })
}

/// `text` with all digits of every card number but the last four replaced by `*`, also inside longer words.
///
/// ```
/// assert_eq!(domain::card::masked("no 4242-4242-4242-4242!"), "no ****-****-****-4242!");
/// ```
#[must_use]
pub fn masked(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    for (start, end) in runs(bytes).into_iter().flat_map(|run| all_in(bytes, run)) {
        let digits =
            bytes.get(start..end).unwrap_or_default().iter().filter(|it| it.is_ascii_digit()).count();
        let hidden = out.get_mut(start..end).unwrap_or_default().iter_mut().filter(|it| it.is_ascii_digit());
        hidden.take(digits.saturating_sub(4)).for_each(|it| *it = b'*');
    }
    String::from_utf8(out).unwrap_or_default()
}

/// Longest stretches of digits with at most one space or hyphen between two of them.
fn runs(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut start = None;
    let mut end = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let gap = matches!(byte, b' ' | b'-') && end == at;
        if byte.is_ascii_digit() {
            start.get_or_insert(at);
            end = at + 1;
        } else if !gap && let Some(from) = start.take() {
            found.push((from, end));
        }
    }
    found.extend(start.map(|from| (from, end)));
    found
}

/// The run, if all of it is one card number.
fn whole(bytes: &[u8], (start, end): (usize, usize)) -> Option<(usize, usize)> {
    let number = grouped_as_a_card(bytes, (start, end)) && is_number(&digits(bytes, start, end));
    number.then_some((start, end))
}

/// Every card number within a run: the whole of it, or a stretch that begins and ends at a group's border.
fn all_in(bytes: &[u8], (start, end): (usize, usize)) -> Vec<(usize, usize)> {
    if let Some(all) = whole(bytes, (start, end)) {
        return vec![all];
    }
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut found = Vec::new();
    let mut from = start;
    while from < end {
        let longest = (from + DIGITS_MIN..=end.min(from + 2 * DIGITS_MAX)).rev();
        let hit = longest
            .into_iter()
            .find(|to| digit(from) && digit(to - 1) && whole(bytes, (from, *to)).is_some());
        found.extend(hit.map(|to| (from, to)));
        from = hit.unwrap_or(from + 1);
    }
    found
}

fn digits(bytes: &[u8], start: usize, end: usize) -> Vec<u32> {
    let slice = bytes.get(start..end).unwrap_or_default();
    slice.iter().filter_map(|it| char::from(*it).to_digit(10)).collect()
}

/// Whether the digits between `start` and `end` are written as cards are: unbroken, or a group of four and then groups of
/// three to seven. A UUID's groups are not, though their digits may pass every other check.
fn grouped_as_a_card(bytes: &[u8], (start, end): (usize, usize)) -> bool {
    let text = bytes.get(start..end).unwrap_or_default();
    let mut groups = text.split(|it| !it.is_ascii_digit()).map(<[u8]>::len);
    let first = groups.next().unwrap_or_default();
    first == text.len() || first == 4 && groups.all(|it| (3..=7).contains(&it))
}

fn is_number(digits: &[u32]) -> bool {
    (DIGITS_MIN..=DIGITS_MAX).contains(&digits.len()) && issuer_in_use(digits) && luhn(digits)
}

fn issuer_in_use(digits: &[u32]) -> bool {
    let prefix = digits.iter().take(4).fold(0, |sum, digit| sum * 10 + digit);
    (2221..=2720).contains(&prefix) || (3000..7000).contains(&prefix)
}

/// The check digit of ISO/IEC 7812-1, annex B.
fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| if at % 2 == 0 { *digit } else { digit * 2 / 10 + digit * 2 % 10 })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_brand_are_found_however_they_are_written() {
        for number in [
            "4111111111111111",
            "5555 5555 5555 4444",
            "3782-822463-10005",
            "6011111111111117",
            "2223003122003222",
        ] {
            assert!(found_in(number), "{number}");
            assert!(found_in(&format!("pay with {number}.")), "{number}");
            assert_eq!(masked(number).bytes().filter(u8::is_ascii_digit).count(), 4, "{number}");
        }
    }

    #[test]
    fn ids_times_and_wrong_numbers_are_left_alone() {
        for other in [
            "4111111111111112",
            "1763800000000123",
            "2026-11-22 08:30:00",
            "411111111111",
            "a4111111111111111b",
        ] {
            assert!(!found_in(other), "{other}");
        }
        assert_eq!(masked("2026-11-22T08:30:00.123Z"), "2026-11-22T08:30:00.123Z");
    }

    #[test]
    fn a_uuid_is_no_card_number() {
        let uuid = "68756633-9368-4661-adc4-5ccbde4d30e6";
        assert!(luhn(&digits(uuid.as_bytes(), 0, 18)), "its first three groups pass every other check");
        assert!(!found_in(uuid));
        assert_eq!(masked(uuid), uuid);
    }

    #[test]
    fn masking_reaches_into_words_and_longer_runs_and_keeps_other_text() {
        assert_eq!(masked("x4111111111111111y ünï"), "x************1111y ünï");
        assert_eq!(masked("12 4111111111111111"), "12 ************1111");
    }
}
