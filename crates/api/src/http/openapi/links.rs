//! Links from what an answer names to the operations that take it.
//!
//! They follow from the names: an answer with an `orderNumber` leads to every operation whose path has only that
//! parameter, and a page to the next one.

use serde_json::{Map, Value, json};

use super::walk::{members_mut, referenced_name, visit_operations};
use crate::http::openapi::RAW_BODIES;

/// The parameter that has the same name for every resource, and so only leads on within its own path.
const ID: &str = "id";

/// An operation whose path has exactly one parameter.
struct Target {
    operation: String,
    path: String,
    parameter: String,
}

/// Adds the links to every successful response with a JSON body.
pub(super) fn add_links(document: &mut Value) {
    let mut targets = Vec::new();
    visit_operations(document, &mut |path, operation| {
        // What a gateway reports follows from no answer of ours.
        let parameter = only_parameter(path).filter(|_| !path.starts_with(RAW_BODIES));
        if let (Some(parameter), Some(id)) = (parameter, operation["operationId"].as_str()) {
            targets.push(Target {
                operation: id.to_owned(),
                path: path.to_owned(),
                parameter: parameter.to_owned(),
            });
        }
    });
    let schemas = document["components"]["schemas"].clone();
    visit_operations(document, &mut |path, operation| {
        let own = operation["operationId"].as_str().unwrap_or_default().to_owned();
        let next = next_page(path, &own, operation);
        for (status, response) in operation.get_mut("responses").into_iter().flat_map(members_mut) {
            let schema = &response["content"]["application/json"]["schema"];
            let Some(name) = referenced_name(schema).filter(|_| status.starts_with('2')) else { continue };
            let mut links = find_links(path, &own, &schemas, name, &targets);
            links.extend(next.clone());
            if !links.is_empty() {
                response["links"] = Value::Object(links);
            }
        }
    });
}

/// The name of the path's parameter, if there is exactly one.
fn only_parameter(path: &str) -> Option<&str> {
    let mut parameters = path.split('{').skip(1).filter_map(|it| it.split('}').next());
    let first = parameters.next()?;
    parameters.next().is_none().then_some(first)
}

/// The path of the resource that the `id` of a schema names, where that is not the path it came from.
const IDS: &[(&str, &str)] = &[("User", "/v1/users/{id}")];

fn find_links(path: &str, own: &str, schemas: &Value, name: &str, targets: &[Target]) -> Map<String, Value> {
    // Only from one representation: a page may be empty, and then its first element leads nowhere.
    let members = &schemas[name]["properties"];
    let of_schema = IDS.iter().find(|(schema, _)| *schema == name).map(|(_, path)| (*path).to_owned());
    let own_path = of_schema.unwrap_or_else(|| format!("{}/{{{ID}}}", collection_of(path)));
    let leads = |it: &&Target| {
        // `/v1/orders/{orderNumber}` takes an order's number wherever that stands; an `id` only says what it is of
        // within its own path.
        let in_place = it.parameter != ID || it.path.starts_with(&own_path);
        it.operation != own && in_place && members.get(&it.parameter).is_some()
    };
    let links = targets.iter().filter(leads).map(|it| {
        let value = format!("$response.body#/{}", it.parameter);
        (it.operation.clone(), json!({"operationId": it.operation, "parameters": {&it.parameter: value}}))
    });
    links.collect()
}

/// The link from a page to the next one of the same list; `None` for an operation that has no pages.
fn next_page(path: &str, own: &str, operation: &Value) -> Option<(String, Value)> {
    let mut names =
        operation["parameters"].as_array().into_iter().flatten().filter_map(|it| it["name"].as_str());
    names.any(|it| it == "cursor").then_some(())?;
    let mut parameters = json!({"cursor": "$response.body#/nextCursor"});
    if let Some(name) = only_parameter(path) {
        parameters[name] = json!(format!("$request.path.{name}"));
    }
    let link = json!({
        "operationId": own, "parameters": parameters,
        "description": "The next page, with the same filters; there is none where `nextCursor` is null.",
    });
    Some((format!("{own}_next"), link))
}

/// The path of the collection that a path belongs to: itself without what begins at its parameter.
fn collection_of(path: &str) -> &str {
    path.split("/{").next().unwrap_or(path)
}
