//! What `cargo xtask test` installs to try the chart and the manifests: Helm, and the schemas of Kubernetes.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use super::{ROOT, print_skipped};

/// The oldest version that the chart accepts, and a present one.
const VERSIONS: [&str; 2] = ["1.30", "1.37"];

fn folder() -> PathBuf {
    Path::new(ROOT).join("target/tools/kubernetes")
}

/// Helm: the developer's own, or the one that was installed. `None` if there is neither.
pub(super) fn helm() -> Option<Command> {
    let programs = [PathBuf::from("helm"), folder().join("helm")];
    let found = programs.into_iter().find(|it| Command::new(it).arg("version").output().is_ok());
    found.map(Command::new)
}

/// Fails unless each version accepts the object, whose members must all be known. Without schemas a line says so.
pub(super) fn assert_valid(object: &Value) {
    for version in VERSIONS {
        let Ok(schema) = std::fs::read(folder().join(format!("{version}.json"))) else {
            print_skipped(&format!("there is no schema of Kubernetes {version}"));
            continue;
        };
        let mut schema: Value = serde_json::from_slice(&schema).unwrap();
        schema["$ref"] = format!("#/$defs/{}", find_definition(&schema, object)).into();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let faults: Vec<_> = validator.iter_errors(object).map(|it| it.to_string()).collect();
        assert!(faults.is_empty(), "Kubernetes {version}: {faults:?} in {object}");
    }
}

/// The name of the definition of an object's kind.
fn find_definition(schema: &Value, object: &Value) -> String {
    let full = object["apiVersion"].as_str().unwrap();
    let (group, version) = full.split_once('/').unwrap_or(("", full));
    let is_it = |it: &Value| it["group"] == group && it["version"] == version && it["kind"] == object["kind"];
    let definitions = schema["$defs"].as_object().unwrap();
    let found = definitions.iter().find(|(_, definition)| {
        definition["x-kubernetes-group-version-kind"].as_array().is_some_and(|all| all.iter().any(is_it))
    });
    found.unwrap_or_else(|| panic!("{object} is of no known kind")).0.clone()
}
