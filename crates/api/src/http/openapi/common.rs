//! Adds to the document what operations of one kind have in common: problems, headers and the bodies of
//! errors.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::{
    Content, Header, HttpMethod, OpenApi as Document, Ref, RefOr, Required, Response,
    path::{Operation, ParameterIn, PathItem},
};

use super::{BEARER, RAW_BODIES};
use crate::http::problem::{Kind, MEDIA_TYPE, ProblemView};

/// The problems that every operation can answer with.
const ALL_OPERATIONS: &[Kind] =
    &[Kind::InternalError, Kind::Unavailable, Kind::Overloaded, Kind::DeadlineExceeded];
/// The problems of an operation that reads a JSON body.
const WITH_BODY: &[Kind] = &[
    Kind::MalformedJson,
    Kind::BodyTooLarge,
    Kind::UnsupportedMediaType,
    Kind::InvalidRequest,
    Kind::CardDataRefused,
];
/// The problems of an operation that takes an `Idempotency-Key`.
const WITH_KEY: &[Kind] = &[
    Kind::IdempotencyKeyInvalid,
    Kind::IdempotencyKeyReused,
    Kind::IdempotencyInProgress,
    Kind::CardDataRefused,
];
/// The name of the header in the document.
const KEY: &str = "Idempotency-Key";
/// The problems of an operation that checks its query.
const WITH_QUERY: &[Kind] = &[Kind::InvalidRequest, Kind::CardDataRefused];

/// Adds the common problems, headers and bodies to every operation of the document.
pub(super) fn add_common_problems(document: &mut Document) {
    for (path, item) in &mut document.paths.paths {
        for (_, operation) in path_operations(item) {
            for kind in common_kinds(path, operation) {
                add_kind(operation, kind);
            }
            complete_responses(operation);
            prefix_operation_id(operation);
        }
    }
}

/// The operations of a path, with their methods.
pub(super) fn path_operations(item: &mut PathItem) -> Vec<(HttpMethod, &mut Operation)> {
    [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Delete, &mut item.delete),
        (HttpMethod::Patch, &mut item.patch),
    ]
    .into_iter()
    .filter_map(|(method, it)| it.as_mut().map(|it| (method, it)))
    .collect()
}

fn common_kinds(path: &str, operation: &Operation) -> Vec<Kind> {
    // Derived and not declared: a handler that gains a body or a key gains its problems in the contract, too,
    // and the tests compare every answer with the contract.
    let raw = path.starts_with(RAW_BODIES);
    let (secured, operators) = security_needs(operation);
    let when = |condition: bool, kinds: &'static [Kind]| if condition { kinds } else { &[] };
    [
        when(secured, &[Kind::Unauthorized, Kind::InsufficientScope]),
        when(path.starts_with("/v1/") && !raw, &[Kind::TooManyRequests]),
        when(secured, &[Kind::SecondFactorRequired]),
        when(operators, &[Kind::Forbidden]),
        when(has_parameter(operation, &ParameterIn::Path, None), &[Kind::NotFound]),
        when(path.starts_with("/v1/") && !raw, WITH_QUERY),
        when(operation.request_body.is_some() && !raw, WITH_BODY),
        when(raw, &[Kind::BodyTooLarge]),
        when(has_parameter(operation, &ParameterIn::Header, Some(KEY)), WITH_KEY),
        when(requires_key(operation), &[Kind::IdempotencyKeyMissing]),
        when(has_parameter(operation, &ParameterIn::Header, Some("If-Match")), &[Kind::PreconditionFailed]),
        ALL_OPERATIONS,
    ]
    .concat()
}

/// Whether an operation needs a token, and whether that has to be an operator's.
fn security_needs(operation: &Operation) -> (bool, bool) {
    // Through JSON, because the library's type does not show what a requirement names.
    let required = serde_json::to_value(&operation.security).unwrap_or_default();
    let ours: Vec<&Value> =
        required.as_array().into_iter().flatten().filter_map(|it| it.get(BEARER)).collect();
    // An operation that also lists no requirement at all serves everyone, and only shows more to some.
    let is_optional = required.as_array().into_iter().flatten().any(|it| *it == serde_json::json!({}));
    let operators = ours.iter().any(|it| it.as_array().is_some_and(|roles| !roles.is_empty()));
    (!ours.is_empty() && !is_optional, operators)
}

