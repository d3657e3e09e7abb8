//! Taking card numbers and security codes out of a notice before anything is done with it.
//!
//! A body is read once, and what is kept is written from that. What a notice means is read from what is kept, at once
//! and whenever it is tried again, so it cannot mean one thing and then another.

use domain::{EventId, TransactionId, card, money};
use serde_json::{Map, Number, Value};
use sha2::{Digest, Sha256};

use crate::{
    json::{self, Json},
    notice::{AMOUNT, DATA, IDS},
};

/// What stands in the place of a security code.
const MASK: &str = "***";
/// What stands in the place of what nests too deeply.
const TOO_DEEP: &str = "(nested too deeply to be kept)";

/// What is kept of a notice: its text without card numbers, and if it is JSON, without security codes. JSON is written
/// again from what was read, so that neither an escape nor a repeated member hides one. Ids and amounts stay whole.
pub(crate) fn mask_body(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    match json::parse_json(&text) {
        Some(Json::Object(members)) => mask_object(members, mask_member).to_string(),
        Some(other) => mask_value(other).to_string(),
        None => mask_text(&text),
    }
}

/// The id of the notice, if it is no card number; else a digest of it.
pub(crate) fn mask_event_id(id: EventId) -> EventId {
    EventId::new(mask_identifier(id.as_str()))
}

/// An id is no free text: it may have a card's digits in it by chance, and two ids must stay two. Only one that is a card
/// number as a whole becomes a digest, always the same.
fn mask_identifier(id: &str) -> String {
    if card::is_card_number(id) {
        // Its letters keep the digits from being many in a row.
        let digest = data_encoding::BASE32_NOPAD.encode(&Sha256::digest(id)).to_lowercase();
        format!("masked_{digest}")
    } else {
        id.to_owned()
    }
}

/// Text that is no JSON; with its escapes, unless one of them hides a number. Of what follows a name of card data, the
/// first word is hidden.
fn mask_text(text: &str) -> String {
    let masked = card::mask_numbers(text);
    let plain = json::unescape_text(&masked);
    let masked = if card::contains_number(&plain) { card::mask_numbers(&plain) } else { masked.clone() };
    let is_between = |it: char| !it.is_alphanumeric() && !"_-*".contains(it);
    let mut secret = false;
    let words = masked.split_inclusive(is_between).map(|it| {
        let word = it.trim_end_matches(is_between);
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

/// A member of the notice itself.
fn mask_member(name: &str, value: Json) -> Value {
    if name == DATA
        && let Json::Object(members) = value
    {
        mask_object(members, mask_data_member)
    } else {
        mask_named_value(name, value)
    }
}

/// A member of the notice's data.
fn mask_data_member(name: &str, value: Json) -> Value {
    if let Json::Text(text) = &value
        && let Some(kept) = exempt_text(name, text)
    {
        kept.into()
    } else {
        mask_named_value(name, value)
    }
}

/// An id or an amount, which is no free text.
fn exempt_text(name: &str, text: &str) -> Option<String> {
    if IDS.contains(&name) && TransactionId::parse(text).is_ok() {
        return Some(mask_identifier(text));
    }
    (name == AMOUNT && is_amount(text)).then(|| text.to_owned())
}

/// A member anywhere.
fn mask_named_value(name: &str, value: Json) -> Value {
    if card::is_named_like_card_data(name) { MASK.into() } else { mask_value(value) }
}

/// A decimal number whose digits may be a card's by chance, but not those before the point alone.
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

/// The number, or a text if it holds a card number or has a form that is not kept digit by digit.
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
