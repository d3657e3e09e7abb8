//! Checks which crate may depend on which: the arrows of the architecture.

use super::manifest::{Dependency, DependencyKind, parse_dependencies};
use super::{Fault, FileTree};

/// The dependencies that the crates called `of` may have, and those that their tests may have besides.
///
/// A name may be a pattern: `adapters-*` is a prefix, `serde?` is an optional dependency, and `*` alone is
/// anything outside this workspace.
struct Edge {
    of: &'static str,
    normal: &'static [&'static str],
    dev: &'static [&'static str],
}

/// The first row whose pattern matches a crate holds for it. The rows of the inner crates are complete,
/// without `*`.
#[rustfmt::skip]
const EDGES: &[Edge] = &[
    Edge { of: "domain",         normal: &["thiserror", "serde?"],                            dev: &["proptest", "serde_json"] },
    Edge { of: "ports",          normal: &["domain", "async-trait", "thiserror", "mockall?"], dev: &["proptest"] },
    Edge { of: "port-contracts", normal: &["domain", "ports", "fastrand", "rustix", "tokio"], dev: &[] },
    Edge { of: "circuit-breaker", normal: &["ports", "thiserror", "tokio", "tracing"],        dev: &[] },
    // It runs in other systems, and shares the words of the domain with the service, and nothing else.
    Edge { of: "client",         normal: &["domain", "*"],                                    dev: &[] },
    Edge { of: "tracer",         normal: &["tokio"],                                          dev: &["proptest"] },
    Edge { of: "adapters-*",     normal: &["circuit-breaker", "domain", "ports", "tracer", "*"], dev: &["port-contracts", "test-servers"] },
    Edge { of: "api",            normal: &["application", "domain", "ports", "adapters-*", "tracer", "*"], dev: &["chaos", "client", "port-contracts", "test-servers"] },
    Edge { of: "test-servers",   normal: &["tempfile"],                                       dev: &[] },
    // It measures the binary from outside, beside it the framework and the driver that the binary uses, and hot paths by
    // themselves.
    Edge { of: "bench",          normal: &["adapters-crypto", "application", "domain", "port-contracts", "ports", "test-servers", "*"],                              dev: &[] },
    // It runs the use cases on the record in memory, as their tests do, and on ports of its own that fail.
    Edge { of: "simulator",      normal: &["application", "domain", "ports", "adapters-local", "async-trait", "fastrand", "tokio"], dev: &["stateright"] },
    // It tries the binary from outside, as `bench` does, and knows nothing of it but the contract.
    Edge { of: "chaos",          normal: &["test-servers", "*"],                              dev: &[] },
    Edge { of: "xtask",          normal: &["test-servers", "pulldown-cmark", "serde_json", "tempfile", "toml"], dev: &[] },
    Edge {
        of: "application",
        normal: &["circuit-breaker", "domain", "ports", "async-trait", "futures-util", "moka", "serde", "serde_json", "thiserror", "tokio", "tracer", "tracing"],
        // Its tests work on the record and the counters in memory, which the suites of `port-contracts` hold to the same
        // promises as databases and servers. A fake of the tests' own is held to nothing.
        dev: &["mockall", "proptest", "adapters-local"],
    },
];

/// The drivers, each with the only crates that may depend on it.
const DRIVER_OWNERS: &[(&str, &[&str])] = &[
    ("actix-*", &["api", "bench"]),
    ("bcrypt", &["adapters-crypto"]),
    ("diesel*", &["adapters-mysql", "adapters-sqlite"]),
    ("jsonwebtoken", &["adapters-crypto"]),
    ("lettre", &["adapters-smtp"]),
    ("libsqlite3-sys", &["adapters-sqlite"]),
    ("memcache", &["adapters-memcached"]),
    ("mysql_async", &["adapters-mysql", "bench"]),
    ("opentelemetry*", &["adapters-otlp"]),
    ("redis", &["adapters-redis"]),
];

pub(super) fn check(tree: &FileTree) -> Vec<Fault> {
    let manifests = tree.texts_in("crates/").filter_map(|(path, text)| Some((crate_of(path)?, path, text)));
    manifests.flat_map(|(name, path, text)| check_manifest(tree, name, path, text)).collect()
}

/// The crate whose manifest `path` is. A crate has the same name as its folder.
fn crate_of(path: &str) -> Option<&str> {
    path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml").filter(|name| !name.contains('/'))
}

