//! Checks that no source is longer than a reader can keep in mind.

use super::{Fault, FileTree};

const LINES_MAX: usize = 400;
/// The file that only chooses a command, and so has a lower limit.
const MAIN: &str = "crates/api/src/main.rs";
const MAIN_LINES_MAX: usize = 40;
/// The files that may be longer, each with the reason.
const LONGER: &[(&str, &str)] = &[];

pub(super) fn check(tree: &FileTree) -> Vec<Fault> {
    let excused = |path: &str| LONGER.iter().any(|(longer, _reason)| *longer == path);
    tree.sources()
        .filter(|(path, _)| !excused(path))
        .filter_map(|(path, text)| {
            let lines_max = if path == MAIN { MAIN_LINES_MAX } else { LINES_MAX };
            let lines = text.lines().count();
            let what =
                || Fault::new(path, lines_max + 1, format!("{lines} lines, at most {lines_max} are allowed"));
            (lines > lines_max).then(what)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(path: &str, lines: usize) -> Vec<String> {
        check(&FileTree::from_files([(path, "//\n".repeat(lines).as_str())]))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_source_of_401_lines_is_a_fault() {
        assert_eq!(
            faults("crates/domain/src/money.rs", 401),
            ["crates/domain/src/money.rs:401: 401 lines, at most 400 are allowed"]
        );
        assert_eq!(faults("crates/domain/src/money.rs", 400), [""; 0]);
        assert_eq!(faults("docs/ARCHITECTURE.md", 1000), [""; 0]);
    }

    #[test]
    fn the_main_of_the_api_has_40() {
        assert_eq!(faults(MAIN, 41).len(), 1);
        assert_eq!(faults(MAIN, 40), [""; 0]);
    }
}
