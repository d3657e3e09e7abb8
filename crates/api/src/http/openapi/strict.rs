//! Makes the document as strict as the service, in passes over the finished document (ADR 0030).
//!
//! ```text
//! names      `OrderView` is `Order`, `PageView_OrderView` is `OrderPage` with elements that are an `Order`
//! bodies     an optional body is optional, and not null
//! notices    what gateways send
//! members    enums, amounts, limits and formats, by the name of the member
//! openness   no unknown member in a request; answers distinguish null from missing
//! problems   which kinds each response can have, with an example of each
//! headers    described once
//! links      from what an answer names to the operations that take it
//! ```
//!
//! Each pass works on every operation and every schema, so a new route is described strictly without a line here.

use serde_json::{Value, json};

use super::{
    headers, links, members, names, notices, problems, vocabulary,
    walk::{Side, elements_mut, members_mut, referenced_name, visit_operations, visit_schemas},
};

/// Applies every pass to the document.
pub(super) fn tighten_document(document: &mut Value) {
    names::shorten_names(document);
    names::name_variants(document);
    visit_operations(document, &mut |_, operation| unwrap_optional_body(operation));
    notices::describe_notices(document);
    vocabulary::add_named_schemas(document);
    members::apply_rules(document);
    close_requests(document);
    separate_null_and_missing(document);
    list_examples(document);
    problems::list_kinds(document);
    headers::describe_headers(document);
    // An operation that says nothing would inherit a requirement of the whole document, if there ever is one.
    visit_operations(document, &mut |_, operation| close_security(operation));
    for (_, item) in members_mut(&mut document["webhooks"]) {
        close_security(&mut item["post"]);
    }
    links::add_links(document);
}

fn close_security(operation: &mut Value) {
    if operation.get("security").is_none() {
        operation["security"] = json!([]);
    }
}

/// Turns `Option<Body>`, which is rendered as a body that may be null, into a body that may be left out.
fn unwrap_optional_body(operation: &mut Value) {
    let Some(body) = operation.get_mut("requestBody") else { return };
    let mut is_optional = false;
    for (_, content) in body.get_mut("content").into_iter().flat_map(members_mut) {
        let schema = &mut content["schema"];
        let choices = schema["oneOf"].as_array().cloned().unwrap_or_default();
        let is_null = |it: &&Value| it["type"] == "null";
        if choices.iter().any(|it| is_null(&it))
            && let Some(inner) = choices.iter().find(|it| !is_null(it))
        {
            *schema = inner.clone();
            is_optional = true;
        }
        if schema["type"] == json!(["object", "null"]) {
            schema["type"] = json!("object");
            is_optional = true;
        }
    }
    if is_optional {
        body["required"] = json!(false);
    }
}

/// Says that a request has no members but those that are listed: the decoder refuses any other.
pub(super) fn close_requests(document: &mut Value) {
    // Only requests. A client that refuses an answer because of a member that it does not know would break with
    // every addition.
    visit_schemas(document, &mut |site, schema| {
        let is_listed = schema.get("additionalProperties").is_none() && referenced_name(schema).is_none();
        if site.side == Side::Request && schema["type"] == "object" && is_listed {
            schema["additionalProperties"] = json!(false);
        }
    });
}

/// In an answer, a member that may be missing is never null: it would say the same in two ways.
pub(super) fn separate_null_and_missing(document: &mut Value) {
    visit_schemas(document, &mut |site, schema| {
        if site.side == Side::Request {
            return;
        }
        let required: Vec<Value> = schema["required"].as_array().cloned().unwrap_or_default();
        for (name, member) in schema.get_mut("properties").into_iter().flat_map(members_mut) {
            if !required.iter().any(|it| it == name) {
                remove_null(member);
            }
        }
    });
}

fn remove_null(schema: &mut Value) {
    if let Some(kinds) = schema["type"].as_array().cloned()
        && let Some(kind) = kinds.into_iter().find(|it| it != "null")
    {
        schema["type"] = kind;
    }
    let Some(choices) = schema["oneOf"].as_array() else { return };
    let rest: Vec<Value> = choices.iter().filter(|it| it["type"] != "null").cloned().collect();
    match (rest.len(), rest.into_iter().next()) {
        (1, Some(only)) => *schema = only,
        _ => elements_mut(schema.get_mut("oneOf")).for_each(remove_null),
    }
}

/// Turns `example`, which JSON Schema does not have, into `examples`.
fn list_examples(document: &mut Value) {
    visit_schemas(document, &mut |_, schema| {
        let example = schema.as_object_mut().and_then(|it| it.remove("example"));
        if let Some(example) = example {
            schema["examples"] = json!([example]);
        }
    });
}
