//! Errors as clients see them: RFC 9457 problem details.

mod faults;
mod kind;
mod page;
mod text;
mod view;

use std::{borrow::Cow, fmt, time::Duration};

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use application::{KeyError, Throttled, gateways::GatewayUnavailable};
use domain::{Invalid, order::Status};
use ports::{Causes, HasherBusy, PortError};

pub(in crate::http) use text::{PLACE_BYTES_MAX, json_length};
pub use {
    faults::{Fault, Faults, Place, Rule},
    kind::Kind,
    page::{STYLE_DIGEST, html},
    view::ProblemView,
};

/// The media type of every error (RFC 9457, 6.1).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What a handler answers with: a response, or a problem.
pub type Answer = Result<HttpResponse, Problem>;

/// An error on its way to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    kind: Kind,
    detail: Cow<'static, str>,
    instance: Option<String>,
    errors: Faults,
    allowed: Option<Vec<Status>>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem of that kind, with the detail that fits always.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        let detail = Cow::Borrowed(kind.detail());
        let (errors, headers) = (Faults::default(), Vec::new());
        Self(Box::new(Parts { kind, detail, instance: None, errors, allowed: None, headers }))
    }

    /// A request with those faults.
    #[must_use]
    pub fn invalid(errors: impl Into<Faults>) -> Self {
        let errors = errors.into();
        Self::new(Kind::InvalidRequest).detail(errors.summary()).errors(errors)
    }

    /// A request from somebody who has not shown who it is (RFC 6750, 3).
    #[must_use]
    pub fn unauthorized(shown: bool) -> Self {
        let challenge = if shown { r#"Bearer error="invalid_token""# } else { "Bearer" };
        Self::new(Kind::Unauthorized).header(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    /// One attempt too many: when to come again, as `Retry-After`, as the fields of
    /// draft-ietf-httpapi-ratelimit-headers and as the older three.
    #[must_use]
    pub fn throttled(it: Throttled) -> Self {
        let Throttled { limit, window, retry_after } = it;
        let resets = seconds(retry_after);
        Self::new(Kind::TooManyRequests)
            .retry_after(retry_after)
            .text_header("ratelimit-policy", &format!("\"attempts\";q={limit};w={}", seconds(window)))
            .text_header("ratelimit", &format!("\"attempts\";r=0;t={resets}"))
            .text_header("ratelimit-limit", &limit.to_string())
            .text_header("ratelimit-remaining", "0")
            .text_header("ratelimit-reset", &resets.to_string())
    }

    /// Says it more exactly. The text must not repeat an id or a value that was sent.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = detail.into();
        self
    }

    /// Names the faults; if they are too many to be listed, the detail says how many there are.
    #[must_use]
    pub fn errors(mut self, errors: impl Into<Faults>) -> Self {
        let errors = errors.into();
        if errors.are_many() && self.0.kind != Kind::InvalidRequest {
            self.0.detail = format!("{} {}", self.0.kind.detail(), errors.summary()).into();
        }
        self.0.errors = errors;
        self
    }

    /// Names the statuses that this caller may ask for instead.
    #[must_use]
    pub fn allowed_transitions(mut self, allowed: Vec<Status>) -> Self {
        self.0.allowed = Some(allowed);
        self
    }

    /// Says when to come again: whole seconds, at least one (RFC 9110, 10.2.3).
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        self.text_header("retry-after", &seconds(wait).to_string())
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Adds a header of visible ASCII.
    fn text_header(self, name: &'static str, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => self.header(HeaderName::from_static(name), value),
            Err(_) => self,
        }
    }

    /// Names the request.
    #[must_use]
    pub fn instance(mut self, request_id: &str) -> Self {
        self.0.instance = Some(request_id.to_owned());
        self
    }

    /// What kind of problem it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }
}

/// Whole seconds, rounded up, at least one: who comes a moment too early only comes twice.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

impl From<Kind> for Problem {
    fn from(kind: Kind) -> Self {
        Self::new(kind)
    }
}

/// What was asked of a port did not happen; which one and why, only the log says.
impl From<PortError> for Problem {
    fn from(fault: PortError) -> Self {
        tracing::error!(fault = %Causes(&fault), "a port failed");
        match fault {
            PortError::Away(_) => Self::new(Kind::Unavailable).retry_after(RETRY_UNAVAILABLE),
            PortError::Unreadable(_) | PortError::Bug(_) => Kind::InternalError.into(),
        }
    }
}

/// So many passwords are being hashed that this one was not begun.
impl From<HasherBusy> for Problem {
    fn from(_: HasherBusy) -> Self {
        Self::new(Kind::Overloaded).retry_after(RETRY_UNAVAILABLE)
    }
}

impl From<GatewayUnavailable> for Problem {
    fn from(it: GatewayUnavailable) -> Self {
        Self::new(Kind::GatewayUnavailable).retry_after(it.retry_after)
    }
}

impl From<KeyError> for Problem {
    fn from(fault: KeyError) -> Self {
        match fault {
            // The fault is the request as a whole: it is not the one that the key was used with.
            KeyError::Reused => {
                let rule = Invalid("is not the request that the key was first used with");
                Self::new(Kind::IdempotencyKeyReused).errors(vec![Fault::at("", rule)])
            }
            KeyError::InProgress => Self::new(Kind::IdempotencyInProgress).retry_after(RETRY_UNAVAILABLE),
            KeyError::Failed(away) => away.into(),
        }
    }
}

/// After how long to try again when a dependency is away or the service is busy.
pub const RETRY_UNAVAILABLE: Duration = Duration::from_secs(1);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.kind.slug())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        for header in &self.0.headers {
            response.insert_header(header.clone());
        }
        let body = serde_json::to_string(&ProblemView::from(self)).unwrap_or_default();
        let mut response = response.content_type(MEDIA_TYPE).body(body);
        response.extensions_mut().insert(self.clone());
        response
    }
}

#[cfg(test)]
mod tests;
