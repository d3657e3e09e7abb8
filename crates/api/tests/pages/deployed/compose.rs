//! `compose.yaml`, with its balancer and its secrets.

use std::collections::BTreeSet;

use api::{
    config::{Config, Database, PREFIX},
    serve::SHUTDOWN_TIMEOUT,
};
use serde_json::Value;

use super::{assignments, directive, duration, is_a_get_route, is_refused, read, secret, variables, yaml};

const INSTANCES: [&str; 2] = ["api-1", "api-2"];

/// The variables that stand in the file, and whether each must be set. One that need not is passed on empty.
fn named(text: &str) -> Vec<(&str, bool)> {
    let inner = text.split("${").skip(1).map(|it| it.split_once('}').unwrap().0);
    let parse = |it| match (str::split_once(it, ":?"), str::strip_suffix(it, "-")) {
        (Some((name, _)), _) => (name, true),
        (None, Some(name)) => (name, false),
        (None, None) => panic!("{it} is neither required nor optional"),
    };
    inner.map(parse).collect()
}

/// The variables that have to be set.
fn wanted(text: &str) -> Vec<&str> {
    named(text).into_iter().filter(|it| it.1).map(|it| it.0).collect()
}

/// The file as compose reads it when the required secrets are filled in.
fn compose() -> Value {
    let mut text = read("deploy/compose.yaml");
    for (name, is_required) in named(&text.clone()) {
        let (before, from_here) = text.split_once("${").unwrap();
        let value = if is_required { secret(name) } else { "" };
        text = format!("{before}{value}{}", from_here.split_once('}').unwrap().1);
    }
    yaml(&text)
}

fn config(service: &Value) -> Config {
    Config::from_sources(None, variables(&service["environment"])).unwrap()
}

fn command(service: &Value) -> Vec<&str> {
    service["command"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect()
}

#[test]
fn every_instance_starts_with_what_it_is_given() {
    let compose = compose();
    let services = &compose["services"];
    for name in INSTANCES.into_iter().chain(["migrate"]) {
        let config = config(&services[name]);
        assert!(matches!(config.database, Database::MySql(_)));
        assert!(config.redis_url.is_some() && config.memcached_url.is_some());
        let (address, balancer) = (config.http_addr, &services["balancer"]["networks"]["inner"]);
        assert!(address.ip().is_unspecified(), "another container reaches it");
        let trusted: Vec<_> = config.trusted_proxies.iter().map(|it| it.addr().to_string()).collect();
        assert_eq!(trusted, [balancer["ipv4_address"].as_str().unwrap()]);
        assert!(config.trusted_proxies.iter().all(|it| it.prefix_len() == it.max_prefix_len()));
    }
    assert_eq!(services["api-1"], services["api-2"], "one answers as the other does");
    assert_eq!(command(&services["migrate"]), ["migrate"]);
    assert_eq!(
        services["api-1"]["depends_on"]["migrate"]["condition"], "service_completed_successfully",
        "the schema is there first"
    );
}

#[test]
fn gateways_are_optional_and_every_setting_of_theirs_is_passed_on() {
    let config = config(&compose()["services"]["api-1"]);
    assert!(!config.gateways.can_charge() && config.sandbox_secret.is_none() && config.public_url.is_none());
    let keys = config.to_redacted_toml();
    let keys = keys.lines().map(|it| it.split_once(" = ").unwrap().0);
    let is_of_gateway = |it: &&str| ["stripe_", "alipay_", "wechat_"].iter().any(|name| it.starts_with(name));
    // A file of a key has to be mounted too, so it is for the operator to add.
    let keys = keys.filter(is_of_gateway).filter(|it| !it.ends_with("_file"));
    let keys =
        keys.chain(["public_url", "sandbox_secret"]).map(|it| format!("{PREFIX}{}", it.to_uppercase()));
    let text = read("deploy/compose.yaml");
    let optional: BTreeSet<_> = named(&text).iter().filter(|it| !it.1).map(|it| it.0.to_owned()).collect();
    assert_eq!(optional, keys.collect());
    let example = read("deploy/example.env");
    assert!(optional.iter().all(|it| example.contains(&format!("\n#{it}=\n"))), "{example}");
}

#[test]
fn the_stores_are_where_the_instances_look_for_them() {
    let compose = compose();
    for (key, store) in
        [("IDEM_DATABASE_URL", "mysql"), ("IDEM_REDIS_URL", "redis"), ("IDEM_MEMCACHED_URL", "memcached")]
    {
        let url = compose["services"]["api-1"]["environment"][key].as_str().unwrap();
        let place = url.rsplit(['@', '/']).find(|it| it.contains(':')).unwrap();
        assert_eq!(place.split(':').next(), Some(store), "{key}");
        assert!(compose["services"][store].is_object());
    }
}

#[test]
fn only_the_balancer_is_published_and_only_to_this_machine() {
    let compose = compose();
    let published: Vec<_> = compose["services"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, it)| !it["ports"].is_null() || it["network_mode"] == "host")
        .map(|(name, it)| (name.as_str(), it["ports"][0].as_str().unwrap()))
        .collect();
    assert_eq!(published, [("balancer", "127.0.0.1:8080:8080")]);
    assert!(["inner", "back"].iter().all(|it| compose["networks"][*it]["internal"] == true));
}

