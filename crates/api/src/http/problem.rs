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
use application::{KeyError, Limit, Throttled};
use domain::{Invalid, order::OrderStatus};
use ports::{ErrorChain, HasherBusy, PortError};

pub(in crate::http) use text::{LOCATION_BYTES_MAX, json_length};
pub use {
    faults::{Fault, FaultLocation, Faults, Rule},
    kind::Kind,
    page::{STYLE_DIGEST, render_html},
    view::ProblemView,
};

/// The media type of every error (RFC 9457, 6.1).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What a handler answers with: a response, or a problem.
pub type HandlerResult = Result<HttpResponse, Problem>;

/// An error on its way to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    kind: Kind,
    detail: Cow<'static, str>,
    instance: Option<String>,
    errors: Faults,
    allowed: Option<Vec<OrderStatus>>,
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
    pub fn invalid_request(errors: impl Into<Faults>) -> Self {
        let errors = errors.into();
        Self::new(Kind::InvalidRequest).with_detail(errors.summary()).with_errors(errors)
    }

    /// A request from somebody who has not shown who it is (RFC 6750, 3).
    #[must_use]
    pub fn unauthorized(shown: bool) -> Self {
        let challenge = if shown { r#"Bearer error="invalid_token""# } else { "Bearer" };
        Self::new(Kind::Unauthorized)
            .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    /// One attempt too many: when to come again, as `Retry-After`, as the fields of
    /// draft-ietf-httpapi-ratelimit-headers and as the older three.
    #[must_use]
    pub fn too_many_requests(it: Throttled) -> Self {
        let Throttled { reached, limit, window, retry_after } = it;
        let resets = whole_seconds(retry_after);
        Self::new(Kind::TooManyRequests)
            .with_detail(format!(
                "Too many {}. The Retry-After header says when to try again.",
                many(reached)
            ))
            .with_retry_after(retry_after)
            .with_text_header(
                "ratelimit-policy",
                &format!("\"attempts\";q={limit};w={}", whole_seconds(window)),
            )
            .with_text_header("ratelimit", &format!("\"attempts\";r=0;t={resets}"))
            .with_text_header("ratelimit-limit", &limit.to_string())
            .with_text_header("ratelimit-remaining", "0")
            .with_text_header("ratelimit-reset", &resets.to_string())
    }

    /// Says it more exactly. The text must not repeat an id or a value that was sent.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = detail.into();
        self
    }

    /// Names the faults; if they are too many to be listed, the detail says how many there are.
    #[must_use]
    pub fn with_errors(mut self, errors: impl Into<Faults>) -> Self {
        let errors = errors.into();
        if errors.are_many() && self.0.kind != Kind::InvalidRequest {
            self.0.detail = format!("{} {}", self.0.kind.detail(), errors.summary()).into();
        }
        self.0.errors = errors;
        self
    }

    /// Names the statuses that this caller may ask for instead.
    #[must_use]
    pub fn with_allowed_transitions(mut self, allowed: Vec<OrderStatus>) -> Self {
        self.0.allowed = Some(allowed);
        self
    }

    /// Says when to come again: whole seconds, at least one (RFC 9110, 10.2.3).
    #[must_use]
    pub fn with_retry_after(self, wait: Duration) -> Self {
        self.with_text_header("retry-after", &whole_seconds(wait).to_string())
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Adds a header of visible ASCII.
    fn with_text_header(self, name: &'static str, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => self.with_header(HeaderName::from_static(name), value),
            Err(_) => self,
        }
    }

    /// Names the request.
    #[must_use]
    pub fn with_instance(mut self, request_id: &str) -> Self {
        self.0.instance = Some(request_id.to_owned());
        self
    }

    /// What kind of problem it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }
}

/// The things that are too many. A name has one text for all its counts, whether or not there is such an account.
const fn many(reached: Limit) -> &'static str {
    match reached {
        Limit::Attempts => "attempts from this network, right ones included",
        Limit::NetworkFailures => "failed logins from this network",
        Limit::LoginFailures => "failed logins with this name",
        Limit::SessionFailures => "wrong passwords in this session",
        Limit::OrdersPerMinute => "orders of this user within a minute",
        Limit::OpenOrders => "unpaid orders of this user: pay or cancel some",
        Limit::OpenPieces => "pieces of one product in unpaid orders of this user: pay or cancel some",
        Limit::OrderDeclines => "declined payments of this order, which can be paid no more",
        Limit::UserDeclines => "declined payments of this user within a day",
    }
}

/// Whole seconds, rounded up, at least one: who comes a moment too early only comes twice.
fn whole_seconds(wait: Duration) -> u64 {
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
        tracing::error!(fault = %ErrorChain(&fault), "a port failed");
        match fault {
            PortError::Unavailable(_) => Self::new(Kind::Unavailable).with_retry_after(RETRY_UNAVAILABLE),
            PortError::Unreadable(_) | PortError::Bug(_) => Kind::InternalError.into(),
        }
    }
}

/// So many passwords are being hashed that this one was not begun.
impl From<HasherBusy> for Problem {
    fn from(_: HasherBusy) -> Self {
        Self::new(Kind::Overloaded).with_retry_after(RETRY_UNAVAILABLE)
    }
}

impl From<KeyError> for Problem {
    fn from(fault: KeyError) -> Self {
        match fault {
            // The fault is the request as a whole: it is not the one that the key was used with.
            KeyError::Reused => {
                let rule = Invalid("is not the request that the key was first used with");
                Self::new(Kind::IdempotencyKeyReused).with_errors(vec![Fault::at_pointer("", rule)])
            }
            KeyError::InProgress => {
                Self::new(Kind::IdempotencyInProgress).with_retry_after(RETRY_UNAVAILABLE)
            }
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
