//! Cross-origin requests of browsers (the CORS protocol of the Fetch standard): which pages of other origins may call the
//! service, and what they may send and read.
//!
//! Answers allow no credentials: the service knows no cookies, so a page has to hold a token, and one that has it could
//! send it from anywhere.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method,
        header::{self, HeaderMap, HeaderValue},
    },
};

use crate::config::CorsOrigins;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
/// What a page may send beside the headers that browsers always allow.
const SENT: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, idempotency-key, if-match, if-none-match, x-request-id, traceparent, tracestate",
);
/// What a page may read beside the headers that browsers always show.
const READ: HeaderValue = HeaderValue::from_static(
    "etag, location, allow, www-authenticate, retry-after, ratelimit, ratelimit-policy, ratelimit-limit, \
     ratelimit-remaining, ratelimit-reset, idempotent-replayed, x-request-id, content-disposition",
);
/// How long a browser remembers the answer to a preflight, in seconds: two hours, which is the most that one of them takes.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");
const ANY: HeaderValue = HeaderValue::from_static("*");

/// The origins that may call the service; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Cors(Arc<CorsOrigins>);

/// What one answer says about its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CorsAnswer {
    /// Nothing: no origin is allowed.
    Off,
    /// The origin is not allowed, or there is none; another one would get another answer.
    Foreign,
    /// This page may read the answer.
    Allowed(HeaderValue),
}

impl Cors {
    /// Lets these origins call the service.
    #[must_use]
    pub fn new(origins: CorsOrigins) -> Self {
        Self(Arc::new(origins))
    }

    /// What the answer to a request with these headers has to say.
    pub(super) fn answer_to(&self, headers: &HeaderMap) -> CorsAnswer {
        let origin = headers.get(header::ORIGIN);
        match (&*self.0, origin) {
            (CorsOrigins::None, _) => CorsAnswer::Off,
            (CorsOrigins::Any, _) => CorsAnswer::Allowed(ANY),
            // Compared byte by byte: browsers write an origin in its one canonical form.
            (CorsOrigins::Listed(all), Some(it)) if all.iter().any(|one| one.as_bytes() == it.as_bytes()) => {
                CorsAnswer::Allowed(it.clone())
            }
            (CorsOrigins::Listed(_), _) => CorsAnswer::Foreign,
        }
    }
}

impl CorsAnswer {
    /// The answer to a preflight, which needs no route: only the request itself is refused. `None` for any other request,
    /// and for an origin that is not allowed.
    pub(super) fn answer_preflight(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let asks = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
            && request.headers().contains_key(header::ORIGIN);
        if *request.method() != Method::OPTIONS || !asks {
            return None;
        }
        match self {
            Self::Off | Self::Foreign => None,
            Self::Allowed(_) => Some(
                HttpResponse::NoContent()
                    .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS))
                    .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, SENT))
                    .insert_header((header::ACCESS_CONTROL_MAX_AGE, MAX_AGE))
                    .finish(),
            ),
        }
    }

    /// Sets the headers that every answer to the request has, also an error.
    pub(super) fn set_headers(&self, headers: &mut HeaderMap) {
        match self {
            Self::Off => return,
            Self::Foreign => {}
            Self::Allowed(origin) => {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
                headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, READ);
                if *origin == ANY {
                    return;
                }
            }
        }
        // Also where the origin is missing or foreign: a cache must not give that answer to an allowed one.
        headers.append(header::VARY, HeaderValue::from_static("origin"));
    }
}
