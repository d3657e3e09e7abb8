//! What the server says about itself in its OpenAPI document.

use std::net::SocketAddr;

use serde_json::Value;

use super::raw;

/// The documented routes: segments of the path, and what stands under it.
pub(crate) struct Contract {
    routes: Vec<(Vec<String>, Value)>,
}

impl Contract {
    /// Fetches the document.
    pub(super) fn of(address: SocketAddr) -> Self {
        let request = "GET /openapi.json HTTP/1.1\r\nHost: idem\r\nConnection: close\r\n\r\n";
        let document: Value = serde_json::from_str(&raw(address, request).unwrap().body).unwrap();
        let paths = document["paths"].as_object().expect("the document has paths");
        Self { routes: paths.iter().map(|(path, it)| (segments(path), it.clone())).collect() }
    }

    /// Panics when a route gave an answer that is not documented.
    pub(super) fn check(&self, method: &str, path: &str, status: u16) {
        let path = path.split('?').next().unwrap();
        let wanted = segments(&decoded(path));
        // A literal segment is a better match than a parameter.
        let found = self.routes.iter().filter(|(it, _)| fits(it, &wanted));
        let Some((_, route)) = found.min_by_key(|(it, _)| it.iter().filter(|it| is_parameter(it)).count())
        else {
            assert!(
                matches!(status, 404 | 405),
                "{method} {path}: {status} of a path that is not documented"
            );
            return;
        };
        let method = if method == "HEAD" { "get".to_owned() } else { method.to_lowercase() };
        let Some(operation) = route.get(&method) else {
            assert_eq!(status, 405, "{method} {path} is not documented");
            return;
        };
        let documented = operation["responses"].as_object().expect("responses");
        let known: Vec<_> = documented.keys().collect();
        assert!(
            documented.contains_key(&status.to_string()),
            "{method} {path}: {status} is not among {known:?}"
        );
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
