//! The headers of responses, each described once.

use serde_json::{Value, json};

use super::walk::{members_mut, referenced_name, visit_operations};
use crate::http::extract::RequestId;

/// The headers of a response that was refused because of a limit.
const LIMITS: [&str; 5] =
    ["RateLimit", "RateLimit-Policy", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"];

/// Describes every header in the components, and refers to it from every response that has it.
pub(super) fn describe_headers(document: &mut Value) {
    let described = described_headers();
    // A representation with a version has it as its tag; which schemas have one is read before anything changes.
    let schemas = document["components"]["schemas"].clone();
    let has_version = |response: &Value| {
        let schema = &response["content"]["application/json"]["schema"];
        referenced_name(schema).is_some_and(|it| schemas[it]["properties"].get("version").is_some())
    };
    visit_operations(document, &mut |_, operation| {
        // Only what has a caller shows the state of a quota.
        let is_counted = operation["security"].as_array().is_some_and(|it| !it.is_empty());
        for (status, response) in operation.get_mut("responses").into_iter().flat_map(members_mut) {
            let is_success = status.starts_with('2');
            let mut names = Vec::new();
            if status == "304" || is_success && has_version(response) {
                names.push("ETag");
            }
            match status.as_str() {
                // With `insufficient-scope`.
                "403" => names.push("WWW-Authenticate"),
                // With `idempotency-in-progress`.
                "409" => names.push("Retry-After"),
                "429" => names.extend(LIMITS),
                _ if is_success && is_counted => names.extend(["RateLimit", "RateLimit-Policy"]),
                "default" => names.push("Allow"),
                _ => {}
            }
            for name in names {
                response["headers"][name] = Value::Null;
            }
            for (name, header) in response.get_mut("headers").into_iter().flat_map(members_mut) {
                if described.get(name).is_some() {
                    *header = json!({"$ref": format!("#/components/headers/{name}")});
                }
            }
        }
    });
    document["components"]["headers"] = described;
}

fn described_headers() -> Value {
    let text = |description: &str| json!({"description": description, "schema": {"type": "string"}});
    let seconds =
        |description: &str| json!({"description": description, "schema": {"type": "integer", "minimum": 0}});
    json!({
        "ETag": {
            "description": "Tag of the representation: send it as `If-None-Match` to save what has not changed, or as \
                `If-Match` to write only what you have seen.",
            "schema": {"type": "string", "pattern": "^\"[!#-~]+\"$"},
        },
        "Location": {
            "description": "Path of what was made.",
            "schema": {"type": "string", "format": "uri-reference"},
        },
        "Retry-After": {
            "description": "Seconds to wait before the request is sent again.",
            "schema": {"type": "integer", "minimum": 1},
        },
        "Idempotent-Replayed": {
            "description": "On an answer that was given before, and is sent again byte by byte.",
            "schema": {"type": "string", "enum": ["true"]},
        },
        "X-Request-Id": {
            "description": "Id of the request: the client's own, if it sent one, and in every log line about it.",
            "required": true,
            "schema": {
                "type": "string", "minLength": 1, "maxLength": RequestId::CHARS_MAX, "pattern": "^[!-~]+$",
            },
        },
        "WWW-Authenticate": text("How to authenticate (RFC 6750)."),
        "Allow": text("The methods that the path has; with `method-not-allowed`."),
        "RateLimit": text("What is left of the limit, and when it is whole again (draft-ietf-httpapi-ratelimit-headers)."),
        "RateLimit-Policy": text("The limit that was reached, and its window (the same draft)."),
        "RateLimit-Limit": seconds("Requests that the limit allows in its window."),
        "RateLimit-Remaining": seconds("Requests that are left of it."),
        "RateLimit-Reset": seconds("Seconds until it is whole again."),
    })
}
