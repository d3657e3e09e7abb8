//! Masking card numbers and security codes in a notice, before it is parsed or stored.
//!
//! The body is read once and written again without card data. The event is always parsed from the masked
//! text, at once and in later attempts, so it cannot change its meaning.

use domain::{EventId, TransactionId, card, money};
use serde_json::{Map, Number, Value};
use sha2::{Digest, Sha256};

use crate::{
    json::{self, Json},
    notice::{AMOUNT, DATA, IDS},
};

/// Replaces a security code.
const MASK: &str = "***";
/// Replaces a value that is nested too deeply.
const TOO_DEEP: &str = "(nested too deeply to be kept)";

/// Masks the body of a notice: returns its text without card numbers and security codes. JSON is written
/// again from the parsed values, so that neither an escape nor a repeated member hides one. Ids and amounts
/// stay whole.
pub(crate) fn mask_body(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    match json::parse_json(&text) {
        Some(Json::Object(members)) => mask_object(members, mask_member).to_string(),
        Some(other) => mask_value(other).to_string(),
        None => mask_text(&text),
    }
}

/// Returns the id of the notice, or its digest if it is a card number.
pub(crate) fn mask_event_id(id: EventId) -> EventId {
    EventId::new(mask_identifier(id.as_str()))
}

/// Masks an id. Ids may contain the digits of a card number by chance, and different ids must stay different,
/// so only an id that is a card number as a whole is replaced by its digest.
fn mask_identifier(id: &str) -> String {
    if card::is_card_number(id) {
        // Base32 has enough letters that the digest does not look like a card number itself.
        let digest = data_encoding::BASE32_NOPAD.encode(&Sha256::digest(id)).to_lowercase();
        format!("masked_{digest}")
    } else {
        id.to_owned()
    }
}

/// Masks text that is not JSON. Its escapes stay, unless one of them hides a card number. The first word
/// after a name of card data is masked.
fn mask_text(text: &str) -> String {
    let masked = card::mask_numbers(text);
    let plain = json::unescape_text(&masked);
    let masked = if card::contains_number(&plain) { card::mask_numbers(&plain) } else { masked.clone() };
    let is_separator = |it: char| !it.is_alphanumeric() && !"_-*".contains(it);
    let mut secret = false;
    let words = masked.split_inclusive(is_separator).map(|it| {
        let word = it.trim_end_matches(is_separator);
        let hidden = secret && !word.is_empty();
        secret = card::is_named_like_card_data(word) || secret && !hidden;
        if hidden { it.replacen(word, MASK, 1) } else { it.to_owned() }
    });
    words.collect()
}

fn mask_object(members: Vec<(String, Json)>, mask: fn(&str, Json) -> Value) -> Value {
    let masked = members.into_iter().map(|(name, it)| (card::mask_numbers(&name), mask(&name, it)));
    Value::Object(masked.collect::<Map<_, _>>())
}

/// Masks a top-level member of the notice.
fn mask_member(name: &str, value: Json) -> Value {
    if name == DATA
        && let Json::Object(members) = value
    {
        mask_object(members, mask_data_member)
    } else {
        mask_named_value(name, value)
    }
}

/// Masks a member of the notice's `data`.
fn mask_data_member(name: &str, value: Json) -> Value {
    if let Json::Text(text) = &value
        && let Some(exempt) = exempt_text(name, text)
    {
        exempt.into()
    } else {
        mask_named_value(name, value)
    }
}

/// Returns an id or an amount, which is not masked like free text; `None` for other members.
fn exempt_text(name: &str, text: &str) -> Option<String> {
    if IDS.contains(&name) && TransactionId::parse(text).is_ok() {
        return Some(mask_identifier(text));
    }
    (name == AMOUNT && is_amount(text)).then(|| text.to_owned())
}

/// Masks a member: by its name if that names card data, otherwise by its value.
fn mask_named_value(name: &str, value: Json) -> Value {
    if card::is_named_like_card_data(name) { MASK.into() } else { mask_value(value) }
}

/// Whether the text is a decimal number. Its digits may form a card number by chance, but not the part before
/// or after the point alone.
fn is_amount(text: &str) -> bool {
    money::is_plain_decimal(text) && !text.split('.').any(card::is_card_number)
}

fn mask_value(value: Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(it) => it.into(),
        Json::Number(literal) => mask_number(literal),
        Json::Text(text) => card::mask_numbers(&text).into(),
        Json::List(elements) => elements.into_iter().map(mask_value).collect(),
        Json::Object(members) => mask_object(members, mask_named_value),
        Json::TooDeep => TOO_DEEP.into(),
    }
}

/// Masks a number. The result is text if the number contains a card number, or if `serde_json` would write it
/// differently.
fn mask_number(literal: String) -> Value {
    let plain = card::expand_exponent(&literal);
    if card::contains_number(&plain) {
        return card::mask_numbers(&plain).into();
    }
    let number = serde_json::from_str::<Number>(&literal).ok().filter(|it| it.to_string() == literal);
    number.map_or_else(|| literal.into(), Value::Number)
}

#[cfg(test)]
mod tests;
