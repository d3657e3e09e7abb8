//! Names of JSON members that hold card data.

/// Texts that the name of a member with a security code contains, among others.
const SECURITY_CODES: [&str; 6] = ["cvc", "cvv", "csc", "cvn", "securitycode", "verificationvalue"];
/// Names of members that hold a card number, compared as a whole: "pan" is part of "company".
const NUMBERS: [&str; 2] = ["cardnumber", "pan"];

/// Whether a member with this name holds a card number or a security code, whatever its value looks like: a
/// security code has no format of its own. Case, digits and separators are ignored.
///
/// ```
/// use domain::card::is_named_like_card_data;
/// assert!(is_named_like_card_data("card_CVV2") && is_named_like_card_data("card-number"));
/// assert!(!is_named_like_card_data("company"));
/// ```
#[must_use]
pub fn is_named_like_card_data(name: &str) -> bool {
    let letters: String = name.chars().filter(|it| it.is_alphabetic()).flat_map(char::to_lowercase).collect();
    NUMBERS.contains(&letters.as_str()) || SECURITY_CODES.iter().any(|it| letters.contains(it))
}
