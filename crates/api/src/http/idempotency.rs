//! The `Idempotency-Key` header and the fingerprint of a request (draft-ietf-httpapi-idempotency-key-header).
//!
//! A key counts within its user or API key, and its route. The fingerprint tells a retry from another request under the same
//! key: it is a digest of the route, the decoded parameters of the path and the canonical JSON of the body,
//! so a retry may escape its path or order its members in another way. What is done with both is decided by
//! the application (ADR 0013).

mod canonical;
#[cfg(test)]
mod fuzz_tests;

use actix_web::{FromRequest, HttpRequest, web::Path};
use application::{Caller, IdempotentRequest, UserCaller};
use domain::{AuthorKey, Invalid, card};
use ports::{Fingerprint, IdempotencyKey};
use serde_json::{Value, json};

use super::{
    extract,
    problem::{Fault, Kind, Problem},
    route_of,
};
use crate::service::Service;

/// The name of the request header that carries the key.
pub const KEY_HEADER: &str = "idempotency-key";
/// Longest key, in characters; ids have the same bound.
pub(super) const KEY_CHARS_MAX: usize = 255;

/// Separates the keyed digests of requests from those that are made for other purposes with the same secret.
const PURPOSE: &str = "requests";

/// Whose idempotency keys those of a request are.
pub trait KeyOwner {
    /// The row key of the user or API key.
    fn owner_key(&self) -> AuthorKey;
}

impl KeyOwner for Caller {
    fn owner_key(&self) -> AuthorKey {
        self.author_key()
    }
}

impl KeyOwner for UserCaller {
    fn owner_key(&self) -> AuthorKey {
        AuthorKey::User(self.user.key)
    }
}

impl KeyOwner for extract::Caller {
    fn owner_key(&self) -> AuthorKey {
        self.0.owner_key()
    }
}

impl KeyOwner for extract::UserCaller {
    fn owner_key(&self) -> AuthorKey {
        self.0.owner_key()
    }
}

/// Reads the key of a request that requires one, with its scope and the request's fingerprint.
///
/// # Errors
/// `idempotency-key-missing`, `idempotency-key-invalid`, `card-data-refused`.
pub fn require_key(
    service: &Service,
    http: &HttpRequest,
    caller: &impl KeyOwner,
    body: &Value,
) -> Result<IdempotentRequest, Problem> {
    read_key(service, http, caller, body)?.ok_or_else(|| Kind::IdempotencyKeyMissing.into())
}

/// Reads the key of a request that does not require one; `None` when it has none.
///
/// # Errors
/// `idempotency-key-invalid`, `card-data-refused`.
pub fn read_key(
    service: &Service,
    http: &HttpRequest,
    caller: &impl KeyOwner,
    body: &Value,
) -> Result<Option<IdempotentRequest>, Problem> {
    let Some(key) = key_header(http)? else { return Ok(None) };
    let fingerprint = Fingerprint(service.digests.sha256_hex(canonical_request(http, body)?.as_bytes()));
    let key = IdempotencyKey { owner: Some(caller.owner_key()), route: route_of(http)?.name, key };
    Ok(Some(IdempotentRequest { key, fingerprint, older: Vec::new() }))
}

/// Reads the key of a request whose body holds a password, perhaps of a user that does not exist yet. Its
/// fingerprint is keyed, so that it does not help to guess the password.
///
/// # Errors
/// `idempotency-key-invalid`, `card-data-refused`.
pub fn read_key_with_secret(
    service: &Service,
    http: &HttpRequest,
    caller: Option<&UserCaller>,
    body: &Value,
) -> Result<Option<IdempotentRequest>, Problem> {
    let Some(key) = key_header(http)? else { return Ok(None) };
    // A plain SHA-256 over the body would be a fast hash of the password in the system of record. The first
    // digest is under the secret that signs now; the others let a retry match whose first attempt came before
    // a secret was replaced.
    let all = service.keyed_digests.keyed_digests(PURPOSE, &canonical_request(http, body)?);
    let mut all = all.into_iter().map(Fingerprint);
    let fingerprint = all.next().ok_or(Kind::InternalError)?;
    let key = IdempotencyKey { owner: caller.map(KeyOwner::owner_key), route: route_of(http)?.name, key };
    Ok(Some(IdempotentRequest { key, fingerprint, older: all.collect() }))
}

/// The request as canonical text: the same however its path is escaped and its JSON is formatted.
fn canonical_request(http: &HttpRequest, body: &Value) -> Result<String, Problem> {
    // The name of the route and the parameters, not the path itself: `/v1/%6frders` is the same request.
    let path = Path::<Vec<String>>::extract(http).into_inner().map_err(|_| Kind::NotFound)?;
    Ok(canonical::to_canonical(&json!([route_of(http)?.name, path.into_inner(), body])))
}

/// The key as text, without quotes; `None` when the header is missing.
fn key_header(http: &HttpRequest) -> Result<Option<String>, Problem> {
    let mut given = http.headers().get_all(KEY_HEADER);
    let Some(first) = given.next() else { return Ok(None) };
    // Two keys are an error, not a choice: with the wrong one, a retry would be carried out a second time.
    let text = first.to_str().ok().filter(|_| given.next().is_none());
    let key = text.and_then(|it| unquote_key(it.trim_matches([' ', '\t'])));
    let sound = |it: &String| {
        (1..=KEY_CHARS_MAX).contains(&it.len()) && it.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let key = key.filter(sound).ok_or(Kind::IdempotencyKeyInvalid)?;
    // The key is stored with the answer, and a card number must not be.
    if card::is_card_number(&key) {
        let rule = Invalid("must not have a card number as its idempotency key");
        return Err(Problem::new(Kind::CardDataRefused).with_errors(vec![Fault::at_pointer("", rule)]));
    }
    Ok(Some(key))
}

/// The content of a quoted string (RFC 8941, 3.3.3), or the text itself when it is bare.
fn unquote_key(text: &str) -> Option<String> {
    // The draft asks for quotes, and most clients send none: both spellings are the same key, so that a retry
    // through another library still finds the first request.
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

    fn read(values: &[&str]) -> Result<Option<String>, Kind> {
        let request =
            values.iter().fold(TestRequest::post(), |it, value| it.append_header((KEY_HEADER, *value)));
        key_header(&request.to_http_request()).map_err(|it| it.kind())
    }

    #[test]
    fn bare_and_quoted_name_the_same_key() {
        assert_eq!(read(&["a-1"]), Ok(Some("a-1".into())));
        assert_eq!(read(&["\"a-1\""]), Ok(Some("a-1".into())));
        assert_eq!(read(&[r#""say \"hi\" \\""#]), Err(Kind::IdempotencyKeyInvalid), "a space");
        assert_eq!(read(&[r#""\"hi\"\\""#]), Ok(Some("\"hi\"\\".into())));
        assert_eq!(read(&["it\"s"]), Ok(Some("it\"s".into())), "a quote within is a character like others");
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
        assert_eq!(read(&[]), Ok(None));
    }
}