/// The name of a method in upper case, as in the route table.
pub(super) const fn method_name(method: &HttpMethod) -> &'static str {
    match method {
        HttpMethod::Get => "GET",
        HttpMethod::Post => "POST",
        HttpMethod::Put => "PUT",
        HttpMethod::Delete => "DELETE",
        HttpMethod::Options => "OPTIONS",
        HttpMethod::Head => "HEAD",
        HttpMethod::Patch => "PATCH",
        HttpMethod::Trace => "TRACE",
    }
}

/// Whether an operation has a parameter at a place, with the given name if there is one.
pub(super) fn has_parameter(operation: &Operation, place: &ParameterIn, name: Option<&str>) -> bool {
    operation.parameters.iter().flatten().any(|it| match it {
        RefOr::T(it) => it.parameter_in == *place && name.is_none_or(|name| it.name == name),
        RefOr::Ref(_) => false,
    })
}

fn requires_key(operation: &Operation) -> bool {
    operation.parameters.iter().flatten().any(|it| match it {
        RefOr::T(it) => it.name == KEY && it.required == Required::True,
        RefOr::Ref(_) => false,
    })
}

/// Adds a kind to the description of its status, unless the handler has named it there.
fn add_kind(operation: &mut Operation, kind: Kind) {
    let responses = &mut operation.responses.responses;
    let response = responses.entry(kind.status().to_string()).or_insert_with(|| Response::default().into());
    let RefOr::T(response) = response else { return };
    let named = format!("`{}`", kind.slug());
    if !response.description.contains(&named) {
        let before = response.description.trim_end_matches('.').to_owned();
        response.description =
            if before.is_empty() { format!("{named}.") } else { format!("{before}, {named}.") };
    }
}

/// Adds the body and the headers of every error, and a default response for any other problem.
fn complete_responses(operation: &mut Operation) {
    let keyed = has_parameter(operation, &ParameterIn::Header, Some(KEY));
    let responses = &mut operation.responses.responses;
    let other = Response::new("Any other problem, such as `method-not-allowed`.");
    responses.entry("default".to_owned()).or_insert_with(|| other.into());
    for (status, response) in responses.iter_mut() {
        let RefOr::T(response) = response else { continue };
        let error = status.starts_with(['4', '5', 'd']);
        if error && response.content.is_empty() {
            let problem =
                Content::new(Some(Ref::from_schema_name(<ProblemView as utoipa::ToSchema>::name())));
            response.content.insert(MEDIA_TYPE.to_owned(), problem.into());
        }
        add_header(&mut response.headers, "X-Request-Id", "The id of the request.");
        match status.as_str() {
            "401" => add_header(&mut response.headers, "WWW-Authenticate", "How to authenticate."),
            "429" | "503" => add_header(&mut response.headers, "Retry-After", "Seconds to wait."),
            "200" | "201" | "202" | "204" if keyed => {
                add_header(
                    &mut response.headers,
                    "Idempotent-Replayed",
                    "`true` on an answer that is a replay.",
                );
            }
            _ => {}
        }
    }
}

/// Prefixes the operation's id with its section: several sections have a `list`, and ids are unique in the
/// document.
fn prefix_operation_id(operation: &mut Operation) {
    let section = operation.tags.iter().flatten().next().map(|it| it.to_lowercase().replace(' ', "_"));
    if let (Some(section), Some(handler)) = (section, &operation.operation_id) {
        operation.operation_id = Some(format!("{section}_{handler}"));
    }
}

fn add_header(headers: &mut BTreeMap<String, RefOr<Header>>, name: &str, description: &str) {
    let mut header = Header::default();
    header.description = Some(description.to_owned());
    headers.entry(name.to_owned()).or_insert_with(|| header.into());
}
