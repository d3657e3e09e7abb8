//! Checks that every relative link between pages has a target.

use super::{Fault, FileTree, markdown};

pub(super) fn check(tree: &FileTree) -> Vec<Fault> {
    let docs = tree.texts_in("docs/").filter(|(path, _)| path.ends_with(".md"));
    let pages = docs.chain(tree.text("README.md").map(|text| ("README.md", text)));
    pages
        .flat_map(|(page, text)| {
            markdown::links(text).filter_map(|(line, link)| dead_link(tree, page, line, &link))
        })
        .collect()
}

fn dead_link(tree: &FileTree, page: &str, line: usize, link: &str) -> Option<Fault> {
    let target = link.split(['#', '?']).next().filter(|target| is_relative(target))?;
    let found = resolve_path(page, target).is_some_and(|path| tree.contains_path(&path));
    (!found).then(|| Fault::new(page, line, format!("`{target}` leads nowhere")))
}

/// Whether a link is relative: it has no scheme, does not begin at a server's root, and names a file.
fn is_relative(target: &str) -> bool {
    !target.is_empty() && !target.starts_with('/') && !target.contains(':')
}

/// The path from the root of the repository for the link `target` on `page`; none if it is outside.
fn resolve_path(page: &str, target: &str) -> Option<String> {
    let mut path: Vec<&str> = page.split('/').collect();
    path.pop();
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                path.pop()?;
            }
            name => path.push(name),
        }
    }
    Some(path.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(page: &str, text: &str) -> Vec<String> {
        let tree = FileTree::from_files([
            (page, text),
            ("docs/adr/0001-sqlite.md", ""),
            ("deploy/compose.yaml", ""),
        ]);
        check(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_relative_link_to_nothing_is_a_fault() {
        assert_eq!(
            of("README.md", "\n[gone](docs/gone.md#part)"),
            ["README.md:2: `docs/gone.md` leads nowhere"]
        );
        assert_eq!(of("docs/adr/0002.md", "[a](adr/0001-sqlite.md)").len(), 1);
        assert_eq!(of("docs/a.md", "[a](../../deploy)").len(), 1);
    }

    #[test]
    fn files_folders_anchors_and_other_places_are_none() {
        let text =
            "[a](adr/0001-sqlite.md#why) [b](../deploy/) [c](#here) [d](/docs) [e](https://example.org/x)";
        assert_eq!(of("docs/a.md", text), [""; 0]);
    }
}
