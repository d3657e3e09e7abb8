//! Taking card numbers and security codes out of a notice before it is kept.

use domain::{EventId, card};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// What stands in the place of a security code.
const HIDDEN: &str = "***";
/// Above every number of 19 digits.
const LONGEST_CARD_NUMBER: f64 = 1e19;
/// What security codes are called, in lower case.
const SECURITY_CODES: [&str; 5] = ["cvc", "cvv", "cvc2", "cvv2", "securitycode"];

/// The text of a notice without card numbers, and if it is JSON, without security codes. JSON is written anew, so that
/// neither an escape nor a repeated member hides one.
pub(crate) fn masked_body(body: &[u8]) -> String {
    match serde_json::from_slice(body) {
        Ok(value) => masked(value).to_string(),
        Err(_) => card::masked(&String::from_utf8_lossy(body)),
    }
}

/// The id itself, or a digest of one that has a card number: two ids stay two.
pub(crate) fn masked_id(id: EventId) -> EventId {
    if card::masked(id.as_str()) == id.as_str() {
        return id;
    }
    let digest = Sha256::digest(id.as_str());
    EventId::new(format!("masked_{}", data_encoding::HEXLOWER.encode(&digest)))
}

/// The parser bounds how deep a value nests.
fn masked(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(card::masked(&text)),
        Value::Number(number) => {
            let text = written_out(&number);
            let masked = card::masked(&text);
            if masked == text { Value::Number(number) } else { Value::String(masked) }
        }
        Value::Array(values) => values.into_iter().map(masked).collect(),
        Value::Object(members) => {
            Value::Object(members.into_iter().map(masked_member).collect::<Map<_, _>>())
        }
        Value::Null | Value::Bool(_) => value,
    }
}

fn masked_member((name, value): (String, Value)) -> (String, Value) {
    let secret = SECURITY_CODES.contains(&name.to_ascii_lowercase().as_str());
    (card::masked(&name), if secret { HIDDEN.into() } else { masked(value) })
}

/// A number's digits, without an exponent if it is a whole number as long as a card's.
fn written_out(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < LONGEST_CARD_NUMBER => {
            format!("{float}")
        }
        Some(_) | None => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: &str = "4242424242424242";
    const MASKED: &str = "************4242";

    fn json(body: &str) -> Value {
        serde_json::from_str(&masked_body(body.as_bytes())).unwrap()
    }

    #[test]
    fn a_card_number_is_masked_wherever_it_stands_in_json() {
        let body = r#"{"a":["x 4242 4242 4242 4242"],"4242424242424242":{"n":4242424242424242,"neg":-4242424242424242,
            "f":4242424242424242.0,"e":4.242424242424242e15,"escaped":"\u0034242424242424242","t":1763800000000}}"#;
        let masked = json(body);
        let inner = &masked[MASKED];
        assert_eq!(masked["a"][0], "x **** **** **** 4242");
        assert_eq!([&inner["n"], &inner["f"], &inner["e"], &inner["escaped"]], [MASKED; 4]);
        assert_eq!(inner["neg"], format!("-{MASKED}"));
        assert_eq!(inner["t"], 1_763_800_000_000_i64, "another number stays one");
        assert!(!masked.to_string().contains("42424"));
    }

    #[test]
    fn a_repeated_member_hides_nothing() {
        assert!(!masked_body(br#"{"a":"4242424242424242","a":"b"}"#).contains(CARD));
    }

    #[test]
    fn security_codes_are_hidden_by_their_name() {
        let body = r#"{"cvc":"123","CVV":123,"Cvc2":null,"cvv2":[1],"card":{"securityCode":{"a":"123"}},"code":"00"}"#;
        let masked = json(body);
        assert_eq!([&masked["cvc"], &masked["CVV"], &masked["Cvc2"], &masked["cvv2"]], [HIDDEN; 4]);
        assert_eq!(masked["card"]["securityCode"], HIDDEN);
        assert_eq!(masked["code"], "00");
    }

    #[test]
    fn what_is_not_json_is_masked_as_text() {
        assert_eq!(masked_body(format!("{{not json {CARD}").as_bytes()), format!("{{not json {MASKED}"));
        assert_eq!(masked_body(b"\xff4242424242424242"), format!("\u{fffd}{MASKED}"));
        let deep = format!("{}{CARD}", "[".repeat(1000));
        assert!(!masked_body(deep.as_bytes()).contains(CARD));
    }

    #[test]
    fn an_id_with_a_card_number_becomes_another_that_is_still_its_own() {
        let id = |text: &str| masked_id(EventId::parse(text).unwrap());
        assert_eq!(id("evt_1"), EventId::new("evt_1".into()));
        assert!(!id(CARD).as_str().contains("4242424242"));
        assert_eq!(id(CARD), id(CARD));
        assert_ne!(
            id("4242424242424242"),
            id("4000000000004242424242"),
            "two ids that look alike when masked"
        );
        assert!(EventId::parse(id(CARD).as_str()).is_ok());
    }
}
