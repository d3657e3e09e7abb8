//! What responses can be, and where they lead.

use super::*;
use crate::http::{
    openapi::{
        members::is_type,
        problems::named_kinds,
        walk::{Side, visit_schemas},
    },
    problem::{Kind, MEDIA_TYPE},
};

/// The slugs in backticks, whatever their status is.
fn named_slugs(description: &str) -> Vec<Kind> {
    named_kinds(description, "default")
}

#[test]
fn every_error_lists_its_kinds_with_an_example_of_each() {
    let document = build_document();
    for (method, path, operation) in operations() {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let place = format!("{method} {path} {status}");
            let description = response["description"].as_str().unwrap();
            let Some(content) = response["content"].get(MEDIA_TYPE) else { continue };
            if status == "default" {
                continue;
            }
            let kinds = named_slugs(description);
            assert!(!kinds.is_empty(), "{place} names no kind: {description}");
            let examples = content["examples"].as_object().unwrap();
            assert_eq!(
                examples.len(),
                kinds.iter().collect::<std::collections::HashSet<_>>().len(),
                "{place}"
            );
            for kind in kinds {
                assert_eq!(kind.status().to_string(), *status, "{place}: {}", kind.slug());
                let example = &examples[kind.slug()];
                let pointer = example["$ref"].as_str().map(|it| it.trim_start_matches('#'));
                let example = pointer.map_or(example, |it| document.pointer(it).unwrap());
                assert_eq!(example["value"]["type"], kind.type_uri(), "{place}");
            }
        }
    }
}

#[test]
fn an_example_of_a_fault_is_about_the_operation() {
    let pointer = |method: &str, path: &str| {
        let (_, _, it) =
            operations().into_iter().find(|it| (it.0.as_str(), it.1.as_str()) == (method, path)).unwrap();
        it["responses"]["422"]["content"][MEDIA_TYPE]["examples"]["invalid-request"]["value"]["errors"][0]
            .clone()
    };
    assert_eq!(pointer("POST", "/v1/orders")["pointer"], "/items");
    assert_eq!(pointer("GET", "/v1/orders")["parameter"], "limit");
    assert_eq!(pointer("GET", "/v1/me")["parameter"], "page");
}

#[test]
fn in_an_answer_what_may_be_missing_is_never_null() {
    visit_schemas(&mut build_document(), &mut |site, schema| {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let is_nullable = is_type(member, "null")
                || member["oneOf"].as_array().is_some_and(|it| it.iter().any(|it| it["type"] == "null"));
            let is_required = required.iter().any(|it| it == name);
            assert!(site.side == Side::Request || is_required || !is_nullable, "{}.{name}", site.owner);
        }
    });
}

#[test]
fn every_operation_says_who_may_use_it() {
    for (method, path, operation) in operations() {
        let security = operation["security"].as_array().unwrap_or_else(|| panic!("{method} {path}"));
        let answers_401 = operation["responses"].get("401").is_some();
        let is_required = !security.is_empty() && !security.contains(&serde_json::json!({}));
        assert!(!is_required || answers_401, "{method} {path}");
    }
}

#[test]
fn every_link_leads_to_an_operation_with_what_it_needs() {
    let all = operations();
    let find = |id: &Value| all.iter().find(|(_, _, it)| it["operationId"] == *id).map(|(_, _, it)| it);
    let mut count = 0;
    for (method, path, operation) in &all {
        for (_, response) in operation["responses"].as_object().unwrap() {
            for (name, link) in response["links"].as_object().into_iter().flatten() {
                let target = find(&link["operationId"]).unwrap_or_else(|| panic!("{method} {path}: {name}"));
                let needed = target["parameters"].as_array().into_iter().flatten();
                let needed = needed.filter(|it| it["in"] == "path").map(|it| it["name"].as_str().unwrap());
                for parameter in needed {
                    assert!(link["parameters"].get(parameter).is_some(), "{method} {path}: {name}");
                }
                count += 1;
            }
        }
    }
    assert!(count > 50, "{count} links");
}

#[test]
fn an_order_leads_to_its_payments_and_these_to_captures_and_refunds() {
    let links = |id: &str| {
        let (_, _, it) = operations().into_iter().find(|(_, _, it)| it["operationId"] == id).unwrap();
        let responses = it["responses"].as_object().unwrap().clone();
        responses
            .values()
            .flat_map(|it| it["links"].as_object().cloned().unwrap_or_default())
            .map(|it| it.0)
            .collect::<Vec<_>>()
    };
    assert!(links("orders_place").contains(&"payments_start".to_owned()));
    for next in ["payments_capture", "payments_void", "payments_refund", "payments_attempts", "orders_find"] {
        assert!(links("payments_start").contains(&next.to_owned()), "{next}");
    }
    assert!(links("orders_list").contains(&"orders_list_next".to_owned()));
}

#[test]
fn a_type_is_written_out_once_and_referred_to() {
    let document = build_document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas.iter().filter(|(name, _)| name.ends_with("Page")) {
        let element = schema["properties"]["data"]["items"]["$ref"].as_str();
        assert!(element.is_some(), "{name}: its element is a reference");
    }
    assert!(schemas.keys().all(|it| !it.contains("View")), "{:?}", schemas.keys());
}
