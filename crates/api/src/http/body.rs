//! Reads a request's body: at most 64 KiB, JSON of one meaning, and never with card data in it.
//!
//! A handler takes a [`Body`] that is not read yet, and reads it after the caller is known. The checks run in
//! this order: `Content-Type`, length, syntax with unique member names, card data. Only then are the fields
//! decoded, so a fault that is reported about a field can no longer be one that repeats a card number.

mod cards;
mod unique_keys;

use actix_web::{
    FromRequest, HttpMessage, HttpRequest, dev,
    http::header::{self, HeaderMap},
    web::Payload,
};
use domain::Invalid;
use futures_util::StreamExt;
use serde_json::{Map, Value, error::Category};

use super::{
    decode::Fields,
    problem::{Fault, Faults, Kind, Problem},
};
use unique_keys::UniqueKeys;

/// Largest body of a request, in bytes: 64 KiB.
// An order of 100 lines with the longest product ids takes about half of it.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Most objects and lists within one another. It is the limit of the JSON library, so that no body uses up the stack.
const DEPTH_MAX: usize = 127;
const NUMBER: Invalid = Invalid("must not have a number of more than 308 digits");
/// So much of a body that is too large without having said so is read and thrown away, so that its client gets to read the answer.
const DRAIN_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A body that has not been read yet; a handler reads it after the caller has been authenticated.
pub struct Body {
    request: HttpRequest,
    payload: Payload,
}

/// The faults of a request's query, which its handler names with those of the body: an extension of the request.
pub(super) struct QueryFaults(pub(super) Faults);

/// A body that is JSON, and the faults of the request's query, which are named with those of the body.
#[derive(Debug)]
pub struct JsonBody {
    value: Value,
    query: Faults,
}

impl JsonBody {
    /// The members of the body, to be read one by one.
    #[must_use]
    pub fn fields(&self) -> Fields<'_> {
        Fields::new(&self.value).with_faults(self.query.clone())
    }

    /// The whole body, of any type.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.value
    }
}

impl FromRequest for Body {
    type Error = actix_web::Error;
    type Future = std::future::Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let request = request.clone();
        let payload = Payload::from_request(&request, payload).into_inner();
        std::future::ready(payload.map(|payload| Self { request, payload }))
    }
}

impl Body {
    /// Reads the body as JSON, whatever its top-level type.
    ///
    /// # Errors
    /// `unsupported-media-type`, `body-too-large`, `malformed-json`, `card-data-refused`.
    pub async fn read_json(self) -> Result<JsonBody, Problem> {
        check_json_headers(self.request.headers())?;
        let query = self.take_query_faults();
        Ok(JsonBody { value: parse_json(&self.read_bytes().await?)?, query })
    }

    /// Reads the body as JSON, where an empty body means `{}`.
    ///
    /// # Errors
    /// As [`Body::read_json`].
    pub async fn read_json_or_empty(self) -> Result<JsonBody, Problem> {
        // Judged only if there are bytes: a request without a body has no type to declare.
        let checked = check_json_headers(self.request.headers());
        let query = self.take_query_faults();
        let bytes = self.read_bytes().await?;
        if bytes.is_empty() {
            return Ok(JsonBody { value: Value::Object(Map::new()), query });
        }
        checked?;
        Ok(JsonBody { value: parse_json(&bytes)?, query })
    }

    fn take_query_faults(&self) -> Faults {
        self.request.extensions_mut().remove::<QueryFaults>().map(|it| it.0).unwrap_or_default()
    }

    /// Reads the bytes as they were sent, without looking at their type.
    ///
    /// # Errors
    /// `body-too-large`; `malformed-json` when the connection ends before the body does.
    pub async fn read_bytes(mut self) -> Result<Vec<u8>, Problem> {
        // At once, before anything is read: a client that announces too much may still be waiting to be asked
        // for it.
        if content_length(self.request.headers()).is_some_and(|it| it > BODY_BYTES_MAX) {
            return Err(Kind::BodyTooLarge.into());
        }
        let mut bytes = Vec::new();
        let mut drained = 0_usize;
        while let Some(chunk) = self.payload.next().await {
            let chunk = chunk.map_err(|_| truncated_body())?;
            // After a chunk that did not fit, later ones that would fit are discarded too: the body is
            // refused anyway.
            if drained == 0 && bytes.len().saturating_add(chunk.len()) <= BODY_BYTES_MAX {
                bytes.extend_from_slice(&chunk);
                continue;
            }
            drained = drained.saturating_add(chunk.len());
            if drained > DRAIN_BYTES_MAX {
                break;
            }
        }
        if drained > 0 { Err(Kind::BodyTooLarge.into()) } else { Ok(bytes) }
    }
}

/// Whether the headers announce plain JSON; parameters such as `charset` do not matter (RFC 8259, 11).
fn check_json_headers(headers: &HeaderMap) -> Result<(), Problem> {
    // A repeated header is refused: which of the two counts would depend on who reads it.
    let one = |name| {
        let mut all = headers.get_all(name).map(|it| it.to_str().unwrap_or_default());
        (all.next(), all.next())
    };
    let json =
        |it: &str| it.split(';').next().is_some_and(|it| it.trim().eq_ignore_ascii_case("application/json"));
    // No compressed bodies: 64 KiB of gzip can unpack to 64 MiB, and the limit on the body would mean
    // nothing.
    let plain = |it: &str| it.trim().eq_ignore_ascii_case("identity");
    let typed = matches!(one(header::CONTENT_TYPE), (Some(it), None) if json(it));
    let (coding, second) = one(header::CONTENT_ENCODING);
    if typed && coding.is_none_or(plain) && second.is_none() {
        return Ok(());
    }
    Err(Kind::UnsupportedMediaType.into())
}

/// The length that the headers announce, in bytes.
fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn truncated_body() -> Problem {
    Problem::new(Kind::MalformedJson).with_detail("The body broke off before its end.")
}

/// Parses a body, refusing repeated member names and card data.
fn parse_json(bytes: &[u8]) -> Result<Value, Problem> {
    let UniqueKeys(body) = serde_json::from_slice(bytes).map_err(|fault| malformed_json(&fault))?;
    cards::refuse_card_data(&body)?;
    Ok(body)
}

/// Says where the fault is. The text at that place is not repeated: it may be a password or a card number.
fn malformed_json(fault: &serde_json::Error) -> Problem {
    // The library has no kind for these two, only a text.
    if fault.to_string().starts_with("number out of range") {
        return Problem::invalid_request(vec![Fault::at_pointer("", NUMBER)]);
    }
    let detail = match fault.classify() {
        // Nothing deeper is looked at, so it may be malformed or not.
        Category::Syntax if fault.to_string().starts_with("recursion limit exceeded") => {
            format!("The body has more than {DEPTH_MAX} objects and lists within one another.")
        }
        Category::Eof => "The body ends before the JSON document is complete.".to_owned(),
        Category::Data => "The body names a member twice in one object.".to_owned(),
        Category::Io | Category::Syntax => {
            format!("The body is not a JSON document: see line {}, column {}.", fault.line(), fault.column())
        }
    };
    Problem::new(Kind::MalformedJson).with_detail(detail)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod work_tests;
