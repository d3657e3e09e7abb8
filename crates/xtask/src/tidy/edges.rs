//! Which crate may depend on which: the arrows of the architecture.

use super::manifest::{Dependency, Kind, dependencies};
use super::{Fault, Tree};

/// What the crates called `of` may depend on, and their tests as well.
///
/// A name may be a pattern: `adapters-*` is a prefix, `serde?` an optional dependency, `*` alone whatever is not
/// of this workspace.
struct Edge {
    of: &'static str,
    normal: &'static [&'static str],
    dev: &'static [&'static str],
}

/// The first row that fits a crate is its own. The inner crates name all they may have, drivers included.
#[rustfmt::skip]
const EDGES: &[Edge] = &[
    Edge { of: "domain",         normal: &["thiserror", "serde?"],                            dev: &["proptest", "serde_json"] },
    Edge { of: "ports",          normal: &["domain", "async-trait", "thiserror", "mockall?"], dev: &["proptest"] },
    Edge { of: "port-contracts", normal: &["domain", "ports", "rustix", "tokio"],             dev: &[] },
    Edge { of: "circuit-breaker", normal: &["ports", "thiserror", "tokio", "tracing"],        dev: &[] },
    Edge { of: "adapters-*",     normal: &["circuit-breaker", "domain", "ports", "*"],        dev: &["port-contracts", "test-servers"] },
    Edge { of: "api",            normal: &["application", "domain", "ports", "adapters-*", "*"], dev: &["port-contracts", "test-servers"] },
    Edge { of: "test-servers",   normal: &["tempfile"],                                       dev: &[] },
    Edge { of: "xtask",          normal: &["test-servers", "pulldown-cmark", "toml"],         dev: &["tempfile"] },
    Edge {
        of: "application",
        normal: &["circuit-breaker", "domain", "ports", "async-trait", "serde", "serde_json", "thiserror", "tokio", "tracing"],
        dev: &["mockall", "proptest"],
    },
];

/// The only crates that may know a driver.
const FENCES: &[(&str, &[&str])] = &[
    ("actix-*", &["api"]),
    ("bb8*", &["adapters-redis"]),
    ("bcrypt", &["adapters-crypto"]),
    ("diesel*", &["adapters-mysql", "adapters-sqlite"]),
    ("jsonwebtoken", &["adapters-crypto"]),
    ("libsqlite3-sys", &["adapters-sqlite"]),
    ("memcache", &["adapters-memcached"]),
    ("mysql_async", &["adapters-mysql"]),
    ("redis", &["adapters-redis"]),
];

pub(super) fn check(tree: &Tree) -> Vec<Fault> {
    let manifests = tree.texts_in("crates/").filter_map(|(path, text)| Some((crate_of(path)?, path, text)));
    manifests.flat_map(|(name, path, text)| faults(tree, name, path, text)).collect()
}

/// The crate whose manifest `path` is. A crate has the name of its folder.
fn crate_of(path: &str) -> Option<&str> {
    path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml").filter(|name| !name.contains('/'))
}

fn faults(tree: &Tree, name: &str, path: &str, manifest: &str) -> Vec<Fault> {
    let Some(edge) = EDGES.iter().find(|edge| fits(edge.of, name)) else {
        return vec![Fault::new(path, 1, format!("`{name}` has no row in the table of edges"))];
    };
    let found = match dependencies(manifest) {
        Ok(found) => found,
        Err(error) => return vec![Fault::new(path, 1, error.message())],
    };
    let ours =
        |dependency: &Dependency| tree.text(&format!("crates/{}/Cargo.toml", dependency.name)).is_some();
    let told = |dependency: &Dependency| {
        let what = format!("`{name}` may not depend on `{}`", dependency.name);
        Fault::new(path, dependency.line, what)
    };
    found.iter().filter(|it| !edge.permits(it, ours(it)) || fenced_off(name, &it.name)).map(told).collect()
}

impl Edge {
    fn permits(&self, dependency: &Dependency, ours: bool) -> bool {
        let permits = |pattern: &&str| match (*pattern, pattern.strip_suffix('?')) {
            ("*", _) => !ours,
            (_, Some(name)) => dependency.optional && name == dependency.name,
            (pattern, None) => fits(pattern, &dependency.name),
        };
        let dev = dependency.kind == Kind::Dev;
        self.normal.iter().any(permits) || dev && self.dev.iter().any(permits)
    }
}

fn fenced_off(name: &str, dependency: &str) -> bool {
    FENCES.iter().any(|(driver, within)| fits(driver, dependency) && !within.contains(&name))
}

/// Whether `name` is what `pattern` says, or begins so.
fn fits(pattern: &str, name: &str) -> bool {
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
        let tree = Tree::of(others.iter().map(|path| (path.as_str(), "")).chain([(path.as_str(), manifest)]));
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
        assert_eq!(of("bench", ""), ["crates/bench/Cargo.toml:1: `bench` has no row in the table of edges"]);
        assert_eq!(of("domain", "[dependencies\n").len(), 1);
    }
}
