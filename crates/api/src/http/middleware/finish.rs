//! Completes every answer: sets the headers that all answers have, and gives every error the form of a
//! problem.

use actix_web::{
    Error, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::ServiceResponse,
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
};

use crate::http::{
    cors::CorsAnswer,
    extract::RequestId,
    is_public,
    problem::{Kind, Problem},
    request_limits::CountedQuotas,
};

/// An extension of a response with an error status: its body is sent as it is and not replaced by a problem.
/// `/readyz` sets it, whose 503 has a body for probes.
pub struct NotAProblem;

/// Headers for browsers on every answer: no guessing of types, no frames, no referrer.
const SECURITY_HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];
/// The policy of an answer that sets none itself: it may load and run nothing.
const DEFAULT_POLICY: (HeaderName, HeaderValue) =
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
const NO_STORE: (HeaderName, HeaderValue) = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));

/// Sets the headers of an answer, and replaces the body of an error by its problem with the request's id.
pub(super) fn complete_response<B>(
    answer: ServiceResponse<B>,
    id: &RequestId,
    quotas: &CountedQuotas,
    cors: &CorsAnswer,
) -> ServiceResponse<BoxBody>
where
    B: MessageBody + 'static,
{
    // Asked of the answer and not of the request at the beginning: the route is known only after the routing.
    let is_public = is_public(answer.request());
    let (request, response) = answer.into_parts();
    // A handler's error became a response before its id was known here, so the response is made again from
    // the problem that is stored in it.
    let mut response = match find_problem(&response) {
        Some(problem) => problem.with_instance(&id.0).error_response(),
        None => response.map_into_boxed_body(),
    };
    let error = response.status().is_client_error() || response.status().is_server_error();
    // An error on a public path passes (503, or 404 until the next version), so no cache may store it either.
    let is_public = is_public && !error;
    set_headers(response.headers_mut(), id, is_public);
    cors.set_headers(response.headers_mut());
    // What a cache may store must not hold the state of one client.
    if !is_public {
        quotas.set_headers(response.headers_mut());
    }
    ServiceResponse::new(request, response)
}

/// Completes a problem for which there is no response yet: the headers travel in the problem until the HTTP
/// library renders it.
pub(super) fn complete_problem(
    problem: Problem,
    id: &RequestId,
    quotas: &CountedQuotas,
    cors: &CorsAnswer,
) -> Problem {
    let mut headers = HeaderMap::new();
    set_headers(&mut headers, id, false);
    cors.set_headers(&mut headers);
    // A limit that was reached is in the problem's own fields.
    if problem.reached_limit().is_none() {
        quotas.set_headers(&mut headers);
    }
    headers.into_iter().fold(problem.with_instance(&id.0), |it, (name, value)| it.with_header(name, value))
}

fn set_headers(headers: &mut HeaderMap, id: &RequestId, is_public: bool) {
    for (name, value) in SECURITY_HEADERS {
        headers.insert(name, value);
    }
    // A page that runs scripts has stated a policy that is wider on purpose.
    if !headers.contains_key(DEFAULT_POLICY.0) {
        headers.insert(DEFAULT_POLICY.0, DEFAULT_POLICY.1);
    }
    // Without the header a cache may store a 200 by its own judgement (RFC 9111, 4.2.2), and nearly all of
    // ours hold the data of one account.
    if !is_public {
        headers.insert(NO_STORE.0, NO_STORE.1);
    }
    // The id was checked, or made, to be visible ASCII.
    if let Ok(id) = HeaderValue::from_str(&id.0) {
        headers.insert(HeaderName::from_static(RequestId::HEADER), id);
    }
}

/// The problem that a response stands for, also when it is the HTTP library that refused the request.
pub(super) fn find_problem<B>(response: &HttpResponse<B>) -> Option<Problem> {
    let problem = response.extensions().get::<Problem>().cloned();
    let status = response.status();
    let foreign = status.is_client_error() || status.is_server_error();
    let meant = response.extensions().get::<NotAProblem>().is_some();
    problem.or_else(|| (foreign && !meant).then(|| kind_from_status(status).into()))
}

/// The problem behind an error: our own as it is, one of the HTTP library's by its status.
pub(super) fn problem_from_error(fault: &Error) -> Problem {
    let own = fault.as_error::<Problem>().cloned();
    own.unwrap_or_else(|| kind_from_status(fault.as_response_error().status_code()).into())
}

fn kind_from_status(status: StatusCode) -> Kind {
    match status {
        StatusCode::NOT_FOUND => Kind::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Kind::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Kind::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Kind::UnsupportedMediaType,
        StatusCode::UNPROCESSABLE_ENTITY => Kind::InvalidRequest,
        StatusCode::SERVICE_UNAVAILABLE => Kind::Unavailable,
        // The library's other client errors are about a request that it could not read.
        other if other.is_client_error() => Kind::MalformedJson,
        _ => Kind::InternalError,
    }
}
