//! What `deploy/` says is held against the code that it starts.

mod compose;
mod debian;
mod helm;
mod image;
mod kubernetes;
mod monitoring;
mod tools;
mod unit;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use api::{
    config::{Config, ConfigError, PREFIX},
    http::ROUTES,
};
use jiff::SignedDuration;
use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// Values that stand for the secrets that a user fills in.
const SECRETS: [(&str, &str); 6] = [
    ("IDEM_DATABASE_URL", "mysql://idem:0f1e2d3c@mysql:3306/idem"),
    ("IDEM_REDIS_URL", "redis://:0f1e2d3c@redis:6379/0"),
    ("IDEM_JWT_SECRET", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"),
    ("MYSQL_PASSWORD", "0f1e2d3c"),
    ("MYSQL_ROOT_PASSWORD", "0f1e2d3c"),
    ("REDIS_PASSWORD", "0f1e2d3c"),
];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|fault| panic!("{path}: {fault}"))
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

fn secret(name: &str) -> &'static str {
    SECRETS.iter().find(|it| it.0 == name).unwrap_or_else(|| panic!("{name} is no known secret")).1
}

/// The names of a map whose values are texts: what reaches a process is nothing else.
fn variables(map: &Value) -> Vec<(String, String)> {
    let text = |(name, value): (&String, &Value)| {
        let value = value.as_str().unwrap_or_else(|| panic!("{name} is no text"));
        (name.clone(), value.to_owned())
    };
    map.as_object().unwrap().iter().map(text).collect()
}

/// The lines `CARD_NUMBER_NAME=value` of a file.
fn assignments(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter(|it| !it.is_empty() && !it.starts_with('#'));
    lines.map(|it| it.split_once('=').unwrap()).map(|(name, value)| (name.into(), value.into())).collect()
}

/// Whether the service refuses a value because of the key that it stands for.
fn is_refused(name: &str, value: &str) -> bool {
    let key = name.strip_prefix(PREFIX).unwrap().to_lowercase();
    let read = Config::from_sources(None, [(name.to_owned(), value.to_owned())]);
    matches!(read, Err(ConfigError::Invalid { key: it, .. }) if it == key)
}

fn is_a_get_route(path: &str) -> bool {
    ROUTES.iter().any(|it| it.method == "GET" && it.path == path)
}

/// A duration as compose and the balancer write it.
fn duration(text: &str) -> Duration {
    text.parse::<SignedDuration>().unwrap().unsigned_abs()
}

/// What follows `directive` in the only line that begins with it.
fn directive<'t>(text: &'t str, directive: &str) -> &'t str {
    let mut found = text.lines().filter_map(|it| it.trim_start().strip_prefix(directive));
    let value = found.next().unwrap_or_else(|| panic!("there is no `{directive}`"));
    assert!(found.next().is_none(), "there is more than one `{directive}`");
    value.trim()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    entries.flat_map(|it| if it.is_dir() { files(&it) } else { vec![it] }).collect()
}

/// Says that a test was left out, and why.
#[expect(clippy::print_stdout, reason = "who runs the tests must see it")]
fn print_skipped(reason: &str) {
    println!("SKIPPED: {reason}");
}

#[test]
fn every_variable_that_is_named_is_a_key() {
    let is_part = |it: char| it.is_ascii_uppercase() || it.is_ascii_digit() || it == '_';
    // A file that a user has filled in is not tested.
    let shared = files(&Path::new(ROOT).join("deploy")).into_iter().filter(|it| !it.ends_with(".env"));
    let mut names = 0;
    for file in shared {
        let text = fs::read_to_string(&file).unwrap();
        for word in text.split(|it| !is_part(it)).filter(|it| it.starts_with(PREFIX)) {
            let read = Config::from_sources(None, [(word.to_owned(), "x".to_owned())]);
            let unknown = matches!(read, Err(ConfigError::Unknown { .. }));
            assert!(!unknown, "{}: {word} is no key", file.display());
            names += 1;
        }
    }
    assert!(names > 20, "only {names} names were found");
}
