//! What the server says about itself in its OpenAPI document.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use jsonschema::Validator;
use serde_json::{Value, json};

use super::{Reply, raw};

/// The media type of problems.
const PROBLEM: &str = "application/problem+json";
/// The media type of all other bodies that are checked.
const JSON: &str = "application/json";
/// The headers that are described wherever they are sent.
const HEADERS: [&str; 5] = ["ETag", "Location", "Retry-After", "Idempotent-Replayed", "WWW-Authenticate"];

/// The documented routes: segments of the path, and what stands under it.
pub(crate) struct Contract {
    routes: Vec<(Vec<String>, Value)>,
    components: Value,
    /// The schemas that were needed so far, by their text.
    validators: Mutex<BTreeMap<String, Arc<Validator>>>,
}

impl Contract {
    /// What the server at that address publishes. Servers that publish the same share it, because its schemas take long to
    /// compile.
    pub(super) fn of(address: SocketAddr) -> Arc<Self> {
        static KNOWN: Mutex<BTreeMap<String, Arc<Contract>>> = Mutex::new(BTreeMap::new());
        let request = "GET /openapi.json HTTP/1.1\r\nHost: idem\r\nConnection: close\r\n\r\n";
        let text = raw(address, request).unwrap().body;
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let parse = |text: &String| Arc::new(Self::parse(text));
        Arc::clone(known.entry(text).or_insert_with_key(parse))
    }

    fn parse(text: &str) -> Self {
        let document: Value = serde_json::from_str(text).unwrap();
        let paths = document["paths"].as_object().expect("the document has paths");
        let routes = paths.iter().map(|(path, it)| (segments(path), it.clone())).collect();
        Self { routes, components: document["components"].clone(), validators: Mutex::default() }
    }

    /// Panics when a route gave an answer that is not documented, or took a request that is not.
    pub(super) fn check(&self, method: &str, path: &str, sent: Option<&[u8]>, reply: &Reply) {
        let status = reply.status;
        let path = path.split('?').next().unwrap();
        let wanted = segments(&decoded(path));
        // A literal segment is a better match than a parameter.
        let found = self.routes.iter().filter(|(it, _)| fits(it, &wanted));
        let Some((_, route)) = found.min_by_key(|(it, _)| it.iter().filter(|it| is_parameter(it)).count())
        else {
            assert!(
                matches!(status, 404 | 405 | 429),
                "{method} {path}: {status} of a path that is not documented"
            );
            return;
        };
        let is_head = method == "HEAD";
        let method = if is_head { "get".to_owned() } else { method.to_lowercase() };
        let Some(operation) = route.get(&method) else {
            // The preflight of a browser is answered on every path, by a rule of the Fetch standard.
            let is_preflight = method == "options" && status == 204;
            assert!(status == 405 || is_preflight, "{method} {path}: {status} is not documented");
            return;
        };
        let documented = operation["responses"].as_object().expect("responses");
        let known: Vec<_> = documented.keys().collect();
        let Some(response) = documented.get(&status.to_string()) else {
            panic!("{method} {path}: {status} is not among {known:?}")
        };
        let place = format!("{method} {path}: {status}");
        check_headers(&place, response, reply);
        if !is_head {
            self.check_body(&place, response, reply);
        }
        if (200..300).contains(&status) {
            self.check_request(&place, operation, sent);
        }
    }

    /// A body is as its schema says, and a problem one of those that are listed.
    fn check_body(&self, place: &str, response: &Value, reply: &Reply) {
        let kind = reply.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap();
        let content = &response["content"][kind];
        assert!(reply.text.is_empty() || content.is_object(), "{place}: {kind} is not documented");
        if content.is_null() || ![JSON, PROBLEM].contains(&kind) {
            return;
        }
        let body = reply.json();
        self.check_value(place, &content["schema"], &body);
        if kind == PROBLEM {
            let slug = body["type"].as_str().unwrap().rsplit('/').next().unwrap();
            let listed = content["examples"].as_object().expect("problems have examples");
            assert!(listed.contains_key(slug), "{place}: {slug} is not among {:?}", listed.keys());
        }
    }

    /// A request that was taken is described: the description is not stricter than the service.
    fn check_request(&self, place: &str, operation: &Value, sent: Option<&[u8]>) {
        let schema = &operation["requestBody"]["content"][JSON]["schema"];
        let body = sent.and_then(|it| serde_json::from_slice::<Value>(it).ok());
        if let Some(body) = body.filter(|_| schema.is_object()) {
            self.check_value(&format!("{place}: the request"), schema, &body);
        }
    }

    fn check_value(&self, place: &str, schema: &Value, value: &Value) {
        let validator = self.validator(schema);
        let faults: Vec<_> =
            validator.iter_errors(value).map(|it| format!("{}: {it}", it.instance_path())).collect();
        assert!(faults.is_empty(), "{place} is not as documented: {faults:?}: {value}");
    }

    fn validator(&self, schema: &Value) -> Arc<Validator> {
        let mut all = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let build = || {
            let mut whole = json!({"components": self.components});
            whole.as_object_mut().unwrap().extend(schema.as_object().unwrap().clone());
            Arc::new(jsonschema::validator_for(&whole).unwrap())
        };
        Arc::clone(all.entry(schema.to_string()).or_insert_with(build))
    }
}

/// A header that is sent is documented for that answer.
fn check_headers(place: &str, response: &Value, reply: &Reply) {
    for name in HEADERS.iter().filter(|it| reply.header(it).is_some()) {
        assert!(response["headers"].get(*name).is_some(), "{place}: {name} is not documented");
    }
}

/// A path without the escapes of RFC 3986, 2.1.
fn decoded(path: &str) -> String {
    let mut parts = path.split('%');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_at(2);
        text.push(char::from(u8::from_str_radix(code, 16).unwrap()));
        text.push_str(rest);
    }
    text
}

fn segments(path: &str) -> Vec<String> {
    path.split('/').skip(1).map(str::to_owned).collect()
}

fn fits(template: &[String], path: &[String]) -> bool {
    let one = |(it, segment): (&String, &String)| is_parameter(it) && !segment.is_empty() || it == segment;
    template.len() == path.len() && template.iter().zip(path).all(one)
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{')
}
