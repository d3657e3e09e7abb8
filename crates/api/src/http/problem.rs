//! Errors as clients see them: RFC 9457 problem details.
//!
//! Use cases return their own errors; each handler module turns those into a [`Problem`] with `From`. A
//! problem never repeats an id or a value that was sent, and it never names the dependency that failed: only
//! the log does.

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
use application::{KeyError, Limit, Throttled, gateways::GatewayUnavailable};
use domain::{Invalid, api_key::Scope, order::OrderStatus};
use ports::{ErrorChain, HasherBusy, PortError};

use crate::tasks::RunError;

pub(in crate::http) use text::{LOCATION_BYTES_MAX, json_length};
pub use {
    faults::{Fault, FaultLocation, Faults, Rule},
    kind::Kind,
    page::{STYLE_DIGEST, render_html},
    view::ProblemView,
};

/// The media type of every error (RFC 9457, 6.1).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// The result of a handler: a response, or a problem.
pub type HandlerResult = Result<HttpResponse, Problem>;

/// An error that is going to be the answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
// Boxed, because it is the error of nearly every function of this interface, and each `Result` is as large as
// its error.
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    kind: Kind,
    detail: Cow<'static, str>,
    instance: Option<String>,
    errors: Faults,
    allowed: Option<Vec<OrderStatus>>,
    scopes: Option<&'static [Scope]>,
    reached: Option<Limit>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem of a kind, with the kind's general detail.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        let detail = Cow::Borrowed(kind.detail());
        let errors = Faults::default();
        // A 401 names a scheme in every case (RFC 9110, 15.5.2). A header of the same name replaces it.
        let challenge = (header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        let headers = if kind.status() == 401 { vec![challenge] } else { Vec::new() };
        let (instance, allowed, scopes, reached) = (None, None, None, None);
        Self(Box::new(Parts { kind, detail, instance, errors, allowed, scopes, reached, headers }))
    }

    /// A request with faults: `invalid-request`, whose detail counts them.
    #[must_use]
    pub fn invalid_request(errors: impl Into<Faults>) -> Self {
        let errors = errors.into();
        Self::new(Kind::InvalidRequest).with_detail(errors.summary()).with_errors(errors)
    }

    /// A request without a valid access token (RFC 6750, 3); `shown` says whether it carried one at all.
    #[must_use]
    pub fn unauthorized(shown: bool) -> Self {
        let challenge = if shown { r#"Bearer error="invalid_token""# } else { "Bearer" };
        Self::new(Kind::Unauthorized)
            .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    /// An API key that has none of these scopes, of which each would do (RFC 6750, 3.1). Without any, no key may use the
    /// route.
    #[must_use]
    pub fn insufficient_scope(scopes: &'static [Scope]) -> Self {
        let names: Vec<_> = scopes.iter().map(|it| it.as_str()).collect();
        let mut challenge = r#"Bearer error="insufficient_scope""#.to_owned();
        let mut problem = Self::new(Kind::InsufficientScope);
        if names.is_empty() {
            problem = problem.with_detail("No API key may use this operation: it is for users.");
        } else {
            challenge.push_str(&format!(r#", scope="{}""#, names.join(" ")));
            problem =
                problem.with_detail(format!("This operation requires the scope {}.", names.join(" or ")));
        }
        problem.0.scopes = Some(scopes);
        problem.with_text_header("www-authenticate", &challenge)
    }

    /// An attempt beyond a limit. The time to wait is sent as `Retry-After`, in the two fields of
    /// draft-ietf-httpapi-ratelimit-headers, and in the three older fields that client libraries know.
    #[must_use]
    pub fn too_many_requests(it: Throttled) -> Self {
        let Throttled { reached, limit, window, retry_after } = it;
        let (name, resets) = (reached.as_str(), whole_seconds(retry_after));
        let mut problem = Self::new(Kind::TooManyRequests)
            .with_detail(format!(
                "Too many {}. The Retry-After header says when to try again.",
                many(reached)
            ))
            .with_retry_after(retry_after)
            .with_text_header(
                "ratelimit-policy",
                &format!("\"{name}\";q={limit};w={}", whole_seconds(window)),
            )
            .with_text_header("ratelimit", &format!("\"{name}\";r=0;t={resets}"))
            .with_text_header("ratelimit-limit", &limit.to_string())
            .with_text_header("ratelimit-remaining", "0")
            .with_text_header("ratelimit-reset", &resets.to_string());
        problem.0.reached = Some(reached);
        problem
    }

    /// Replaces the detail by a more exact one. The text must not repeat an id or a value that was sent.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = detail.into();
        self
    }

    /// Adds the faults; if there are too many to be listed, the detail says how many there are.
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

    /// Adds `Retry-After`: whole seconds, at least one (RFC 9110, 10.2.3).
    #[must_use]
    pub fn with_retry_after(self, wait: Duration) -> Self {
        self.with_text_header("retry-after", &whole_seconds(wait).to_string())
    }

    /// Adds a header of the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Adds a header whose value is visible ASCII.
    fn with_text_header(self, name: &'static str, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => self.with_header(HeaderName::from_static(name), value),
            // This is an error's answer already: one header less is better than another error.
            Err(_) => self,
        }
    }

    /// Sets the request id, which the client can quote to find the log lines.
    #[must_use]
    pub fn with_instance(mut self, request_id: &str) -> Self {
        self.0.instance = Some(request_id.to_owned());
        self
    }

    /// The limit that was reached; `None` for any other problem.
    #[must_use]
    pub fn reached_limit(&self) -> Option<Limit> {
        self.0.reached
    }

    /// The kind, which decides type, status and title.
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
        Limit::EditsPerMinute => "changes of orders by this user within a minute",
        Limit::OpenOrders => "unpaid orders of this user: pay or cancel some",
        Limit::OpenPieces => "pieces of one product in unpaid orders of this user: pay or cancel some",
        Limit::OrderDeclines => "declined payments of this order: place another one",
        Limit::UserDeclines => "declined payments of this user within a day",
        Limit::ResetRequests => "requests to reset the password of this account",
        Limit::NetworkResets => "requests to reset a password from this network",
        Limit::VerificationRequests => "requests to verify this address",
        Limit::NetworkVerifications => "requests to verify an address from this network",
        Limit::UserRequests => "requests of this user within a minute",
        Limit::KeyRequests => "requests with this API key within a minute",
        Limit::NetworkRequests => "requests from this network within a minute",
    }
}

