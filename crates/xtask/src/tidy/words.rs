//! Checks that no text contains paths of a developer's machine or marks of unfinished work.

use super::{Fault, FileTree, numbered_lines};

const MACHINE_PATHS: &[&str] = &["/root/", "/home/"];
const MARKERS: &[&str] = &["TODO", "FIXME", "XXX"];
const MACROS: &[&str] = &["todo!", "unimplemented!"];

pub(super) fn check(tree: &FileTree) -> Vec<Fault> {
    // This file is left out, because it contains the words that it forbids.
    let texts = tree.texts().filter(|(path, _)| *path != file!());
    let lines =
        texts.flat_map(|(path, text)| numbered_lines(text).map(move |(line, words)| (path, line, words)));
    lines
        .flat_map(|(path, line, words)| {
            forbidden_words(words)
                .map(move |word| Fault::new(path, line, format!("`{word}` must not stand here")))
        })
        .collect()
}

fn forbidden_words(line: &str) -> impl Iterator<Item = &'static str> {
    let paths = MACHINE_PATHS.iter().filter(|path| begins_a_path(line, path));
    let markers = MARKERS.iter().filter(|marker| words(line).any(|word| word == **marker));
    let macros = MACROS.iter().filter(|name| line.contains(**name));
    paths.chain(markers).chain(macros).copied()
}

/// Whether `path` stands in `line` as an absolute path: `docs/home/` is a folder of the repository.
fn begins_a_path(line: &str, path: &str) -> bool {
    let inner = |before: char| before.is_alphanumeric() || "._-})*".contains(before);
    line.match_indices(path).any(|(at, _)| !line.get(..at).is_some_and(|before| before.ends_with(inner)))
}

/// The words of a line. Quotes belong to a word: `"XXX"` is the ISO 4217 code for no currency, not a mark.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '"' | '\'' | '`')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        check(&FileTree::from_files([("docs/a.md", text)])).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_path_of_a_machine_is_a_fault() {
        assert_eq!(of("fine\ncd /home/me/idem"), ["docs/a.md:2: `/home/` must not stand here"]);
        assert_eq!(of("see docs/root/plan.md and https://example.org/home/x"), [""; 0]);
    }

    #[test]
    fn a_mark_of_unfinished_work_is_a_fault() {
        assert_eq!(of("// TODO: later"), ["docs/a.md:1: `TODO` must not stand here"]);
        assert_eq!(of("(FIXME)").len(), 1);
        assert_eq!(of("    unimplemented!()").len(), 1);
        assert_eq!(of("currency \"XXX\" or 'XXX', mktemp tmp.XXXXXX, the lint `todo`"), [""; 0]);
    }
}
