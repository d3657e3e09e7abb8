//! The chart: rendered with its own values it is what `kubernetes/` has.

use std::path::Path;

use serde_json::Value;

use super::{ROOT, print_skipped, read, tools, yaml};

const CHART: &str = "deploy/helm/idem";
const NO_HELM: &str = "there is no helm, and `cargo xtask test` could not install it";

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

/// The documents of the chart as Helm itself renders them, by their kind and name; `None` without Helm.
fn render_by_helm(args: &[&str]) -> Option<Vec<Value>> {
    let Some(mut helm) = tools::helm() else {
        print_skipped(NO_HELM);
        return None;
    };
    let output = helm.args(["template", "idem", CHART]).args(args).current_dir(ROOT).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.split("\n---\n").map(|it| yaml(it.trim_start_matches("---\n"))).collect())
}

fn take_one(rendered: &[Value], kind: &str, name: &str) -> Value {
    let is_it = |it: &&Value| it["kind"] == kind && it["metadata"]["name"] == name;
    rendered.iter().find(is_it).unwrap_or_else(|| panic!("there is no {kind} {name}")).clone()
}

#[test]
fn helm_accepts_it() {
    match tools::helm() {
        Some(mut helm) => {
            let output = helm.args(["lint", "--strict", CHART]).current_dir(ROOT).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        }
        None => print_skipped(NO_HELM),
    }
}

#[test]
fn helm_renders_what_is_compared_here() {
    let Some(rendered) = render_by_helm(&[]) else { return };
    assert_eq!(rendered.len(), 7);
    let mut deployment = take_one(&rendered, "Deployment", "idem");
    let annotations = take(&mut deployment, "/spec/template/metadata/annotations");
    assert_eq!(annotations["checksum/config"].as_str().map(str::len), Some(64), "a text, as it must be");
    assert_eq!(deployment, manifest("deployment"));
    for (kind, name, template) in [
        ("ConfigMap", "idem", "config"),
        ("ConfigMap", "idem-migrate", "migrate-config"),
        ("Job", "idem-migrate", "migrate"),
        ("NetworkPolicy", "idem", "network"),
        ("PodDisruptionBudget", "idem", "disruption"),
        ("Service", "idem", "service"),
    ] {
        assert_eq!(take_one(&rendered, kind, name), render(template), "{template}");
    }
}

#[test]
fn values_of_a_release_reach_its_pods() {
    let image = "image.tag=0.1.0@sha256:0123";
    let Some(changed) = render_by_helm(&["--set", image, "--set", "replicas=3,config.IDEM_LOG=debug"]) else {
        return;
    };
    let plain = render_by_helm(&[]).unwrap();
    let [changed, plain] = [changed, plain].map(|it| take_one(&it, "Deployment", "idem"));
    assert_eq!(changed["spec"]["replicas"], 3);
    let pod = |it: &Value| it["spec"]["template"].clone();
    assert_eq!(pod(&changed)["spec"]["containers"][0]["image"], "idem:0.1.0@sha256:0123");
    let checksum = |it: &Value| pod(it)["metadata"]["annotations"]["checksum/config"].clone();
    assert_ne!(checksum(&changed), checksum(&plain), "a changed setting replaces the pods");
}

#[test]
fn kubernetes_knows_what_helm_renders() {
    let Some(rendered) = render_by_helm(&[]) else { return };
    for document in rendered {
        tools::assert_valid(&document);
    }
}
