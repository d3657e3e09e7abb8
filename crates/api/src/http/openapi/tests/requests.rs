//! Requests are described as strictly as they are decoded.

use super::*;
use crate::http::openapi::{
    members::{OF_ONE, apply_rule, find_rule, is_type},
    strict, vocabulary,
    walk::{Side, answered_names, requested_names, visit_schemas},
};

/// Headers whose text is compared and never refused, whatever it is.
const COMPARED: &[&str] =
    &["If-Match", "If-None-Match", "webhook-id", "webhook-timestamp", "webhook-signature", "traceparent"];

/// How to renew the committed document.
const RENEW: &str =
    "the contract has changed: look at what `cargo xtask openapi --write` changes, and commit it";

#[test]
fn the_committed_document_is_what_is_served() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let (committed, served) = (committed.trim_end().lines(), document_json().lines());
    let differs = committed.clone().zip(served.clone()).find(|(committed, served)| committed != served);
    assert_eq!(differs, None, "{RENEW}");
    assert_eq!(committed.count(), served.count(), "{RENEW}");
}

#[test]
fn every_value_of_a_request_has_a_bound() {
    let mut unbound = Vec::new();
    visit_schemas(&mut build_document(), &mut |site, schema| {
        let has = |keywords: &[&str]| keywords.iter().any(|it| schema.get(*it).is_some());
        let missing = if is_type(schema, "string") {
            !has(&["enum", "const", "format", "maxLength", "pattern"])
        } else if is_type(schema, "integer") || is_type(schema, "number") {
            !has(&["minimum"]) || !has(&["maximum"])
        } else if is_type(schema, "array") && !site.owner.starts_with('/') {
            !has(&["maxItems"])
        } else {
            false
        };
        if site.side == Side::Request && missing && !COMPARED.contains(&site.member) {
            unbound.push(format!("{}.{}", site.owner, site.member));
        }
    });
    assert!(unbound.is_empty(), "give these a rule in members.rs: {unbound:?}");
}

#[test]
fn a_request_is_closed_and_an_answer_is_open() {
    let document = build_document();
    let schemas = &document["components"]["schemas"];
    let (requested, answered) = (requested_names(&document), answered_names(&document));
    for name in &requested {
        let is_object = schemas[name]["type"] == "object";
        assert!(!is_object || schemas[name]["additionalProperties"] == false, "{name} is closed");
        assert!(
            !is_object || !answered.contains(name),
            "{name} is a request and an answer: make it two types"
        );
    }
    for name in answered {
        assert_ne!(schemas[&name]["additionalProperties"], false, "{name} is open");
    }
}

#[test]
fn words_are_listed_and_not_only_described() {
    let mut described = Vec::new();
    visit_schemas(&mut build_document(), &mut |site, schema| {
        let text = schema["description"].as_str().unwrap_or_default();
        let is_word = |it: &&str| it.len() > 2 && it.bytes().all(|it| it.is_ascii_uppercase() || it == b'_');
        let words = text.split('`').skip(1).step_by(2).filter(is_word).count();
        if words > 1 && is_type(schema, "string") && schema.get("enum").is_none() {
            described.push(format!("{}.{}", site.owner, site.member));
        }
    });
    assert!(described.is_empty(), "give these a named schema in vocabulary.rs: {described:?}");
}

#[test]
fn a_limit_that_a_handler_states_is_that_of_its_rule() {
    let mut document = serde_json::to_value(describe_handlers()).unwrap();
    names::shorten_names(&mut document);
    vocabulary::add_named_schemas(&mut document);
    visit_schemas(&mut document, &mut |site, schema| {
        let Some(rule) = find_rule(site, schema) else { return };
        let mut ruled = schema.clone();
        apply_rule(rule, &mut ruled);
        for keyword in ["minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "enum"] {
            let (stated, ruled) = (&schema[keyword], &ruled[keyword]);
            // Unsigned types begin at 0 by themselves.
            let is_stated = !stated.is_null() && *stated != 0 && !ruled.is_null();
            assert!(!is_stated || stated == ruled, "{}.{}: {keyword}", site.owner, site.member);
        }
    });
}

#[test]
fn every_rule_of_one_member_is_used() {
    let mut document = serde_json::to_value(describe_handlers()).unwrap();
    names::shorten_names(&mut document);
    super::super::notices::describe_notices(&mut document);
    let mut met = BTreeSet::new();
    visit_schemas(&mut document, &mut |site, _| {
        met.insert((site.owner.to_owned(), site.member.to_owned()));
    });
    for (owner, member, _) in OF_ONE {
        assert!(met.contains(&((*owner).to_owned(), (*member).to_owned())), "{owner}.{member} is not there");
    }
}

#[test]
fn passes_find_nothing_more_to_do_in_what_they_made() {
    let mut document = build_document();
    let made = document.clone();
    strict::close_requests(&mut document);
    strict::separate_null_and_missing(&mut document);
    assert_eq!(document, made);
}
