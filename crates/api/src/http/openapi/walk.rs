//! Walks every schema of the finished document.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::RAW_BODIES;

/// The prefix of references to schemas.
const SCHEMAS: &str = "#/components/schemas/";
/// The methods that a path of the document can have.
const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// Who writes what a schema describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The client: parameters and bodies of requests, which the service decodes strictly.
    Request,
    /// The service, or a gateway. Its readers must tolerate what a later version adds.
    Answer,
}

/// The place of a schema.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site<'s> {
    /// Name of the component; for a parameter its path; empty for a schema within a body or a response.
    pub(super) owner: &'s str,
    /// Name of the member or parameter, also for what is within it; empty for a component as a whole. The names of
    /// pairs are `<member>.key`, their values `<member>.value`.
    pub(super) member: &'s str,
    pub(super) side: Side,
}

/// Calls `visit` for every schema of the document, inner ones first.
pub(super) fn visit_schemas(document: &mut Value, visit: &mut dyn FnMut(Site<'_>, &mut Value)) {
    let requested = requested_names(document);
    for (name, schema) in members_mut(&mut document["components"]["schemas"]) {
        let side = if requested.contains(name) { Side::Request } else { Side::Answer };
        visit_schema(schema, Site { owner: name, member: "", side }, visit);
    }
    visit_operations(document, &mut |path, operation| {
        for parameter in elements_mut(operation.get_mut("parameters")) {
            let name = parameter["name"].as_str().unwrap_or_default().to_owned();
            if let Some(schema) = parameter.get_mut("schema") {
                visit_schema(schema, Site { owner: path, member: &name, side: Side::Request }, visit);
            }
        }
        let side = if path.starts_with(RAW_BODIES) { Side::Answer } else { Side::Request };
        visit_content(operation.get_mut("requestBody"), side, visit);
        for (_, response) in operation.get_mut("responses").into_iter().flat_map(members_mut) {
            visit_content(Some(response), Side::Answer, visit);
        }
    });
}

/// Calls `visit` with the path for every operation of the document.
pub(super) fn visit_operations(document: &mut Value, visit: &mut dyn FnMut(&str, &mut Value)) {
    for (path, item) in members_mut(&mut document["paths"]) {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method) {
                visit(path, operation);
            }
        }
    }
}

/// The names of all schemas that the body of a request leads to.
pub(super) fn requested_names(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        // What a gateway sends is no request of ours: it adds members as it likes.
        let methods = METHODS.iter().filter(|_| !path.starts_with(RAW_BODIES));
        methods.filter_map(|it| item.get(it)).for_each(|it| {
            add_referenced_names(&it["requestBody"], document, &mut found);
        });
    }
    found
}

/// The names of all schemas that a response leads to, or a notice of a gateway.
#[cfg(test)]
pub(super) fn answered_names(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for operation in METHODS.iter().filter_map(|it| item.get(it)) {
            add_referenced_names(&operation["responses"], document, &mut found);
            if path.starts_with(RAW_BODIES) {
                add_referenced_names(&operation["requestBody"], document, &mut found);
            }
        }
    }
    found
}

/// Adds the names of all schemas that a value leads to, directly or through others.
fn add_referenced_names(value: &Value, document: &Value, found: &mut BTreeSet<String>) {
    let mut open = vec![value];
    // Ends, because each name is followed once.
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                if let Some(name) = referenced_name(value)
                    && found.insert(name.to_owned())
                {
                    open.push(&document["components"]["schemas"][name]);
                }
                open.extend(members.values());
            }
            Value::Array(elements) => open.extend(elements),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// The name of the schema that a schema refers to; `None` for a schema that is written out.
pub(super) fn referenced_name(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix(SCHEMAS)
}

/// A reference to the schema with this name.
pub(super) fn reference_to(name: &str) -> String {
    format!("{SCHEMAS}{name}")
}

fn visit_content(holder: Option<&mut Value>, side: Side, visit: &mut dyn FnMut(Site<'_>, &mut Value)) {
    let contents = holder.and_then(|it| it.get_mut("content")).into_iter().flat_map(members_mut);
    for schema in contents.filter_map(|(_, it)| it.get_mut("schema")) {
        visit_schema(schema, Site { owner: "", member: "", side }, visit);
    }
}

fn visit_schema(schema: &mut Value, site: Site<'_>, visit: &mut dyn FnMut(Site<'_>, &mut Value)) {
    for (name, member) in schema.get_mut("properties").into_iter().flat_map(members_mut) {
        visit_schema(member, Site { member: name, ..site }, visit);
    }
    for (keyword, part) in [("additionalProperties", "value"), ("propertyNames", "key")] {
        if let Some(inner) = schema.get_mut(keyword).filter(|it| it.is_object()) {
            visit_schema(inner, Site { member: &format!("{}.{part}", site.member), ..site }, visit);
        }
    }
    if let Some(items) = schema.get_mut("items") {
        visit_schema(items, site, visit);
    }
    for keyword in ["oneOf", "anyOf", "allOf"] {
        elements_mut(schema.get_mut(keyword)).for_each(|it| visit_schema(it, site, visit));
    }
    visit(site, schema);
}

/// The members of an object; none for anything else.
pub(super) fn members_mut(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flat_map(Map::iter_mut)
}

/// The elements of a list; none for anything else.
pub(super) fn elements_mut(value: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
    value.and_then(Value::as_array_mut).into_iter().flatten()
}
