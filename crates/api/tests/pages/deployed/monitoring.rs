//! The dashboard of Grafana and the alerts of Prometheus.

use std::{collections::BTreeSet, process::Command};

use serde_json::Value;

use super::{ROOT, read, yaml};
use crate::documented::{OPERATIONS, documented_metrics, table};

const ALERTS: &str = "deploy/prometheus/alerts.yaml";

fn rules() -> Vec<Value> {
    let groups = yaml(&read(ALERTS))["groups"].as_array().unwrap().clone();
    groups.iter().flat_map(|it| it["rules"].as_array().unwrap().clone()).collect()
}

/// Every text under the name `expr`, however deep it stands.
fn expressions(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) => {
            let own = map.get("expr").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(map.values().flat_map(expressions)).collect()
        }
        Value::Array(all) => all.iter().flat_map(expressions).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// The metrics of the service and of its process in an expression, without the suffixes of histograms.
fn metrics_of(expression: &str) -> BTreeSet<String> {
    let is_part = |it: char| it.is_ascii_alphanumeric() || it == '_';
    let words = expression.split(|it| !is_part(it));
    let ours = words.filter(|it| it.starts_with("idem_") || it.starts_with("process_"));
    ours.map(|it| ["_bucket", "_count", "_sum"].iter().fold(it, |it, end| it.strip_suffix(end).unwrap_or(it)))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_metric_that_is_shown_or_alerted_on_is_one() {
    let known: BTreeSet<_> = documented_metrics().into_iter().map(|it| it.0).collect();
    let dashboard: Value = serde_json::from_str(&read("deploy/grafana/idem.json")).unwrap();
    let shown = expressions(&dashboard);
    let alerted = rules().iter().flat_map(expressions).collect::<Vec<_>>();
    assert!(shown.len() > 20 && alerted.len() > 10, "{} and {}", shown.len(), alerted.len());
    for expression in shown.iter().chain(&alerted) {
        let used = metrics_of(expression);
        assert!(!used.is_empty() || expression.starts_with("up{"), "{expression}");
        for metric in &used {
            assert!(known.contains(metric), "{metric} of {expression} is not documented");
        }
    }
}

/// The labels that an expression selects or groups by are labels of its metrics, or those that Prometheus adds.
#[test]
fn every_label_is_one_of_its_metrics() {
    let dashboard: Value = serde_json::from_str(&read("deploy/grafana/idem.json")).unwrap();
    let rules = rules();
    for expression in expressions(&dashboard).into_iter().chain(rules.iter().flat_map(expressions)) {
        let used = metrics_of(&expression);
        let own = documented_metrics().into_iter().filter(|it| used.contains(&it.0)).flat_map(|it| it.1);
        let known: BTreeSet<_> = own.chain(["job", "instance", "le"].map(str::to_owned)).collect();
        let selected = expression.split('{').skip(1).filter_map(|it| it.split('}').next());
        let selected = selected.flat_map(|it| it.split(',')).filter_map(|it| it.split(['=', '!']).next());
        let grouped = expression.split("by (").skip(1).filter_map(|it| it.split(')').next());
        for label in selected.chain(grouped.flat_map(|it| it.split(','))).map(str::trim) {
            assert!(known.contains(label), "{label} in {expression}");
        }
    }
}

#[test]
fn it_is_said_what_to_do_about_every_alert() {
    let names: Vec<_> = rules().iter().map(|it| it["alert"].as_str().unwrap().to_owned()).collect();
    let documented: Vec<_> = table("Alerts").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(documented, names);
    assert!(OPERATIONS.contains(ALERTS));
    for rule in rules() {
        let severity = rule["labels"]["severity"].as_str().unwrap();
        assert!(matches!(severity, "page" | "ticket"), "{rule}");
        assert!(rule["annotations"]["summary"].is_string(), "{rule}");
    }
}

#[test]
fn prometheus_accepts_the_rules() {
    let check = Command::new("promtool").args(["check", "rules", ALERTS]).current_dir(ROOT).output();
    match check {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => println!("SKIPPED: there is no promtool (Debian: prometheus)"),
    }
}
