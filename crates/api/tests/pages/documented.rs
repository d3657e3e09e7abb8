//! The tables of `docs/operations.md` are held against the code that they describe.

use std::collections::BTreeSet;

use api::config::{Config, PREFIX};
use application::security::SecurityEvent;
use domain::FindingKind;

pub(crate) const OPERATIONS: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md"));

/// The rows of the first table in a section of the page, as cells without their backticks.
pub(crate) fn table(section: &str) -> Vec<Vec<String>> {
    let heading = format!("\n## {section}\n");
    let (_, from_here) = OPERATIONS.split_once(&heading).unwrap();
    let rows = from_here.lines().skip_while(|it| !it.starts_with("| --- |")).skip(1);
    let cells = |row: &str| row.trim_matches('|').split(" | ").map(|it| it.trim().replace('`', "")).collect();
    rows.take_while(|it| it.starts_with('|')).map(cells).collect()
}

/// The literals that stand first in every call of `called` in a source.
fn literals<'s>(source: &'s str, called: &str) -> BTreeSet<&'s str> {
    let calls = source.split(called).skip(1).map(str::trim_start);
    calls.filter_map(|it| it.strip_prefix('"')?.split('"').next()).collect()
}

/// Every key that is taken out of what was configured.
fn keys() -> BTreeSet<String> {
    let source = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/config.rs"));
    let gateways = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/config/gateways.rs"));
    let mail = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/config/mail.rs"));
    let edge = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/config/edge.rs"));
    let traces = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/config/traces.rs"));
    let secrets = literals(gateways, "it.read_secret(");
    let plain = [
        literals(source, "it.get("),
        literals(source, "it.get_optional("),
        literals(source, "it.get_filled("),
        literals(mail, "keys.get_filled("),
        literals(edge, "keys.get("),
        literals(edge, "keys.get_filled("),
        literals(traces, "keys.get("),
        literals(traces, "keys.get_optional("),
        literals(traces, "keys.get_filled("),
        literals(gateways, "it.read_text("),
        literals(gateways, "it.read_api_base("),
    ];
    let plain = plain.into_iter().flatten().chain(secrets.iter().copied()).map(str::to_owned);
    // A secret may be in a file that another key names.
    plain.chain(secrets.iter().map(|it| format!("{it}_file"))).collect()
}

#[test]
fn every_key_is_documented_and_every_documented_key_is_one() {
    let rows = table("Configuration");
    let documented: BTreeSet<_> = rows.iter().map(|row| row[1].clone()).collect();
    assert_eq!(documented, keys());
    for row in &rows {
        assert_eq!(row[0], format!("{PREFIX}{}", row[1].to_uppercase()));
    }
}

#[test]
fn the_documented_defaults_are_the_defaults() {
    /// A default in words, and what `api config` shows for it.
    const IN_WORDS: [(&str, &[&str]); 4] = [
        ("none", &["(none)", ""]),
        ("made on the first start", &["(made on the first start)"]),
        ("the own address", &["(own address)"]),
        ("one per core", &[]),
    ];
    let shown: toml::Table = Config::from_sources(None, []).unwrap().to_redacted_toml().parse().unwrap();
    let words = |row: &Vec<String>| IN_WORDS.iter().find(|(words, _)| *words == row[2]);
    let (in_words, written): (Vec<_>, Vec<_>) =
        table("Configuration").into_iter().partition(|row| words(row).is_some());
    for row in &in_words {
        let (_, stand_for) = words(row).unwrap();
        let shown = shown[&row[1]].as_str().unwrap_or_default();
        assert!(stand_for.is_empty() || stand_for.contains(&shown), "{row:?}: {shown}");
    }
    let set = written.into_iter().map(|row| (row[0].clone(), row[2].clone()));
    assert_eq!(
        Config::from_sources(None, set).unwrap().to_redacted_toml(),
        Config::from_sources(None, []).unwrap().to_redacted_toml()
    );
}

#[test]
fn what_is_in_force_is_shown_whole() {
    let shown = Config::from_sources(None, []).unwrap().to_redacted_toml();
    let keys_of = |it: &str| it.split(" = ").next().map(str::to_owned);
    let shown: BTreeSet<_> = shown.lines().filter_map(keys_of).collect();
    assert_eq!(shown, keys());
}

/// The names of all metrics with those of their labels.
pub(crate) fn documented_metrics() -> Vec<(String, Vec<String>)> {
    // An empty cell leaves its border to the next one.
    let labels = |it: &str| it.split(", ").filter(|it| !it.starts_with('|')).map(str::to_owned).collect();
    table("Metrics").into_iter().map(|row| (row[0].clone(), labels(&row[1]))).collect()
}

#[test]
fn every_metric_is_documented_and_every_documented_metric_is_one() {
    // Histograms and a gauge of a state are no counters.
    let is_counter = |it: &str| {
        const OTHERS: [&str; 13] = [
            "_in_use",
            "_max",
            "_bytes",
            "_threads",
            "_seconds",
            "_state",
            "_units",
            "backlog_events",
            "_backlog_deliveries",
            "_findings",
            "_up",
            "_info",
            "_fds",
        ];
        it == "process_cpu_seconds" || !OTHERS.iter().any(|unit| it.ends_with(unit))
    };
    let name = |it: &str| format!("{it}{}", if is_counter(it) { "_total" } else { "" });
    const SOURCES: [&str; 4] = [
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/metrics.rs")),
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/metrics/redis.rs")),
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/metrics/spans.rs")),
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/metrics/state.rs")),
    ];
    let service = SOURCES.iter().flat_map(|it| literals(it, "to.register(")).map(|it| format!("idem_{it}"));
    let process = SOURCES.iter().flat_map(|it| literals(it, "process.register(")).map(str::to_owned);
    let registered: BTreeSet<_> = service.chain(process).map(|it| name(&it)).collect();
    let documented: BTreeSet<_> = documented_metrics().into_iter().map(|it| it.0).collect();
    assert_eq!(documented, registered);
}

#[test]
fn every_event_of_the_security_log_is_documented() {
    let documented: Vec<_> = table("Security log").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(documented, SecurityEvent::NAMES);
}

#[test]
fn it_is_said_what_to_do_about_every_finding() {
    let documented: Vec<_> = table("Findings").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(documented, FindingKind::ALL.map(FindingKind::as_str));
}
