//! `cargo xtask tidy`: checks the rules of this repository that no compiler knows.

mod attributes;
mod claims;
mod cycles;
mod edges;
mod lengths;
mod links;
mod manifest;
mod markdown;
mod problems;
mod product;
mod ratchet;
mod readme;
mod tree;
mod wiring;
mod words;

use std::fmt::{self, Display};
use std::io::{self, Write};
use std::path::Path;

use tree::FileTree;

const CHECKS: &[fn(&FileTree) -> Vec<Fault>] = &[
    attributes::check,
    claims::check,
    cycles::check,
    edges::check,
    lengths::check,
    links::check,
    problems::check,
    ratchet::check,
    readme::check,
    wiring::check,
    words::check,
];

/// Prints every fault in the repository at `root`. True if there is none.
pub(crate) fn run(root: &Path) -> io::Result<bool> {
    let tree = FileTree::from_repository(root)?;
    let mut faults: Vec<Fault> = CHECKS.iter().flat_map(|check| check(&tree)).collect();
    faults.sort();
    let mut out = io::stdout().lock();
    for fault in &faults {
        writeln!(out, "{fault}")?;
    }
    match faults.len() {
        0 => writeln!(out, "tidy: {} files, no faults", tree.len())?,
        count => writeln!(out, "tidy: {} files, faults: {count}", tree.len())?,
    }
    Ok(faults.is_empty())
}

/// Prints every place that the ratchet counts.
pub(crate) fn list(root: &Path) -> io::Result<bool> {
    let tree = FileTree::from_repository(root)?;
    let mut out = io::stdout().lock();
    for place in ratchet::list(&tree) {
        writeln!(out, "{place}")?;
    }
    Ok(true)
}

/// A violation of a rule, with its path and line.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fault {
    path: String,
    line: usize,
    what: String,
}

impl Fault {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.into(), line, what: what.into() }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// The lines of a text, numbered from 1.
fn numbered_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(before, line)| (before + 1, line))
}

/// The number, from 1, of the line that contains the byte `offset` of `text`.
fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
