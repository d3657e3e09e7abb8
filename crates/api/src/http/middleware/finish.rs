//! The last touch to every answer.

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
    extract::RequestId,
    is_public,
    problem::{Kind, Problem},
};

/// Marks an answer with an error's status that is meant to be as it is.
pub struct NotAProblem;

/// What a browser is told of every answer.
const SECURITY_HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];
/// What an answer may load and run, unless it says so itself.
const DEFAULT_POLICY: (HeaderName, HeaderValue) =
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
const NO_STORE: (HeaderName, HeaderValue) = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));

/// The answer with its headers; an error in the one form that all errors have.
pub(super) fn complete_response<B>(answer: ServiceResponse<B>, id: &RequestId) -> ServiceResponse<BoxBody>
where
    B: MessageBody + 'static,
{
    // Only now is it known which route the path led to, however it was written.
    let is_public = is_public(answer.request());
    let (request, response) = answer.into_parts();
    let mut response = match find_problem(&response) {
        Some(problem) => problem.with_instance(&id.0).error_response(),
        None => response.map_into_boxed_body(),
    };
    let error = response.status().is_client_error() || response.status().is_server_error();
    set_headers(response.headers_mut(), id, is_public && !error);
    ServiceResponse::new(request, response)
}

/// A problem that is answered without a request: complete, with the headers that every answer has.
pub(super) fn complete_problem(problem: Problem, id: &RequestId) -> Problem {
    let mut headers = HeaderMap::new();
    set_headers(&mut headers, id, false);
    headers.into_iter().fold(problem.with_instance(&id.0), |it, (name, value)| it.with_header(name, value))
}

fn set_headers(headers: &mut HeaderMap, id: &RequestId, is_public: bool) {
    for (name, value) in SECURITY_HEADERS {
        headers.insert(name, value);
    }
    if !headers.contains_key(DEFAULT_POLICY.0) {
        headers.insert(DEFAULT_POLICY.0, DEFAULT_POLICY.1);
    }
    if !is_public {
        headers.insert(NO_STORE.0, NO_STORE.1);
    }
    // The id was checked, or made, to be visible ASCII.
    if let Ok(id) = HeaderValue::from_str(&id.0) {
        headers.insert(HeaderName::from_static(RequestId::HEADER), id);
    }
}

/// The problem that a response is about; also when it was the framework that refused.
fn find_problem<B>(response: &HttpResponse<B>) -> Option<Problem> {
    let problem = response.extensions().get::<Problem>().cloned();
    let status = response.status();
    let foreign = status.is_client_error() || status.is_server_error();
    let meant = response.extensions().get::<NotAProblem>().is_some();
    problem.or_else(|| (foreign && !meant).then(|| kind_from_status(status).into()))
}

/// The problem behind an error of the framework.
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
        other if other.is_client_error() => Kind::MalformedJson,
        _ => Kind::InternalError,
    }
}
