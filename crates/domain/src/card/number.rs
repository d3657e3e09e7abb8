//! Numbers in JSON, which can hide their digits behind an exponent.

use super::DIGITS_MAX;

/// A JSON number (RFC 8259, 6) without its exponent, if it has one and not more digits before the point than
/// a card; any other text unchanged.
///
/// ```
/// assert_eq!(domain::card::expand_exponent("-42.42e3"), "-42420.");
/// assert_eq!(domain::card::expand_exponent("1e999"), "1e999");
/// ```
#[must_use]
pub fn expand_exponent(number: &str) -> String {
    shift_point(number).unwrap_or_else(|| number.to_owned())
}

fn shift_point(number: &str) -> Option<String> {
    let (mantissa, exponent) = number.split_once(['e', 'E'])?;
    let unsigned = mantissa.trim_start_matches('-');
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let point = isize::try_from(whole.len()).ok()?.checked_add(exponent.parse().ok()?)?;
    let point = usize::try_from(point).ok()?;
    let digits = [whole, fraction].concat();
    let significant = digits.trim_start_matches('0');
    let sign = if mantissa.starts_with('-') { "-" } else { "" };
    let before_point = point.saturating_sub(digits.len() - significant.len());
    if before_point == 0 {
        return Some(format!("{sign}.{}", digits.get(point..)?));
    }
    // The exponent is the sender's: `1e999999999` would otherwise become a gigabyte of zeros.
    if before_point > DIGITS_MAX {
        return None;
    }
    let padded = format!("{significant:0<before_point$}");
    let (whole, fraction) = padded.split_at_checked(before_point)?;
    Some(format!("{sign}{whole}.{fraction}"))
}
