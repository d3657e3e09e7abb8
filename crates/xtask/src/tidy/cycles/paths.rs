//! The paths in a source that begin at the crate, at the module itself or above it.

use crate::tidy::{line_at, product::Line};

const STARTS: &[&str] = &["crate::", "self::", "super::"];

/// Every such path as its names, with the line where it begins. A group such as `crate::{a, b::C}` is several.
pub(super) fn paths(lines: &[Line<'_>]) -> Vec<(usize, Vec<String>)> {
    let text = lines.iter().map(|(_, line)| without_comment(line)).collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = next_start(&text, at) {
        let mut reader = Reader { rest: text.get(start..).unwrap_or_default() };
        let mut paths = Vec::new();
        reader.read_tree(&mut Vec::new(), &mut paths);
        let line = lines.get(line_at(&text, start) - 1).map_or(1, |(number, _)| *number);
        found.extend(paths.into_iter().map(|path| (line, path)));
        at = text.len() - reader.rest.len();
    }
    found
}

/// A `//` in a text cuts that too: no path that matters stands behind one.
fn without_comment(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// Where the first path after `from` begins.
fn next_start(text: &str, from: usize) -> Option<usize> {
    let begins_a_word = |at: usize| !text.get(..at).is_some_and(|before| before.ends_with(is_of_name));
    let next = |start: &&str| {
        let found = text.get(from..)?.match_indices(*start).map(|(at, _)| from + at);
        found.filter(|at| begins_a_word(*at) && !text.get(..*at).is_some_and(|it| it.ends_with("::"))).min()
    };
    STARTS.iter().filter_map(next).min()
}

fn is_of_name(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

/// Reads one path and leaves what follows it.
struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    /// Reads names until the path ends, or branches: then every branch is a path of its own.
    fn read_tree(&mut self, before: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
        let depth = before.len();
        loop {
            self.rest = self.rest.trim_start();
            let end = self.rest.find(|char| !is_of_name(char)).unwrap_or(self.rest.len());
            let (name, rest) = self.rest.split_at(end);
            if !name.is_empty() {
                before.push(name.to_owned());
            }
            self.rest = rest;
            let Some(rest) = self.rest.strip_prefix("::") else { break };
            self.rest = rest;
            if let Some(rest) = self.rest.strip_prefix('{') {
                self.rest = rest;
                self.read_branches(before, paths);
                before.truncate(depth);
                return;
            }
            if !self.rest.starts_with(is_of_name) {
                break;
            }
        }
        paths.push(before.clone());
        before.truncate(depth);
    }

    fn read_branches(&mut self, before: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
        loop {
            self.read_tree(before, paths);
            // Past a new name, as in `a as b`, to the next branch.
            let Some(end) = self.rest.find([',', '}']) else { return };
            let (branch, rest) = self.rest.split_at(end);
            self.rest = rest.get(1..).unwrap_or_default();
            if rest.starts_with('}') || branch.contains(';') {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        let lines: Vec<Line<'_>> = text.lines().enumerate().map(|(at, line)| (at + 1, line)).collect();
        paths(&lines).into_iter().map(|(line, path)| format!("{line} {}", path.join("::"))).collect()
    }

    #[test]
    fn a_path_is_read_wherever_it_stands() {
        assert_eq!(
            of("use crate::a::B;\nfn f(x: super::C) { super::super::d::<u8>() }"),
            ["1 crate::a::B", "2 super::C", "2 super::super::d"]
        );
        assert_eq!(of("use other_crate::a; // crate::b\nuse std::fmt::{self, Display};"), [""; 0]);
    }

    #[test]
    fn a_group_is_every_path_in_it() {
        assert_eq!(
            of("use crate::{\n    a::{self, B as Other, c::*},\n    d,\n};\nuse super::E;"),
            ["1 crate::a::self", "1 crate::a::B", "1 crate::a::c", "1 crate::d", "1 crate", "5 super::E"]
        );
    }
}