/// Whole seconds, rounded up, at least one: who comes a moment too early only comes twice.
pub(in crate::http) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

impl From<Kind> for Problem {
    fn from(kind: Kind) -> Self {
        Self::new(kind)
    }
}

/// A dependency failed. Which one and why is in the log only: a host name or a statement is of no use to a
/// client.
impl From<PortError> for Problem {
    fn from(fault: PortError) -> Self {
        // The one place where the cause is still known; the answer must not contain it.
        tracing::error!(error = %ErrorChain(&fault), "a dependency failed, the request is answered with an error");
        match fault {
            PortError::Unavailable(_) => Self::new(Kind::Unavailable).with_retry_after(RETRY_UNAVAILABLE),
            // A retry does not help here, so no `Retry-After` invites to one.
            PortError::Unreadable(_) | PortError::Bug(_) => Kind::InternalError.into(),
        }
    }
}

/// Too many passwords are being hashed, and this one was not begun.
impl From<HasherBusy> for Problem {
    fn from(_: HasherBusy) -> Self {
        Self::new(Kind::Overloaded).with_retry_after(RETRY_UNAVAILABLE)
    }
}

impl From<RunError> for Problem {
    fn from(fault: RunError) -> Self {
        match fault {
            RunError::Overloaded => Self::new(Kind::Overloaded).with_retry_after(RETRY_UNAVAILABLE),
            RunError::Cancelled => {
                tracing::error!(fault = %fault, "a write did not run to its end");
                Kind::InternalError.into()
            }
        }
    }
}

impl From<GatewayUnavailable> for Problem {
    fn from(it: GatewayUnavailable) -> Self {
        Self::new(Kind::GatewayUnavailable).with_retry_after(it.retry_after)
    }
}

impl From<KeyError> for Problem {
    fn from(fault: KeyError) -> Self {
        match fault {
            // The pointer is the whole body: which part differs is not known, as only the digest of the first
            // is stored.
            KeyError::Reused => {
                let rule = Invalid("is not the request that the key was first used with");
                Self::new(Kind::IdempotencyKeyReused).with_errors(vec![Fault::at_pointer("", rule)])
            }
            KeyError::InProgress => {
                Self::new(Kind::IdempotencyInProgress).with_retry_after(RETRY_UNAVAILABLE)
            }
            KeyError::Failed(error) => error.into(),
        }
    }
}

/// The wait that a client is asked for when a dependency is unavailable or the service is busy.
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
        // The middleware finds it there and renders it again with the request's id, which is unknown here.
        response.extensions_mut().insert(self.clone());
        response
    }
}

#[cfg(test)]
mod tests;
