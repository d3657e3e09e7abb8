//! The chart: rendered with its own values it is what `kubernetes/` has.

use std::{path::Path, process::Command};

use serde_json::Value;

use super::{ROOT, read, yaml};

const CHART: &str = "deploy/helm/idem";

fn values() -> Value {
    yaml(&read(&format!("{CHART}/values.yaml")))
}

fn manifest(name: &str) -> Value {
    yaml(&read(&format!("deploy/kubernetes/{name}.yaml")))
}

/// A template as helm renders it for the release `idem`. Only the actions that this chart uses are known.
fn render(name: &str) -> Value {
    let template = read(&format!("{CHART}/templates/{name}.yaml"));
    let (mut text, mut rest) = (String::new(), template.as_str());
    while let Some((before, from_here)) = rest.split_once("{{") {
        let (action, after) = from_here.split_once("}}").unwrap();
        text.push_str(if action.starts_with('-') { before.trim_end() } else { before });
        text.push_str(&expand_action(action.trim_start_matches('-').trim()));
        rest = after;
    }
    yaml(&(text + rest))
}

fn expand_action(action: &str) -> String {
    match action.split(' ').collect::<Vec<_>>().as_slice() {
        [".Release.Name"] => "idem".to_owned(),
        ["toJson", path, "|", "sha256sum"] => value_at(path).to_string().len().to_string(),
        ["toJson", path, "|", "nindent", indent] => {
            format!("\n{}{}", " ".repeat(indent.parse().unwrap()), value_at(path))
        }
        [path, "|", "default", ".Chart.AppVersion"] => match value_at(path).as_str() {
            None | Some("") => {
                yaml(&read(&format!("{CHART}/Chart.yaml")))["appVersion"].as_str().unwrap().to_owned()
            }
            Some(text) => text.to_owned(),
        },
        [path] => {
            let value = value_at(path);
            value.as_str().map_or_else(|| value.to_string(), str::to_owned)
        }
        _ => panic!("the action {action} is not known here"),
    }
}

fn value_at(path: &str) -> Value {
    let pointer = path.strip_prefix(".Values").unwrap_or_else(|| panic!("{path}")).replace('.', "/");
    values().pointer(&pointer).unwrap_or_else(|| panic!("there is no value {path}")).clone()
}

/// Removes what the chart adds to a manifest, and returns it.
fn take(value: &mut Value, pointer: &str) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let map = value.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    map.remove(name).unwrap_or_else(|| panic!("{pointer}"))
}

#[test]
fn what_is_installed_is_what_the_manifests_have() {
    for name in ["config", "service", "disruption", "network"] {
        assert_eq!(render(name), manifest(name), "{name}");
    }
    let mut deployment = render("deployment");
    let annotations = take(&mut deployment, "/spec/template/metadata/annotations");
    assert!(annotations["checksum/config"].is_string() || annotations["checksum/config"].is_number());
    assert_eq!(deployment, manifest("deployment"));
}

#[test]
fn the_schema_is_updated_before_anything_else_with_all_settings() {
    let (mut rendered, mut plain) = (render("migrate"), manifest("migrate"));
    let hooks = take(&mut rendered, "/metadata/annotations");
    assert_eq!(hooks["helm.sh/hook"], "pre-install,pre-upgrade");
    // At an installation the ConfigMap of the service is made after the hooks, so the job has one of its own.
    let config = "/spec/template/spec/containers/0/envFrom/0/configMapRef/name";
    assert_eq!(rendered.pointer(config).unwrap(), "idem-migrate");
    take(&mut rendered, config);
    take(&mut plain, config);
    take(&mut plain, "/spec/ttlSecondsAfterFinished");
    assert_eq!(rendered, plain);
}

#[test]
fn the_settings_of_the_migration_are_those_of_the_service_and_made_before_it() {
    let (of_migration, of_service) = (render("migrate-config"), render("config"));
    assert_eq!(of_migration["kind"], "ConfigMap");
    assert_eq!(of_migration["metadata"]["name"], "idem-migrate");
    assert_eq!(of_migration["data"], of_service["data"]);
    let hooks = &of_migration["metadata"]["annotations"];
    let job = &render("migrate")["metadata"]["annotations"];
    assert_eq!(hooks["helm.sh/hook"], job["helm.sh/hook"]);
    // The job has no weight, which is 0. The settings stay until the next hook, whatever becomes of the job.
    assert_eq!((&hooks["helm.sh/hook-weight"], &job["helm.sh/hook-weight"]), (&"-1".into(), &Value::Null));
    assert_eq!(hooks["helm.sh/hook-delete-policy"], "before-hook-creation");
}

#[test]
fn every_template_is_compared_and_every_value_is_used() {
    let folder = Path::new(ROOT).join(CHART).join("templates");
    let (mut names, mut text) = (Vec::new(), String::new());
    for file in super::files(&folder) {
        names.push(file.file_name().unwrap().to_str().unwrap().to_owned());
        text.push_str(&std::fs::read_to_string(file).unwrap());
    }
    names.sort();
    let known = [
        "NOTES.txt",
        "config.yaml",
        "deployment.yaml",
        "disruption.yaml",
        "migrate-config.yaml",
        "migrate.yaml",
        "network.yaml",
        "service.yaml",
    ];
    assert_eq!(names, known);
    for name in values().as_object().unwrap().keys() {
        assert!(text.contains(&format!(".Values.{name}")), "{name}");
    }
}

#[test]
fn it_installs_this_version() {
    let chart = yaml(&read(&format!("{CHART}/Chart.yaml")));
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
    assert_eq!(chart["name"], "idem");
}

#[test]
fn helm_accepts_it() {
    match Command::new("helm").args(["lint", "--strict", CHART]).current_dir(ROOT).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout)),
        Err(_) => println!("SKIPPED: there is no helm"),
    }
}
