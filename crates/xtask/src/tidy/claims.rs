//! Checks that every test exists that a page names as the proof of a promise.

use std::collections::HashSet;

use super::{Fault, FileTree, numbered_lines};

/// The pages whose tables name tests.
const PAGES: &[&str] = &["README.md", "docs/README.zh-CN.md", "docs/guarantees.md", "docs/lessons.md"];
/// Fewest underscores in the name of a test. A name with fewer is taken for another word of the program.
const UNDERSCORES_MIN: usize = 3;

pub(super) fn check(tree: &FileTree) -> Vec<Fault> {
    let functions: HashSet<&str> = tree.sources().flat_map(|(_, text)| function_names(text)).collect();
    let mut faults = Vec::new();
    for (path, text) in PAGES.iter().filter_map(|path| Some((*path, tree.text(path)?))) {
        for (line, row) in numbered_lines(text).filter(|(_, line)| line.starts_with('|')) {
            let unknown = test_names(row).filter(|name| !functions.contains(name));
            faults.extend(unknown.map(|name| Fault::new(path, line, format!("there is no test `{name}`"))));
        }
    }
    faults
}

fn function_names(source: &str) -> impl Iterator<Item = &str> {
    source.split("fn ").skip(1).filter_map(|rest| rest.split(|it: char| !is_of_name(it)).next())
}

/// The names between backticks that look like a test's.
fn test_names(row: &str) -> impl Iterator<Item = &str> {
    let quoted = row.split('`').skip(1).step_by(2);
    quoted.filter(|it| it.chars().all(is_of_name) && it.matches('_').count() >= UNDERSCORES_MIN)
}

fn is_of_name(char: char) -> bool {
    char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_is_named_and_not_there_is_a_fault() {
        let tree = FileTree::from_files([
            (
                "README.md",
                "`not_in_a_table`\n| x | `a_test_that_is_here`, `a_test_that_is_gone`, `idem_http_requests` |",
            ),
            ("crates/api/tests/a.rs", "async fn a_test_that_is_here() {}"),
        ]);
        let faults: Vec<_> = check(&tree).iter().map(ToString::to_string).collect();
        assert_eq!(faults, ["README.md:2: there is no test `a_test_that_is_gone`"]);
    }
}
