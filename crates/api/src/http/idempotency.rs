//! The `Idempotency-Key` header and the fingerprint of a request (draft-ietf-httpapi-idempotency-key-header).

mod canonical;

use actix_web::HttpRequest;
use application::{Caller, Request};
use domain::{Invalid, card};
use ports::{Fingerprint, IdempotencyKey};
use serde_json::Value;

use super::{
    problem::{Fault, Kind, Problem},
    route_name,
};
use crate::service::Service;

/// The header.
pub const HEADER: &str = "idempotency-key";
/// Longest key, in characters.
const KEY_CHARS_MAX: usize = 255;

/// The request's key within its scope, and what was asked.
///
/// # Errors
/// `idempotency-key-missing`, `idempotency-key-invalid`.
pub fn request(
    service: &Service,
    http: &HttpRequest,
    caller: &Caller,
    body: &Value,
) -> Result<Request, Problem> {
    let key = IdempotencyKey { user: caller.user.key, route: route_name(http)?, key: key(http)? };
    Ok(Request { key, fingerprint: fingerprint(service, http, body) })
}

fn fingerprint(service: &Service, http: &HttpRequest, body: &Value) -> Fingerprint {
    let content = format!("{} {}\n{}", http.method(), http.path(), canonical::written(body));
    Fingerprint(service.digests.sha256(content.as_bytes()))
}

/// The key as text, without quotes.
fn key(http: &HttpRequest) -> Result<String, Problem> {
    let mut given = http.headers().get_all(HEADER);
    let first = given.next().ok_or(Kind::IdempotencyKeyMissing)?;
    let text = first.to_str().ok().filter(|_| given.next().is_none());
    let key = text.and_then(|it| unquoted(it.trim_matches([' ', '\t'])));
    let sound = |it: &String| {
        (1..=KEY_CHARS_MAX).contains(&it.len()) && it.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let key = key.filter(sound).ok_or(Kind::IdempotencyKeyInvalid)?;
    if card::is_whole(&key) {
        let rule = Invalid("must not have a card number as its idempotency key");
        return Err(Problem::new(Kind::CardDataRefused).errors(vec![Fault::at("", rule)]));
    }
    Ok(key)
}

/// The content of a quoted string (RFC 8941, 3.3.3), or the text itself when it is bare.
fn unquoted(text: &str) -> Option<String> {
    let Some(quoted) = text.strip_prefix('"') else { return Some(text.to_owned()) };
    let mut key = String::new();
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '"' => break,
            '\\' => key.push(chars.next().filter(|it| matches!(it, '"' | '\\'))?),
            other => key.push(other),
        }
    }
    chars.next().is_none().then_some(key)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn read(values: &[&str]) -> Result<String, Kind> {
        let request = values.iter().fold(TestRequest::post(), |it, value| it.append_header((HEADER, *value)));
        key(&request.to_http_request()).map_err(|it| it.kind())
    }

    #[test]
    fn bare_and_quoted_name_the_same_key() {
        assert_eq!(read(&["a-1"]), Ok("a-1".into()));
        assert_eq!(read(&["\"a-1\""]), Ok("a-1".into()));
        assert_eq!(read(&[r#""say \"hi\" \\""#]), Err(Kind::IdempotencyKeyInvalid), "a space");
        assert_eq!(read(&[r#""\"hi\"\\""#]), Ok("\"hi\"\\".into()));
        assert_eq!(read(&["it\"s"]), Ok("it\"s".into()), "a quote within is a character like others");
    }

    #[test]
    fn a_key_has_1_to_255_visible_characters() {
        assert!(read(&[&"k".repeat(255)]).is_ok());
        assert!(read(&[&format!("\"{}\"", "k".repeat(255))]).is_ok());
        let long = "k".repeat(256);
        for bad in ["", "\"\"", "a b", "\"open", "\"a\"b", "\"a\\b\"", "\"", &long] {
            assert_eq!(read(&[bad]), Err(Kind::IdempotencyKeyInvalid), "{bad}");
        }
    }

    #[test]
    fn a_card_number_is_no_key_and_what_only_has_its_digits_is() {
        for card in ["4242424242424242", "4242-4242-4242-4242", "\"4242.4242.4242.4242\""] {
            assert_eq!(read(&[card]), Err(Kind::CardDataRefused), "{card}");
        }
        for key in [
            "42424242-4242-4242-adc4-5ccbde4d30e6",
            "order-4242424242424242",
            "5439382847007",
            "6921168509256",
            "356938035643809",
        ] {
            assert!(read(&[key]).is_ok(), "{key}");
        }
    }

    #[test]
    fn two_keys_are_none() {
        assert_eq!(read(&["a", "a"]), Err(Kind::IdempotencyKeyInvalid));
        assert_eq!(read(&[]), Err(Kind::IdempotencyKeyMissing));
    }
}
