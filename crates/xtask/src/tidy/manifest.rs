//! Reads the dependencies in a crate's manifest.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::line_at;

/// Whether the crate needs a dependency, or only its tests do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum DependencyKind {
    /// From `[dependencies]` or `[build-dependencies]`: shipped with the crate, or run when it is built.
    Normal,
    /// From `[dev-dependencies]`, for tests only.
    Dev,
}

/// One entry of a dependency table.
#[derive(Debug, PartialEq)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) kind: DependencyKind,
    pub(super) optional: bool,
    pub(super) line: usize,
}

/// Every dependency of a manifest, including those for single platforms.
pub(super) fn parse_dependencies(manifest: &str) -> Result<Vec<Dependency>, toml::de::Error> {
    let mut found = Vec::new();
    collect_dependencies(manifest, DeTable::parse(manifest)?.get_ref(), &mut found);
    Ok(found)
}

fn collect_dependencies(manifest: &str, tables: &DeTable<'_>, found: &mut Vec<Dependency>) {
    for (name, value) in tables {
        let Some(table) = value.get_ref().as_table() else { continue };
        match name.get_ref().as_ref() {
            "dependencies" | "build-dependencies" => {
                found.extend(read_entries(manifest, table, DependencyKind::Normal))
            }
            "dev-dependencies" => found.extend(read_entries(manifest, table, DependencyKind::Dev)),
            "target" => {
                for platform in table.values().filter_map(|it| it.get_ref().as_table()) {
                    collect_dependencies(manifest, platform, found);
                }
            }
            _ => {}
        }
    }
}

fn read_entries(
    manifest: &str,
    table: &DeTable<'_>,
    kind: DependencyKind,
) -> impl Iterator<Item = Dependency> {
    table.iter().map(move |(key, value)| Dependency {
        // A renamed dependency has its true name in `package`; the rules are about that one.
        name: table_entry(value, "package").and_then(DeValue::as_str).unwrap_or(key.get_ref()).to_owned(),
        kind,
        optional: table_entry(value, "optional").and_then(DeValue::as_bool).unwrap_or(false),
        line: line_at(manifest, key.span().start),
    })
}

fn table_entry<'v, 'i>(value: &'v Spanned<DeValue<'i>>, name: &str) -> Option<&'v DeValue<'i>> {
    Some(value.get_ref().as_table()?.get(name)?.get_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_read_with_its_lines() {
        let manifest = r#"
[dependencies]
a.workspace = true
b = { version = "1", optional = true, package = "bee" }
[dev-dependencies.c]
workspace = true
[target.'cfg(unix)'.build-dependencies]
d = "1"
"#;
        let found: Vec<_> = parse_dependencies(manifest)
            .unwrap()
            .into_iter()
            .map(|it| (it.name, it.kind, it.optional, it.line))
            .collect();
        assert_eq!(
            found,
            [
                ("a".into(), DependencyKind::Normal, false, 3),
                ("bee".into(), DependencyKind::Normal, true, 4),
                ("c".into(), DependencyKind::Dev, false, 5),
                ("d".into(), DependencyKind::Normal, false, 8),
            ]
        );
    }
}