fn check_manifest(tree: &FileTree, name: &str, path: &str, manifest: &str) -> Vec<Fault> {
    let Some(edge) = EDGES.iter().find(|edge| matches_pattern(edge.of, name)) else {
        return vec![Fault::new(path, 1, format!("`{name}` has no row in the table of edges"))];
    };
    let found = match parse_dependencies(manifest) {
        Ok(found) => found,
        Err(error) => return vec![Fault::new(path, 1, error.message())],
    };
    let ours =
        |dependency: &Dependency| tree.text(&format!("crates/{}/Cargo.toml", dependency.name)).is_some();
    let told = |dependency: &Dependency| {
        let what = format!("`{name}` may not depend on `{}`", dependency.name);
        Fault::new(path, dependency.line, what)
    };
    found
        .iter()
        .filter(|it| !edge.allows_dependency(it, ours(it)) || is_driver_forbidden(name, &it.name))
        .map(told)
        .collect()
}

impl Edge {
    fn allows_dependency(&self, dependency: &Dependency, ours: bool) -> bool {
        let permits = |pattern: &&str| match (*pattern, pattern.strip_suffix('?')) {
            ("*", _) => !ours,
            (_, Some(name)) => dependency.optional && name == dependency.name,
            (pattern, None) => matches_pattern(pattern, &dependency.name),
        };
        let dev = dependency.kind == DependencyKind::Dev;
        self.normal.iter().any(permits) || dev && self.dev.iter().any(permits)
    }
}

fn is_driver_forbidden(name: &str, dependency: &str) -> bool {
    DRIVER_OWNERS
        .iter()
        .any(|(driver, within)| matches_pattern(driver, dependency) && !within.contains(&name))
}

/// Whether `name` is `pattern`, or begins with it if it ends in `*`.
fn matches_pattern(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The faults of one crate's manifest beside `domain`, `ports`, `port-contracts` and two adapters.
    fn of(name: &str, manifest: &str) -> Vec<String> {
        let path = format!("crates/{name}/Cargo.toml");
        let others = ["domain", "ports", "port-contracts", "adapters-local", "adapters-sqlite"]
            .map(|name| format!("crates/{name}/Cargo.toml"));
        let tree = FileTree::from_files(
            others.iter().map(|path| (path.as_str(), "")).chain([(path.as_str(), manifest)]),
        );
        check(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_arrow_that_points_outwards_is_a_fault() {
        assert_eq!(
            of("domain", "[dependencies]\nthiserror = '2'\nports.workspace = true\n"),
            ["crates/domain/Cargo.toml:3: `domain` may not depend on `ports`"]
        );
        assert_eq!(of("adapters-redis", "[dependencies]\nadapters-local.workspace = true\n").len(), 1);
        assert_eq!(of("adapters-redis", "[dependencies]\nports.workspace = true\nredis = '1'\n"), [""; 0]);
    }

    #[test]
    fn a_dependency_of_tests_is_none_of_the_crate() {
        assert_eq!(of("adapters-local", "[dependencies]\nport-contracts.workspace = true\n").len(), 1);
        assert_eq!(of("adapters-local", "[dev-dependencies]\nport-contracts.workspace = true\n"), [""; 0]);
    }

    #[test]
    fn use_cases_know_an_adapter_in_their_tests_only_and_only_the_record_in_memory() {
        assert_eq!(of("application", "[dev-dependencies]\nadapters-local.workspace = true\n"), [""; 0]);
        assert_eq!(of("application", "[dev-dependencies]\nadapters-sqlite.workspace = true\n").len(), 1);
        assert_eq!(
            of("application", "[dependencies]\nadapters-local.workspace = true\n"),
            ["crates/application/Cargo.toml:2: `application` may not depend on `adapters-local`"]
        );
    }

    #[test]
    fn what_must_be_optional_is_a_fault_when_it_is_not() {
        assert_eq!(of("ports", "[dependencies]\nmockall = '0.15'\n").len(), 1);
        assert_eq!(of("ports", "[dependencies]\nmockall = { version = '0.15', optional = true }\n"), [""; 0]);
    }

    #[test]
    fn a_driver_outside_its_fence_is_a_fault() {
        assert_eq!(of("api", "[dependencies]\ndiesel-async = '0.9'\nactix-web = '4'\n").len(), 1);
        assert_eq!(of("adapters-sqlite", "[dependencies]\ndiesel-async = '0.9'\n"), [""; 0]);
        assert_eq!(of("adapters-sqlite", "[dev-dependencies]\nbcrypt = '1'\n").len(), 1);
    }

    #[test]
    fn a_crate_without_a_row_and_a_broken_manifest_are_faults() {
        assert_eq!(of("shop", ""), ["crates/shop/Cargo.toml:1: `shop` has no row in the table of edges"]);
        assert_eq!(of("domain", "[dependencies\n").len(), 1);
    }
}
