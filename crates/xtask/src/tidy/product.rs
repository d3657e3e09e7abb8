//! Which lines are product code: neither a test, nor a tool for tests or developers.

use super::{FileTree, numbered_lines};

/// Crates that only tests and developers use.
const TOOLS: &[&str] = &["bench", "port-contracts", "simulator", "test-servers", "xtask"];
/// Folders that only tests use.
const FOLDERS: &[&str] = &["benches", "examples", "fuzz", "testing", "tests"];
/// Files that only tests use, or that are written as a tool wants them.
const FILES: &[&str] = &["build.rs", "schema.rs", "test.rs", "testing.rs", "tests.rs"];

/// A line of product code: its number from 1, and its text.
pub(super) type Line<'t> = (usize, &'t str);

/// The product sources of every crate: their paths, and their lines but for those of tests.
pub(super) fn product_sources(tree: &FileTree) -> impl Iterator<Item = (&str, Vec<Line<'_>>)> {
    tree.sources().filter(|(path, _)| is_product(path)).map(|(path, text)| (path, without_tests(text)))
}

fn is_product(path: &str) -> bool {
    let mut parts: Vec<&str> = path.split('/').skip(1).collect();
    let file = parts.pop().unwrap_or_default();
    !FILES.contains(&file)
        && !parts.first().is_some_and(|name| TOOLS.contains(name))
        && !parts.iter().any(|folder| FOLDERS.contains(folder))
}

/// The lines but for the items under `#[cfg(test)]`. An item ends where `rustfmt` puts the end of it: with a line that has
/// its indentation and closes it.
fn without_tests(text: &str) -> Vec<Line<'_>> {
    let mut kept = Vec::new();
    let mut lines = numbered_lines(text);
    while let Some((number, line)) = lines.next() {
        if line.trim_start().starts_with("#[cfg(test)]") {
            let indent = indentation(line);
            let ends = |line: &str| {
                indentation(line) == indent
                    && !line.trim_start().starts_with("#[")
                    && (line.ends_with(';') || line.ends_with('}') || line.ends_with(','))
            };
            lines.find(|(_, line)| ends(line));
        } else {
            kept.push((number, line));
        }
    }
    kept
}

/// How many spaces stand before the line.
pub(super) fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_and_tests_are_no_product() {
        for path in [
            "crates/xtask/src/main.rs",
            "crates/api/tests/http/main.rs",
            "crates/api/src/wiring/tests.rs",
            "crates/application/src/testing/state.rs",
            "crates/sql/schema.rs",
        ] {
            assert!(!is_product(path), "{path}");
        }
        assert!(is_product("crates/api/src/http.rs") && is_product("crates/sql/commit.rs"));
    }

    #[test]
    fn an_item_of_the_tests_is_cut_and_what_follows_is_not() {
        let text = "a\n#[cfg(test)]\nmod tests;\nb\n#[cfg(test)]\n#[path = \"x.rs\"]\nfn f(\n    c: u8,\n) {\n    g();\n}\nh\n";
        let kept: Vec<_> = without_tests(text).into_iter().map(|(_, line)| line).collect();
        assert_eq!(kept, ["a", "b", "h"]);
        let nested = "impl A {\n    #[cfg(test)]\n    fn f() {\n        g();\n    }\n    fn h() {}\n}\n";
        let kept: Vec<_> = without_tests(nested).into_iter().map(|(number, _)| number).collect();
        assert_eq!(kept, [1, 6, 7]);
    }
}
