//! `cargo xtask test`: every test there is.

use std::io;
use std::path::Path;

use crate::cargo;

/// Runs every step even when an earlier one failed, so that one run tells all there is to mend.
pub(crate) fn run(root: &Path, extra: &[String]) -> io::Result<bool> {
    let mut passed = true;
    for step in steps(cargo::has(root, "nextest")?, extra) {
        passed &= cargo::run(root, &step)?;
    }
    Ok(passed)
}

/// The cargo commands to run, the one with the summary last.
///
/// nextest runs no doctests, so they get a step of their own; but `extra` is for the runner, and whoever gives any
/// is after particular tests.
fn steps(nextest: bool, extra: &[String]) -> Vec<Vec<&str>> {
    let mut steps = Vec::new();
    if nextest && extra.is_empty() {
        steps.push(vec!["test", "--doc", "--workspace", "--no-fail-fast"]);
    }
    let mut runner = if nextest { vec!["nextest", "run"] } else { vec!["test"] };
    runner.push("--no-fail-fast");
    if !extra.iter().any(|arg| arg.starts_with("-p") || arg.starts_with("--package")) {
        runner.push("--workspace");
    }
    runner.extend(extra.iter().map(String::as_str));
    steps.push(runner);
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(nextest: bool, extra: &[&str]) -> Vec<String> {
        let extra: Vec<String> = extra.iter().map(ToString::to_string).collect();
        steps(nextest, &extra).iter().map(|step| step.join(" ")).collect()
    }

    #[test]
    fn with_nextest_the_doctests_come_first() {
        assert_eq!(
            commands(true, &[]),
            ["test --doc --workspace --no-fail-fast", "nextest run --no-fail-fast --workspace"]
        );
    }

    #[test]
    fn without_nextest_cargo_runs_both() {
        assert_eq!(commands(false, &[]), ["test --no-fail-fast --workspace"]);
    }

    #[test]
    fn extra_arguments_go_to_the_runner() {
        assert_eq!(commands(true, &["stale"]), ["nextest run --no-fail-fast --workspace stale"]);
        assert_eq!(commands(false, &["-p", "domain"]), ["test --no-fail-fast -p domain"]);
    }
}
