//! Checks that every page about a problem describes one that the service can return.
//!
//! That every problem has its page is tested inside `api`, where the list of problems is a value.

use super::{Fault, FileTree};

/// The page that lists the others.
const INDEX: &str = "README";

pub(super) fn check(tree: &FileTree) -> Vec<Fault> {
    let named =
        |slug: &str| tree.texts_in("crates/api/src/").any(|(_, text)| text.contains(&format!("\"{slug}\"")));
    tree.texts_in("docs/problems/")
        .filter_map(|(path, _)| Some((path, path.strip_prefix("docs/problems/")?.strip_suffix(".md")?)))
        .filter(|(_, slug)| *slug != INDEX && !named(slug))
        .map(|(path, slug)| Fault::new(path, 1, format!("no source of `api` names the problem \"{slug}\"")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_its_problem_is_a_fault() {
        let tree = FileTree::from_files([
            ("docs/problems/README.md", ""),
            ("docs/problems/not-found.md", ""),
            ("docs/problems/stale.md", ""),
            ("crates/api/src/http/problem.rs", "const NOT_FOUND: &str = \"not-found\"; // not stale"),
        ]);
        let faults: Vec<_> = check(&tree).iter().map(ToString::to_string).collect();
        assert_eq!(faults, ["docs/problems/stale.md:1: no source of `api` names the problem \"stale\""]);
    }
}
