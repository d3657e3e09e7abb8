//! The manifests of `kubernetes/`.

use std::{path::Path, time::Duration};

use api::{config::Config, serve::SHUTDOWN_TIMEOUT};
use serde_json::Value;

use super::{ROOT, image, is_a_get_route, is_refused, read, secret, tools, variables, yaml};

fn manifest(name: &str) -> Value {
    yaml(&read(&format!("deploy/kubernetes/{name}.yaml")))
}

/// What the pods are: of the service, and of the migration.
fn pods() -> [Value; 2] {
    ["deployment", "migrate"].map(|it| manifest(it)["spec"]["template"].take())
}

/// The configuration of a pod whose secrets are filled in.
fn config() -> Config {
    let secrets = variables(&manifest("secret.example")["stringData"]).into_iter();
    let filled = secrets.map(|(name, _)| (name.clone(), secret(&name).to_owned()));
    Config::from_sources(None, variables(&manifest("config")["data"]).into_iter().chain(filled)).unwrap()
}

#[test]
fn every_pod_starts_with_what_it_is_given() {
    assert_eq!(u64::from(config().http_addr.port()), image::port());
    for pod in pods() {
        let container = &pod["spec"]["containers"][0];
        let from = &container["envFrom"];
        assert_eq!(from[0]["configMapRef"]["name"], manifest("config")["metadata"]["name"]);
        assert_eq!(from[1]["secretRef"]["name"], manifest("secret.example")["metadata"]["name"]);
        // The cluster's own variables for a Service of this name would be unknown keys.
        assert_eq!(pod["spec"]["enableServiceLinks"], false);
        assert_eq!(pod["spec"]["securityContext"]["runAsUser"].as_u64(), Some(image::user()));
        assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    }
    assert_eq!(pods()[1]["spec"]["containers"][0]["args"][0], "migrate");
}

#[test]
fn nothing_runs_with_a_secret_that_everybody_knows() {
    for (name, value) in variables(&manifest("secret.example")["stringData"]) {
        assert!(is_refused(&name, &value), "{name}");
    }
}

#[test]
fn a_pod_that_ends_is_found_no_more_before_it_stops_and_has_time_to_end() {
    let [pod, _] = pods();
    let seconds = |it: &Value| Duration::from_secs(it.as_u64().unwrap());
    let container = &pod["spec"]["containers"][0];
    let withdrawn = seconds(&container["lifecycle"]["preStop"]["sleep"]["seconds"]);
    assert!(withdrawn >= Duration::from_secs(1));
    assert!(seconds(&pod["spec"]["terminationGracePeriodSeconds"]) > withdrawn + SHUTDOWN_TIMEOUT);
}

#[test]
fn the_probes_ask_what_there_is() {
    let [pod, _] = pods();
    let container = &pod["spec"]["containers"][0];
    for (probe, path) in
        [("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")]
    {
        let asked = &container[probe]["httpGet"];
        assert!(asked["path"] == path && is_a_get_route(path), "{probe}");
        assert_eq!(asked["port"], container["ports"][0]["name"], "{probe}");
    }
    assert_eq!(container["ports"][0]["containerPort"].as_u64(), Some(image::port()));
}

#[test]
fn requests_and_rules_find_the_pods_of_the_service_and_no_others() {
    let [pod, migration] = pods();
    let (labels, others) = (&pod["metadata"]["labels"], &migration["metadata"]["labels"]);
    let deployment = manifest("deployment")["spec"].take();
    let spread = &pod["spec"]["topologySpreadConstraints"];
    for selector in [
        &manifest("service")["spec"]["selector"],
        &deployment["selector"]["matchLabels"],
        &manifest("disruption")["spec"]["selector"]["matchLabels"],
        &manifest("network")["spec"]["podSelector"]["matchLabels"],
        &spread[0]["labelSelector"]["matchLabels"],
        &spread[1]["labelSelector"]["matchLabels"],
    ] {
        assert!(selector == labels && selector != others);
    }
    assert_eq!(manifest("service")["spec"]["ports"][0]["targetPort"], "http");
    assert!(deployment["replicas"].as_u64() >= Some(2));
    assert_eq!(deployment["strategy"]["rollingUpdate"]["maxUnavailable"], 0);
}

#[test]
fn kubernetes_knows_every_manifest() {
    for file in super::files(&Path::new(ROOT).join("deploy/kubernetes")) {
        let text = std::fs::read_to_string(&file).unwrap();
        for document in text.split("\n---\n") {
            tools::assert_valid(&yaml(document));
        }
    }
}
