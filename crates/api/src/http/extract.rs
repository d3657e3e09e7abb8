//! Extractors: the caller, the client's address and the request's id, as arguments of handlers.
//!
//! They run before the handler, so 401 and 403 are answered before a body or a parameter is read.

mod address;
mod agent;
mod enrolment;

use std::{future::Ready, net::IpAddr, ops::Deref};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest, ResponseError,
    dev::Payload,
    http::{
        StatusCode,
        header::{self, HeaderMap},
    },
};
use application::{ServiceCaller, security::SecurityEvent};
use domain::{Network, SessionId, UserId, api_key::Scope};
use futures_util::future::LocalBoxFuture;

pub use agent::ClientAgent;

use super::{
    key_access::route_scopes,
    problem::{Kind, Problem},
    request_limits::count_caller,
    route_of,
};
use crate::service::SharedService;

/// The id of a request: in its answer, in its problem, and in every log line about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

impl RequestId {
    /// Longest id that is taken from a client, in characters.
    pub const CHARS_MAX: usize = 128;
    /// The header of request and answer that carries the id.
    pub const HEADER: &str = "x-request-id";

    /// The client's id, if it is 1 to 128 visible ASCII characters and holds no card number; `None`
    /// otherwise.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let id = single_header(headers, Self::HEADER)?;
        // The id goes into the log as it is. A space or a line break could forge a field or a line there, and
        // a card number must not be logged.
        let visible = (1..=Self::CHARS_MAX).contains(&id.len()) && id.bytes().all(|it| it.is_ascii_graphic());
        (visible && !domain::card::contains_number(id)).then(|| Self(id.to_owned()))
    }
}

/// A user with a valid access token, or a system whose API key has a scope for the route: 401 without either, 403
/// `insufficient-scope` for another key.
#[derive(Debug)]
pub struct Caller(pub application::Caller);

/// A user with a valid access token: 401 without one, 403 `insufficient-scope` for every API key.
#[derive(Debug)]
pub struct UserCaller(pub application::UserCaller);

/// A user with the role `OPERATOR`: 401 without a valid token, 403 for a customer and for every API key.
#[derive(Debug)]
pub struct Operator(pub application::Operator);

/// A user with the role `OPERATOR`, or a system whose API key has a scope for the route: 401 without either, 403 for a
/// customer and for another key.
#[derive(Debug)]
pub struct Staff(pub application::Staff);

impl Deref for Caller {
    type Target = application::Caller;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Deref for UserCaller {
    type Target = application::UserCaller;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Deref for Operator {
    type Target = application::Operator;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Deref for Staff {
    type Target = application::Staff;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { authenticate_request(&request).await.map(Self) })
    }
}

/// The caller of a public route that shows more to some. Without a token that is good for the route there is none, which is
/// no error here.
pub struct MaybeCaller(pub Option<Caller>);

impl FromRequest for MaybeCaller {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            match authenticate_request(&request).await {
                Ok(caller) => Ok(Self(Some(Caller(caller)))),
                Err(problem) => match problem.status_code() {
                    StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Ok(Self(None)),
                    // Without the record or beyond a limit it is unknown what this caller may see.
                    _ => Err(problem),
                },
            }
        })
    }
}

impl FromRequest for UserCaller {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { authenticate_user(&request).await.map(Self) })
    }
}

impl FromRequest for Operator {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let caller = authenticate_user(&request).await?;
            let (user, session) = (caller.user.id.clone(), caller.session.clone());
            caller.into_operator().map(Self).ok_or_else(|| refuse_role(&request, &user, &session))
        })
    }
}

impl FromRequest for Staff {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            match authenticate_request(&request).await? {
                application::Caller::User(caller) => {
                    let (user, session) = (caller.user.id.clone(), caller.session.clone());
                    let operator = caller.into_operator();
                    operator.map(|it| Self(it.into())).ok_or_else(|| refuse_role(&request, &user, &session))
                }
                service @ application::Caller::Service(_) => {
                    service.into_staff().map(Self).ok_or_else(|| Kind::InternalError.into())
                }
            }
        })
    }
}

fn refuse_role(request: &HttpRequest, user: &UserId, session: &SessionId) -> Problem {
    let network = ClientAddress::for_request(request).network();
    SecurityEvent::Forbidden { user, session, network }.log();
    Kind::Forbidden.into()
}

fn refuse_scope(request: &HttpRequest, service: &ServiceCaller, scopes: &'static [Scope]) -> Problem {
    let network = ClientAddress::for_request(request).network();
    SecurityEvent::ScopeRefused { key: &service.key.id, network }.log();
    Problem::insufficient_scope(scopes)
}

