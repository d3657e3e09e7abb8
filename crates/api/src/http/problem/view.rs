//! The JSON form of a problem and its faults.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Fault, FaultLocation, Problem};
use crate::http::key_access::ScopeName;

/// A problem (RFC 9457). Decide by `type` and `status`; `title` and `detail` are for people.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub struct ProblemView {
    /// What kind of problem it is: a page to read, relative to the service.
    #[schema(example = "/problems/invalid-request", format = "uri-reference")]
    r#type: String,
    /// The name of the kind in English; the same for every problem of a type.
    #[schema(example = "Invalid request")]
    title: &'static str,
    /// The HTTP status of the answer, repeated for clients that only see the body.
    #[schema(example = 422, minimum = 400, maximum = 599)]
    status: u16,
    /// What happened in this case. It never repeats an id or a value that was sent.
    #[schema(example = "The request has 1 fault.")]
    detail: String,
    /// The request id, the same as in `X-Request-Id`.
    #[schema(example = "mzxw6ytboi4dsnzsmfrggzdfm4")]
    instance: String,
    /// All faults of the request; missing when there is none to point at. Of more than 100 the first 100 are
    /// listed, and `detail` says how many there are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    errors: Vec<FaultView>,
    /// The statuses that this caller may ask for; only with `transition-not-allowed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_transitions: Option<Vec<&'static str>>,
    /// The scopes of which the API key needs one; empty if no key may use the operation. Only with
    /// `insufficient-scope`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 7, nullable = false)]
    required_scopes: Option<Vec<ScopeName>>,
}

/// One fault: the rule that is broken, and the place.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fault)]
struct FaultView {
    /// A JSON Pointer into the body (RFC 6901); for a missing member, the place where it belongs. If it had
    /// more than 192 bytes, it points at the nearest enclosing value whose pointer fits. Missing when the
    /// fault is about a parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/items/0/quantity")]
    pointer: Option<String>,
    /// Name of a parameter of the query or of the path; empty if it is too long, or holds a card number.
    /// Missing when the fault is about the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "limit")]
    parameter: Option<String>,
    /// The rule that is broken, as a sentence that does not repeat the value.
    #[schema(example = "Must be a whole number from 1 to 9999.")]
    detail: String,
}

impl From<&Problem> for ProblemView {
    fn from(Problem(it): &Problem) -> Self {
        Self {
            r#type: it.kind.type_uri(),
            title: it.kind.title(),
            status: it.kind.status(),
            detail: it.detail.clone().into_owned(),
            instance: it.instance.clone().unwrap_or_default(),
            errors: it.errors.listed_faults().iter().map(FaultView::from).collect(),
            required_scopes: it.scopes.map(|all| all.iter().map(|it| ScopeName::from(*it)).collect()),
            allowed_transitions: it.allowed.as_ref().map(|all| all.iter().map(|it| it.as_str()).collect()),
        }
    }
}

impl From<&Fault> for FaultView {
    fn from(it: &Fault) -> Self {
        let (pointer, parameter) = match &it.location {
            FaultLocation::Pointer(pointer) => (Some(pointer.clone()), None),
            FaultLocation::Parameter(name) => (None, Some(name.clone())),
        };
        Self { pointer, parameter, detail: it.detail.clone() }
    }
}
