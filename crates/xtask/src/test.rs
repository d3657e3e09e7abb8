//! `cargo xtask test`: every test there is.

use std::io;
use std::path::Path;

use crate::cargo;

/// Runs the tests; the arguments go to the runner. It is cargo's own: all tests of a binary run in one process, so that
/// they can share servers that take longer to start than a test takes.
pub(crate) fn run(root: &Path, extra: &[String]) -> io::Result<bool> {
    cargo::run(root, &step(extra))
}

fn step(extra: &[String]) -> Vec<&str> {
    let mut step = vec!["test", "--no-fail-fast"];
    if !extra.iter().any(|arg| arg.starts_with("-p") || arg.starts_with("--package")) {
        step.push("--workspace");
    }
    step.extend(extra.iter().map(String::as_str));
    step
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(extra: &[&str]) -> String {
        step(&extra.iter().map(ToString::to_string).collect::<Vec<_>>()).join(" ")
    }

    #[test]
    fn everything_is_tested_unless_somebody_asks_for_less() {
        assert_eq!(command(&[]), "test --no-fail-fast --workspace");
        assert_eq!(command(&["stale"]), "test --no-fail-fast --workspace stale");
        assert_eq!(command(&["-p", "domain"]), "test --no-fail-fast -p domain");
    }
}