/// The caller of a request. A service is let through only if the table of scopes opens the route to its key, and an
/// operator only with a second factor where one is required: this is the one place where that is decided, and every
/// extractor comes through it.
async fn authenticate_request(request: &HttpRequest) -> Result<application::Caller, Problem> {
    let service = request.app_data::<SharedService>().ok_or(Kind::InternalError)?;
    // A request without a token gets a bare challenge: an error code is only for one that was shown (RFC
    // 6750, 3.1).
    let shown = request.headers().contains_key(header::AUTHORIZATION);
    let unauthorized = || Problem::unauthorized(shown);
    let token = bearer_token(request.headers()).ok_or_else(unauthorized)?;
    let caller = application::auth::authenticate(&service.app, token).await?.ok_or_else(unauthorized)?;
    count_caller(request, service, &caller)?;
    let route = route_of(request)?;
    match &caller {
        application::Caller::User(user) => enrolment::require_factor(&service.app.policy, user, route)?,
        application::Caller::Service(key) => {
            let scopes = route_scopes(route.name);
            if !key.has_any_scope(scopes) {
                return Err(refuse_scope(request, key, scopes));
            }
        }
    }
    Ok(caller)
}

/// The caller as a user. A key is refused even if the table opens the route to it.
async fn authenticate_user(request: &HttpRequest) -> Result<application::UserCaller, Problem> {
    match authenticate_request(request).await? {
        application::Caller::User(caller) => Ok(caller),
        application::Caller::Service(key) => Err(refuse_scope(request, &key, &[])),
    }
}

/// The token of `Authorization: Bearer …` (RFC 6750, 2.1).
pub(super) fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = single_header(headers, header::AUTHORIZATION.as_str())?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The text of a header that is given once; `None` when it is missing, repeated or no text.
pub(super) fn single_header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut given = headers.get_all(name);
    // With two values a proxy may judge by one and we by the other, so a repeated header counts as none.
    let first = given.next()?;
    if given.next().is_some() { None } else { first.to_str().ok() }
}

/// The client's address: the nearest peer that is not a trusted proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    pub(super) fn for_request(request: &HttpRequest) -> Self {
        let trusted = request.app_data::<SharedService>().map_or(&[][..], |it| &it.trusted_proxies);
        Self(address::client_ip(request, trusted))
    }

    /// The network that limits are counted by: the IPv4 address, or the `/64` of an IPv6 address.
    #[must_use]
    pub fn network(self) -> Network {
        Network::from_address(self.0)
    }
}

impl FromRequest for ClientAddress {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Ok(Self::for_request(request)))
    }
}

impl FromRequest for RequestId {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // The middleware has put it there before the routing; a request without it is a fault of the service.
        let id = request.extensions().get::<Self>().cloned();
        std::future::ready(id.ok_or_else(|| Kind::InternalError.into()))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn headers(name: &str, values: &[&str]) -> HeaderMap {
        let request = values.iter().fold(TestRequest::get(), |it, value| it.append_header((name, *value)));
        request.to_http_request().headers().clone()
    }

    #[test]
    fn a_request_id_is_taken_if_it_is_visible_ascii() {
        let sent = |values: &[&str]| RequestId::from_headers(&headers("x-request-id", values)).map(|it| it.0);
        assert_eq!(sent(&["r-1/a"]), Some("r-1/a".into()));
        assert_eq!(sent(&[&"r".repeat(128)]), Some("r".repeat(128)));
        for bad in [&["a b"][..], &[""], &["a", "a"], &[&"r".repeat(129)], &[]] {
            assert_eq!(sent(bad), None, "{bad:?}");
        }
        for card in
            ["4242-4242-4242-4242", "x4242424242424242y", "4242.4242/4242_4242", "pay:4242424242424242,12/27"]
        {
            assert_eq!(sent(&[card]), None, "{card}");
        }
        for other in ["42424242-4242-4242-adc4-5ccbde4d30e6", "356938035643809", "6921168509256"] {
            assert_eq!(sent(&[other]), Some(other.into()));
        }
    }

    #[test]
    fn a_bearer_token_is_found_whatever_the_case_of_its_scheme() {
        let token = |values: &[&str]| bearer_token(&headers("authorization", values)).map(str::to_owned);
        assert_eq!(token(&["Bearer t1"]), Some("t1".into()));
        assert_eq!(token(&["bEARER  t1"]), Some("t1".into()));
        for bad in [&["Basic t1"][..], &["Bearer"], &["t1"], &["Bearer a", "Bearer b"], &[]] {
            assert_eq!(token(bad), None, "{bad:?}");
        }
    }
}
