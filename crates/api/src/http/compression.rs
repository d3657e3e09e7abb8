//! Compression of answers (RFC 9110, 8.4), for clients that ask for it.
//!
//! Only an answer that is complete and holds text is compressed. What is sent while it is made, as exports are, stays as it
//! is: a compressor would hold back lines that the client waits for. Files of the console and of the docs are compressed
//! once, by [`asset`](super::asset).
//!
//! Answers that hold a secret are never compressed: their length would tell how much of a guess that the client repeats in
//! its request is right (BREACH).
//!
//! A representation with an entity tag is not compressed either. A strong tag names bytes (RFC 9110, 8.8.3), so a compressed
//! one would need a tag of its own, and the tag of a resource is its version, which clients compare and send back.

use std::io::Write;

use actix_web::{
    HttpRequest, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    http::header::{self, AcceptEncoding, Encoding, Header, HeaderMap, HeaderName, HeaderValue},
    web::{self, Bytes},
};
use flate2::{Compression, write::GzEncoder};

use super::matched_pattern;

/// Shortest body that is compressed, in bytes: a shorter one fits into one packet with its headers anyway.
const BYTES_MIN: u64 = 1024;
/// Longest body that is compressed on the thread that answers, in bytes: less than a millisecond's work.
const INLINE_BYTES_MAX: usize = 32 * 1024;
/// Longest body that is compressed at all, in bytes.
const BYTES_MAX: u64 = 16 << 20;
/// Levels that take little time: answers are made for one client each and never kept.
const GZIP_LEVEL: u32 = 3;
const ZSTD_LEVEL: i32 = 1;

/// Beginnings of routes whose answers hold tokens, keys or other secrets.
const SECRETS: [&str; 4] = ["/v1/auth/", "/v1/me", "/v1/api-keys", "/v1/webhook-endpoints"];
/// Beginnings of the media types that compress well.
const TEXTS: [&str; 4] =
    ["application/json", "application/problem+json", "text/", "application/openmetrics-text"];

/// A coding that answers may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// The coding of RFC 1952, which every client knows.
    Gzip,
    /// The coding of RFC 8878, which is faster and packs better.
    Zstd,
}

impl Coding {
    pub(super) const ALL: [Self; 2] = [Self::Gzip, Self::Zstd];

    /// Its name in `Content-Encoding`.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// The coding that the client likes best; `None` when that is no coding at all.
    fn negotiate_with(request: &HttpRequest) -> Option<Self> {
        let known = [Encoding::zstd(), Encoding::gzip(), Encoding::identity()];
        let accepted = AcceptEncoding::parse(request).ok().filter(|it| !it.0.is_empty())?;
        let chosen = accepted.negotiate(known.iter())?;
        Self::ALL.into_iter().find(|it| it.as_encoding() == chosen)
    }

    const fn as_encoding(self) -> Encoding {
        match self {
            Self::Gzip => Encoding::gzip(),
            Self::Zstd => Encoding::zstd(),
        }
    }

    fn compress_bytes(self, plain: &[u8]) -> Option<Bytes> {
        let packed = match self {
            Self::Gzip => {
                let mut packed = GzEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL));
                packed.write_all(plain).ok()?;
                packed.finish().ok()?
            }
            Self::Zstd => zstd::bulk::compress(plain, ZSTD_LEVEL).ok()?,
        };
        Some(packed).filter(|it| it.len() < plain.len()).map(Bytes::from)
    }
}

/// Compresses a complete answer, if it is worth it and the client can read it.
pub(super) async fn compress_response(request: &HttpRequest, response: HttpResponse) -> HttpResponse {
    if !is_compressible(request, &response) {
        return response;
    }
    let (mut response, body) = response.into_parts();
    // Also on an answer that stays plain: another client gets another one.
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
    let Some(coding) = Coding::negotiate_with(request) else { return response.set_body(body) };
    let plain = match body.try_into_bytes() {
        Ok(it) => it,
        Err(streamed) => return response.set_body(streamed),
    };
    match compress_anywhere(coding, plain.clone()).await {
        Some(packed) => {
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.as_str()));
            response.set_body(BoxBody::new(packed))
        }
        None => response.set_body(BoxBody::new(plain)),
    }
}

async fn compress_anywhere(coding: Coding, plain: Bytes) -> Option<Bytes> {
    if plain.len() <= INLINE_BYTES_MAX {
        return coding.compress_bytes(&plain);
    }
    // This thread serves other connections meanwhile. If that fails, the plain bytes are a valid answer too.
    web::block(move || coding.compress_bytes(&plain)).await.ok().flatten()
}

fn is_compressible(request: &HttpRequest, response: &HttpResponse) -> bool {
    let headers = response.headers();
    let has_length =
        matches!(response.body().size(), BodySize::Sized(it) if (BYTES_MIN..=BYTES_MAX).contains(&it));
    has_length
        && !headers.contains_key(header::CONTENT_ENCODING)
        && !headers.contains_key(header::ETAG)
        // An asset sets its own `Vary`, and has a compressed form of its own.
        && !has_word(headers, header::VARY, "accept-encoding")
        && is_text(headers)
        && !matched_pattern(request).is_some_and(|it| SECRETS.iter().any(|secret| it.starts_with(secret)))
}

fn is_text(headers: &HeaderMap) -> bool {
    let media = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
    // Events are sent one by one, whatever the size says.
    TEXTS.iter().any(|it| media.starts_with(it)) && !media.starts_with("text/event-stream")
}

fn has_word(headers: &HeaderMap, name: HeaderName, word: &str) -> bool {
    headers.get_all(name).filter_map(|it| it.to_str().ok()).any(|it| it.contains(word))
}

#[cfg(test)]
mod tests;
