//! The kinds of problems that each response can have, with an example of each.

use domain::Invalid;
use serde_json::{Map, Value, json};

use super::walk::{members_mut, referenced_name, visit_operations};
use crate::http::{
    decode::LIMIT_MAX,
    problem::{Fault, FaultLocation, Kind, MEDIA_TYPE, Problem, ProblemView, Rule},
};

/// The id of the request in every example.
const INSTANCE: &str = "mzxw6ytboi4dsnzsmfrggzdfm4";

/// Lists the kinds of every response that is an error: in its description, and each as an example.
pub(super) fn list_kinds(document: &mut Value) {
    // `PUT` makes what is not there, so its path names nothing that could be missing.
    visit_operations(document, &mut |_, operation| {
        let makes =
            operation["responses"].get("201").is_some() && operation["responses"].get("200").is_some();
        if let Some(responses) = operation["responses"].as_object_mut().filter(|_| makes) {
            responses.remove("404");
        }
    });
    let schemas = document["components"]["schemas"].clone();
    visit_operations(document, &mut |_, operation| {
        let place = fault_place(operation, &schemas);
        for (status, response) in operation.get_mut("responses").into_iter().flat_map(members_mut) {
            if response["content"].get(MEDIA_TYPE).is_none() {
                continue;
            }
            let mut kinds = named_kinds(response["description"].as_str().unwrap_or_default(), status);
            if kinds.is_empty() {
                kinds.extend(only_kind(status));
                name_kind(response, &kinds);
            }
            let examples: Map<String, Value> = kinds
                .into_iter()
                .map(|kind| (kind.slug().to_owned(), example_reference(kind, &place)))
                .collect();
            if !examples.is_empty() {
                response["content"][MEDIA_TYPE]["examples"] = Value::Object(examples);
            }
        }
    });
    let others = Kind::ALL.iter().filter(|it| **it != Kind::InvalidRequest);
    let examples = others.map(|it| (it.slug().to_owned(), build_example(*it, Vec::new()))).collect();
    document["components"]["examples"] = Value::Object(examples);
}

/// The kinds that a description names in backticks, with this status or, for `default`, any.
pub(super) fn named_kinds(description: &str, status: &str) -> Vec<Kind> {
    let named: Vec<_> = description.split('`').filter_map(Kind::find_by_slug).collect();
    let fits = |it: &&Kind| status == "default" || it.status().to_string() == status;
    named.iter().filter(fits).copied().collect()
}

/// The kind of a status that has only one.
fn only_kind(status: &str) -> Option<Kind> {
    let mut kinds = Kind::ALL.iter().copied().filter(|it| it.status().to_string() == status);
    kinds.next().filter(|_| kinds.next().is_none())
}

/// Adds the kind to a description that names none.
fn name_kind(response: &mut Value, kinds: &[Kind]) {
    if let (Some(description), Some(kind)) = (response["description"].as_str(), kinds.first()) {
        response["description"] = json!(format!("`{}`: {description}", kind.slug()));
    }
}

/// An example: shared by all operations, but for the faults of a request, which name what this operation reads.
fn example_reference(kind: Kind, place: &Fault) -> Value {
    if kind == Kind::InvalidRequest {
        return build_example(kind, vec![place.clone()]);
    }
    json!({"$ref": format!("#/components/examples/{}", kind.slug())})
}

fn build_example(kind: Kind, faults: Vec<Fault>) -> Value {
    let is_invalid = kind == Kind::InvalidRequest;
    let problem = if is_invalid { Problem::invalid_request(faults) } else { Problem::new(kind) };
    let value = serde_json::to_value(ProblemView::from(&problem.with_instance(INSTANCE))).unwrap_or_default();
    json!({"summary": kind.title(), "value": value})
}

/// A fault that a request of this operation can have: in what it reads, or else in what it does not know.
fn fault_place(operation: &Value, schemas: &Value) -> Fault {
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    if body.is_object() {
        let required = referenced_name(body).and_then(|it| schemas[it]["required"][0].as_str());
        return match required {
            Some(name) => Fault::at_pointer(format!("/{name}"), Invalid("is required")),
            None => Fault::at_pointer("/note", Invalid("is not a member of this request")),
        };
    }
    let mut parameters = operation["parameters"].as_array().into_iter().flatten();
    if parameters.any(|it| it["name"] == "limit") {
        let rule = Rule(format!("must be a whole number from 1 to {LIMIT_MAX}").into());
        return Fault::new(FaultLocation::for_parameter("limit"), rule);
    }
    Fault::new(FaultLocation::for_parameter("page"), Invalid("is not a parameter of this request"))
}
