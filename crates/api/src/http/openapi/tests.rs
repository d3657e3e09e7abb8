use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::http::ROUTES;

/// Method, path and description of every operation.
fn operations() -> Vec<(String, String, Value)> {
    let document: Value = serde_json::from_str(document_json()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            all.push((method.to_uppercase(), path.clone(), operation.clone()));
        }
    }
    all
}

#[test]
fn the_document_and_the_route_table_list_the_same_operations() {
    let documented: BTreeSet<_> = operations().into_iter().map(|(method, path, _)| (method, path)).collect();
    let routed: BTreeSet<_> = ROUTES.iter().map(|it| (it.method.to_owned(), it.path.to_owned())).collect();
    assert_eq!(documented, routed);
    assert_eq!(routed.len(), ROUTES.len(), "no route is listed twice");
}

#[test]
fn the_document_is_openapi_3_1() {
    let document: Value = serde_json::from_str(document_json()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
}

#[test]
fn every_operation_has_a_name_of_its_own_a_summary_and_a_known_section() {
    let mut names = BTreeSet::new();
    for (method, path, operation) in operations() {
        assert!(names.insert(operation["operationId"].to_string()), "{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|it| !it.is_empty()), "{method} {path}");
        let tag = operation["tags"][0].as_str().unwrap();
        assert!(TAGS.iter().any(|(it, _)| *it == tag), "{method} {path}");
    }
}

#[test]
fn every_error_is_a_problem_and_names_its_kinds() {
    for (method, path, operation) in operations() {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let error = status.starts_with(['4', '5']) && path != "/readyz";
            let content = &response["content"]["application/problem+json"]["schema"]["$ref"];
            assert!(!error || content == "#/components/schemas/Problem", "{method} {path} {status}");
            assert!(!response["description"].as_str().unwrap().is_empty(), "{method} {path} {status}");
        }
        assert!(operation["responses"]["500"].is_object() && operation["responses"]["503"].is_object());
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document: Value = serde_json::from_str(document_json()).unwrap();
    let parts = document_json().split("\"$ref\": \"#").skip(1);
    for pointer in parts.filter_map(|it| it.split('"').next()) {
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
}

#[test]
fn the_document_says_how_many_faults_are_listed() {
    let document: Value = serde_json::from_str(document_json()).unwrap();
    let errors = &document["components"]["schemas"]["Problem"]["properties"]["errors"];
    assert_eq!(errors["maxItems"], crate::http::problem::Faults::LISTED_MAX);
}

#[test]
fn the_messages_that_the_service_sends_are_described() {
    let document: Value = serde_json::from_str(document_json()).unwrap();
    let receive = &document["webhooks"]["event"]["post"];
    let body = &receive["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    assert_eq!(body, "#/components/schemas/WebhookMessage");
    assert!(receive["responses"]["410"].is_object());
}
mod forms;
mod requests;
mod responses;
