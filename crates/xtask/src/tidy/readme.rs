//! Checks that the README begins with two commands to copy: one runs the service, the next one tests it.

use super::{Fault, FileTree, markdown, numbered_lines};

const README: &str = "README.md";
const CI: &str = ".ci/run";
const RUN: &str = "cargo run";
const TEST: &str = "cargo xtask test";

pub(super) fn check(tree: &FileTree) -> Vec<Fault> {
    let Some(readme) = tree.text(README) else { return Vec::new() };
    let mut blocks = markdown::shell_blocks(readme);
    let ran = check_block(blocks.next(), "first", RUN);
    let tested = check_block(blocks.next(), "second", TEST);
    [ran, tested, check_ci(tree)].into_iter().flatten().collect()
}

/// A fault unless `block` holds a command that begins with `command`.
fn check_block(block: Option<(usize, Vec<&str>)>, which: &str, command: &str) -> Option<Fault> {
    let (line, commands) = block.unwrap_or((1, Vec::new()));
    let what = || Fault::new(README, line, format!("the {which} shell block must have `{command}`"));
    (!commands.iter().any(|it| it.starts_with(command))).then(what)
}

/// A fault unless the CI runs exactly the test command of the README.
fn check_ci(tree: &FileTree) -> Option<Fault> {
    let runs = |script| numbered_lines(script).any(|(_, line)| line.trim() == TEST);
    (!tree.text(CI).is_some_and(runs))
        .then(|| Fault::new(CI, 1, format!("the README's `{TEST}` must be run")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# Idem\n```sh\ncargo run\n```\nTests:\n```sh\ncargo xtask test\n```\n";

    fn of(readme: &str, ci: &str) -> Vec<String> {
        check(&FileTree::from_files([(README, readme), (CI, ci)])).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn without_a_readme_or_with_a_good_one_there_is_no_fault() {
        assert_eq!(check(&FileTree::from_files([])), []);
        assert_eq!(of(GOOD, "set -e\ncargo xtask test\n"), [""; 0]);
    }

    #[test]
    fn the_commands_must_come_in_order() {
        let turned = "```sh\ncargo xtask test\n```\n```sh\ncargo run\n```\n";
        assert_eq!(
            of(turned, "cargo xtask test\n"),
            [
                "README.md:1: the first shell block must have `cargo run`",
                "README.md:4: the second shell block must have `cargo xtask test`"
            ]
        );
        assert_eq!(of("", "cargo xtask test\n").len(), 2);
    }

    #[test]
    fn a_ci_that_tests_otherwise_is_a_fault() {
        assert_eq!(
            of(GOOD, "# cargo xtask test\n"),
            [".ci/run:1: the README's `cargo xtask test` must be run"]
        );
    }
}