#[test]
fn every_container_has_time_to_stop() {
    let (compose, balancer) = (compose(), read("deploy/haproxy.cfg"));
    let grace = |it: &str| duration(compose["services"][it]["stop_grace_period"].as_str().unwrap());
    for name in INSTANCES {
        assert!(grace(name) > SHUTDOWN_TIMEOUT);
        let deadline = config(&compose["services"][name]).request_deadline;
        assert!(duration(directive(&balancer, "timeout server ")) > deadline, "the service answers first");
        assert!(duration(directive(&balancer, "timeout client ")) > deadline);
    }
    let last = duration(directive(&balancer, "hard-stop-after "));
    assert!(last > duration(directive(&balancer, "timeout server ")) && grace("balancer") > last);
}

#[test]
fn the_balancer_asks_every_instance_whether_it_can_serve() {
    let (compose, balancer) = (compose(), read("deploy/haproxy.cfg"));
    let asked = directive(&balancer, "http-check send ").split(' ').skip_while(|it| *it != "uri").nth(1);
    assert!(asked.is_some_and(|it| it == "/readyz" && is_a_get_route(it)));
    assert!(directive(&balancer, "default-server ").starts_with("check "));
    let port = config(&compose["services"]["api-1"]).http_addr.port();
    for name in INSTANCES {
        assert_eq!(directive(&balancer, &format!("server {name} ")), format!("{name}:{port}"));
    }
}

#[test]
fn the_balancer_repeats_nothing_that_may_have_been_done() {
    let balancer = read("deploy/haproxy.cfg");
    assert_eq!(directive(&balancer, "http-request disable-l7-retry "), "unless { method GET HEAD }");
    assert_eq!(directive(&balancer, "retry-on "), "conn-failure empty-response");
    assert!(balancer.lines().any(|it| it.trim() == "option forwardfor"));
}

#[test]
fn redis_keeps_a_file_and_makes_room() {
    let compose = compose();
    let redis = &compose["services"]["redis"];
    let command = command(redis);
    let set = |name: &str| command.iter().skip_while(|it| **it != name).nth(1).copied();
    assert_eq!((set("--appendonly"), set("--appendfsync")), (Some("yes"), Some("everysec")));
    assert!(set("--maxmemory").is_some());
    assert_eq!(set("--maxmemory-policy"), Some("allkeys-lru"));
    let volume = redis["volumes"][0].as_str().unwrap();
    assert!(volume.ends_with(":/data") && compose["volumes"]["redis"].is_object());
}

#[test]
fn nothing_runs_with_a_secret_that_everybody_knows() {
    let example = assignments(&read("deploy/example.env"));
    let given: BTreeSet<_> = example.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(given, wanted(&read("deploy/compose.yaml")).into_iter().collect());
    for (name, value) in &example {
        // Compose refuses what is empty, see `wanted`.
        assert!(value.is_empty() || name.starts_with(PREFIX) && is_refused(name, value), "{name}");
    }
}
