//! Masking card numbers and security codes in a notice, before it is parsed or stored.
//!
//! The body is read once and written again without card data. The event is always parsed from the masked
//! text, at once and in later attempts, so it cannot change its meaning.

use domain::{EventId, TransactionId, card, money};
use serde_json::{Map, Number, Value};
use sha2::{Digest, Sha256};

use crate::json::{self, Json};

/// Replaces a security code.
const MASK: &str = "***";
/// Replaces a value that is nested too deeply.
const TOO_DEEP: &str = "(nested too deeply to be kept)";

/// Which members of a gateway's JSON are not masked like free text.
pub(crate) struct MaskRules {
    /// Where `ids` and `amounts` are: in the object that is this member of the document, or anywhere if `None`.
    pub(crate) within: Option<&'static str>,
    /// Members that are ids. An id stays whole, except one that is a card number: that becomes a digest.
    pub(crate) ids: &'static [&'static str],
    /// Members that are decimal amounts. They stay whole.
    pub(crate) amounts: &'static [&'static str],
    /// Members, anywhere, whose value is a secret or personal. It is replaced, whatever it is.
    pub(crate) hidden: &'static [&'static str],
    /// Objects, anywhere, of which only the named members are kept: the others are hidden, whatever a gateway adds.
    pub(crate) only: &'static [(&'static str, &'static [&'static str])],
}

/// Masks the body of a notice: returns its text without card numbers and security codes. JSON is written
/// again from the parsed values, so that neither an escape nor a repeated member hides one. Ids and amounts
/// stay whole.
pub(crate) fn mask_body(body: &[u8], rules: &MaskRules) -> String {
    let text = String::from_utf8_lossy(body);
    match json::parse_json(&text) {
        Some(value) => rules.mask_value(value, rules.within.is_none(), true).to_string(),
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
pub(crate) fn mask_text(text: &str) -> String {
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

impl MaskRules {
    /// Masks a value. `exempt` says whether ids and amounts in it stay whole; `top` whether it is the document.
    fn mask_value(&self, value: Json, exempt: bool, top: bool) -> Value {
        match value {
            Json::Null => Value::Null,
            Json::Bool(it) => it.into(),
            Json::Number(literal) => mask_number(literal),
            Json::Text(text) => card::mask_numbers(&text).into(),
            Json::List(elements) => {
                let inner = exempt && self.within.is_none();
                elements.into_iter().map(|it| self.mask_value(it, inner, false)).collect()
            }
            Json::Object(members) => {
                let masked = members.into_iter().map(|(name, it)| {
                    let masked = self.mask_member(&name, it, exempt, top);
                    (card::mask_numbers(&name), masked)
                });
                Value::Object(masked.collect::<Map<_, _>>())
            }
            Json::TooDeep => TOO_DEEP.into(),
        }
    }

    /// Masks a member: by its name if that names card data, otherwise by its value.
    fn mask_member(&self, name: &str, value: Json, exempt: bool, top: bool) -> Value {
        if let Json::Text(text) = &value
            && exempt
            && let Some(whole) = self.exempt_text(name, text)
        {
            return whole.into();
        }
        if card::is_named_like_card_data(name) || self.hidden.contains(&name) && value != Json::Null {
            return MASK.into();
        }
        if let Some((_, kept)) = self.only.iter().find(|(it, _)| *it == name) {
            return self.mask_others(value, kept, exempt);
        }
        self.mask_value(value, self.within.is_none() || top && self.within == Some(name), false)
    }

    /// Masks an object of which only some members are kept. Anything but an object is hidden.
    fn mask_others(&self, value: Json, kept: &[&str], exempt: bool) -> Value {
        match value {
            Json::Null => Value::Null,
            Json::Object(members) => {
                let masked = members.into_iter().map(|(name, it)| {
                    let is_kept = kept.contains(&name.as_str()) || it == Json::Null;
                    let masked =
                        if is_kept { self.mask_member(&name, it, exempt, false) } else { MASK.into() };
                    (card::mask_numbers(&name), masked)
                });
                Value::Object(masked.collect::<Map<_, _>>())
            }
            Json::Bool(_) | Json::Number(_) | Json::Text(_) | Json::List(_) | Json::TooDeep => MASK.into(),
        }
    }

    /// Returns an id or an amount, which is not masked like free text; `None` for other members.
    fn exempt_text(&self, name: &str, text: &str) -> Option<String> {
        if self.ids.contains(&name) && TransactionId::parse(text).is_ok() {
            return Some(mask_identifier(text));
        }
        (self.amounts.contains(&name) && is_amount(text)).then(|| text.to_owned())
    }
}

/// Whether the text is a decimal number. Its digits may form a card number by chance, but not the part before
/// or after the point alone.
fn is_amount(text: &str) -> bool {
    money::is_plain_decimal(text) && !text.split('.').any(card::is_card_number)
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
